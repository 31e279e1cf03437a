#include "anze/http/message.h"

#include <assert.h>
#include <strings.h>

static bool is_named(const struct header *header, const char *name, size_t length)
{
    return header->name.length == length && strncasecmp(header->name.bytes, name, length) == 0;
}

struct slice message_header(const struct message *message, const char *name)
{
    size_t length = strlen(name);
    for (size_t i = 0; i < message->n_headers; i++)
        if (is_named(&message->headers[i], name, length))
            return message->headers[i].value;
    return SLICE_NONE;
}

size_t message_header_count(const struct message *message, const char *name)
{
    size_t length = strlen(name), count = 0;
    for (size_t i = 0; i < message->n_headers; i++)
        count += is_named(&message->headers[i], name, length);
    return count;
}

void answer_header(struct answer *answer, const char *name, const char *value)
{
    assert(answer->n_headers < ANSWER_MAX_HEADERS);
    answer->headers[answer->n_headers].name = name;
    answer->headers[answer->n_headers++].value = value;
}

size_t answer_length(const struct answer *answer)
{
    size_t length = answer->source.read ? (size_t)answer->source.length : 0;
    for (size_t i = 0; i < answer->n_parts; i++)
        length += answer->parts[i].length;
    return length;
}
