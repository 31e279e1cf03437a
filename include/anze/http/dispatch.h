#ifndef ANZE_HTTP_DISPATCH_H
#define ANZE_HTTP_DISPATCH_H

#include "anze/http/client.h"
#include "anze/http/limit.h"
#include "anze/http/message.h"
#include "anze/op/service.h"

/* One request, from message to answer. Reads as the list of what happens to it. */
struct dispatcher {
    const struct service *service;
    const struct limits *limits;
    struct lanes *lanes; /* of the edge's loop; NULL: nothing is shared */
};

/* As edge.h asks: what the head decides, the rest when the body is there, or its beginning on the event thread. */
void *dispatch_head(void *dispatcher, const struct message *message, struct answer *answer);
bool dispatch_begin(void *exchange, const struct answer_wait *wait);
void dispatch_body(void *exchange);
void dispatch_close(void *dispatcher);

#endif
