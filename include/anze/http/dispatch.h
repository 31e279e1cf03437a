#ifndef ANZE_HTTP_DISPATCH_H
#define ANZE_HTTP_DISPATCH_H

#include "anze/http/client.h"
#include "anze/http/limit.h"
#include "anze/http/message.h"
#include "anze/op/service.h"

/* One request, from message to answer. Reads as the list of what happens to it. */
struct dispatcher {
    const struct service *service;
    struct limits limits;
};

/* As edge.h asks: what the head decides, and the rest when the body is there. */
void *dispatch_head(void *dispatcher, const struct message *message, struct answer *answer);
void dispatch_body(void *exchange);

#endif
