#ifndef ANZE_OP_CALL_H
#define ANZE_OP_CALL_H

#include "anze/auth/principal.h"
#include "anze/base/arena.h"
#include "anze/base/config.h"
#include "anze/base/problem.h"
#include "anze/base/source.h"
#include "anze/contract/contract.h"
#include "anze/db/pool.h"
#include "anze/db/run.h"

/* What every request shares: made once by serve, read-only while requests run. */
struct service {
    const struct config *config;
    const struct contract *contract;
    struct pool *pool;
    struct verifier *verifier;
    const struct op_binding *bindings; /* by operation->index */
    const _Atomic bool *is_stopping;   /* a stop is under way: not ready any more */
};

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
    const char *target;                /* path as sent: part of the idempotency hash */
    struct problem *problem;
    struct reply *reply;
};

/* What goes back. Bytes belong to the call's arena (or to what hangs on it). */
struct reply {
    int status;                /* 0: the operation's success status */
    const char *media;         /* NULL: the operation's */
    struct slice parts[5];     /* the body, in pieces */
    size_t n_parts;
    struct body_source source; /* the body instead, when it is sent in pieces */
    const char *file_name;     /* it is to be kept under this name: Content-Disposition; or NULL */
    const char *etag;          /* without quotes, or NULL */
    const char *last_modified; /* RFC 3339 instant of the database, or NULL */
    const char *location;      /* path, made absolute by the reply; or NULL */
    const char *next;          /* cursor of the next page, or NULL */
    const char *cache_control;
    bool replayed;
};

void reply_add(struct reply *reply, struct slice part);

/* Runs the call: false means that call->problem says why. The default runner is op_query (one statement); the
 * exceptions stand in one table, op/table.c. */
typedef bool op_runner(struct call *call);

enum { OP_MAX_MORE = 3 };

struct op_binding {
    op_runner *run;
    struct statement *statement;         /* NULL when C alone answers */
    struct statement *more[OP_MAX_MORE]; /* those that its row of the table names, in that order */
};

/* Binds every operation to its statement or its C runner. An operation without either, and a statement or runner
 * without its operation, is a complaint. NULL when there are any. */
const struct op_binding *op_bind(struct arena *arena, const struct contract *contract, struct text *complaints)
    NODISCARD;

op_runner op_query;

/* Runs one statement for the call, as its caller. OP_KEYED: under the call's Idempotency-Key, and undone again when it
 * is a dry run; for the statement that does the call's work. OP_READS: in a transaction that cannot write.
 * OP_BINARY: see db_request. */
enum op_how { OP_PLAIN = 0, OP_KEYED = 1, OP_READS = 2, OP_BINARY = 4 };
bool op_run(const struct call *call, struct statement *statement, const char *const *values, unsigned how,
            struct db_reply *ret_reply) NODISCARD;

/* The row's columns as the reply: body, status, etag, location, last_modified. */
void op_reply_row(struct call *call, const struct db_row *row);
/* A column's text on the call's arena, or NULL. */
const char *op_text_of(const struct call *call, const struct db_row *row, const char *column);
/* 404: no such thing, or not the caller's to see. Always false. */
bool op_raise_absent(const struct call *call);

#endif
