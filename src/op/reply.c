#include "anze/op/reply.h"
#include "anze/base/attributes.h"

#include <assert.h>

void reply_add(struct reply *reply, struct slice part)
{
    assert(reply->n_parts < ARRAY_LENGTH(reply->parts));
    reply->parts[reply->n_parts++] = part;
}
