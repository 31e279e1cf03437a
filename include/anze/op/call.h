#ifndef ANZE_OP_CALL_H
#define ANZE_OP_CALL_H

#include "anze/auth/principal.h"
#include "anze/base/problem.h"
#include "anze/op/reply.h"
#include "anze/op/service.h"

/* One call of one operation: everything is checked and decoded when the runner gets it. */
struct call {
    const struct service *service;
    struct arena *arena;
    const struct operation *operation;
    const struct principal *principal; /* NULL for public operations */
    const char *const *parameters;     /* by position in operation->parameters; NULL when absent */
    struct slice body;                 /* validated JSON text, or raw bytes; bytes NULL when there is none */
    const char *request_id;
    const char *trace_id;
    bool dry_run;                      /* Prefer: dry-run: everything happens, then is rolled back */
    bool count;                        /* Prefer: count=exact */
    enum language language;
    enum listener listener;
    const char *media;                 /* that is asked for, one of the operation's reply_media; NULL: it has none */
    const char *target;                /* path as sent: part of the idempotency hash */
    struct problem *problem;
    struct reply *reply;
};

/* The call's value for a parameter of the contract; NULL when it is absent, or the operation has none of that name. */
const char *call_parameter(const struct call *call, enum place place, const char *name);

/* Runs the call: false means that call->problem says why. The default runner is op_query (one statement); the
 * exceptions stand in one table, op/table.c. */
typedef bool op_runner(struct call *call);

enum { OP_MAX_MORE = 3 };

struct op_binding {
    op_runner *run;
    struct statement *statement;         /* NULL when C alone answers */
    struct statement *more[OP_MAX_MORE]; /* those that its row of the table names, in that order */
};

/* That of the call's operation. */
const struct op_binding *call_binding(const struct call *call);

#endif
