#ifndef ANZE_HTTP_EXCHANGE_H
#define ANZE_HTTP_EXCHANGE_H

#include "anze/auth/principal.h"
#include "anze/contract/route.h"
#include "anze/http/limit.h"
#include "anze/http/message.h"
#include "anze/http/negotiate.h"
#include "anze/op/reply.h"
#include "anze/op/service.h"

/* Everything that is known about one request while it is handled; on the answer's arena. dispatch.c calls the files
 * behind the functions below; none of them knows it. */
struct exchange {
    const struct service *service;
    const struct limits *limits;
    struct lanes *lanes;      /* NULL: nothing is shared */
    const struct message *message;
    struct answer *answer;
    struct arena *arena;
    int64_t started_us;

    struct slice path;  /* raw target up to '?' */
    struct slice query; /* raw, after it; bytes NULL when there is none */
    enum method method;
    enum language language;
    const char *request_id;
    const char *trace_id;
    struct preferences preferences;
    struct limit_verdict limit;
    const char *limit_policy; /* whose share it is of, as RateLimit names it; NULL: of nobody's */

    struct route_match match;
    const struct principal *principal;
    const char *media; /* one of the operation's, as Accept likes it; NULL: it has none */
    const char **parameters;
    struct slice body;
    struct reply reply;
    struct problem problem;
    struct query *shared;     /* under way on shared connections */
    struct answer_wait wait;  /* who waits for it */
};

/* Header fields, body and status of the answer, from the reply or the problem. */
void exchange_reply(struct exchange *exchange);
void exchange_refuse(struct exchange *exchange);
void exchange_options(struct exchange *exchange); /* and preflights */
/* Request id and W3C trace context: taken over when well-formed, else made. */
void exchange_identify(struct exchange *exchange);

#endif
