#ifndef ANZE_HTTP_DISPATCH_H
#define ANZE_HTTP_DISPATCH_H

#include "anze/http/limit.h"
#include "anze/http/message.h"
#include "anze/op/service.h"

/* One request, from message to answer. Reads as the list of what happens to it. */
struct dispatcher {
    const struct service *service;
    struct limiter *limiter;
};

void dispatch(void *dispatcher, const struct message *message, struct answer *answer);

#endif
