#ifndef ANZE_DB_RUN_H
#define ANZE_DB_RUN_H

#include "anze/base/arena.h"
#include "anze/base/problem.h"
#include "anze/db/pool.h"
#include "anze/db/statement.h"

/* One request to the database: context, optional claim of an idempotency key, statement, in one pipeline and one
 * transaction. True means committed (or, for a dry run, rolled back on purpose).
 *
 * The caller's context is set for the transaction only, by set_config(…, true); SQL reads it through the functions
 * of schema anze (anze.actor(), anze.can_see(…)). Empty strings mean "none". */
enum db_context_field {
    DB_ACTOR,        /* anze.actor: who acts (token sub, or act.sub) */
    DB_ON_BEHALF_OF, /* anze.on_behalf_of: the sub acted for, else the unit */
    DB_CLIENT,       /* anze.client: client_id */
    DB_UNIT,         /* anze.unit: uuid of the caller's unit */
    DB_REACH,        /* anze.reach: none, unit, region */
    DB_REGION,       /* anze.region: code prefix 15, 1506, 150622, 150622101 */
    DB_SECTORS,      /* anze.sectors: {coal,traffic} as array literal; empty: every sector */
    DB_SCOPES,       /* anze.scopes: space-separated */
    DB_OPERATION,    /* anze.operation: operationId */
    DB_REQUEST,      /* anze.request: request id */
    DB_TRACE,        /* anze.trace: W3C trace id */
    DB_READ_ONLY,    /* transaction_read_only: on or off */
    DB_CONTEXT_FIELDS
};

struct db_key {          /* Idempotency-Key of this request */
    const char *key;
    const char *hash;    /* hex digest of operation, target and body */
};

struct db_request {
    const char *context[DB_CONTEXT_FIELDS];
    struct statement *statement;
    const char *const *values; /* by slot; NULL: SQL NULL */
    const struct db_key *key;  /* NULL: none */
    bool dry_run;
    struct slice bytes;        /* the value of bytes_slot, sent in binary (bytea); bytes NULL: every value is text */
    int bytes_slot;
    bool binary_reply;         /* the columns come in PostgreSQL's binary form: bytea and text as they are */
};

/* The single row of the answer; columns are found by name. Freed with the arena. */
struct db_row;
struct db_reply {
    const struct db_row *row; /* NULL: the statement returned no row */
    bool replayed;            /* the stored answer of an earlier request with the same key */
};

struct slice db_column(const struct db_row *row, const char *name); /* bytes NULL: absent or SQL NULL */

/* False: the problem says why. 40001, 40P01 and 55P03 are tried again up to 3 times; a read whose connection was lost
 * is tried once more on another; a write whose outcome is unknown is PROBLEM_OUTCOME_UNKNOWN. */
bool db_run(struct pool *pool, struct arena *arena, const struct db_request *request, struct db_reply *ret_reply,
            struct problem *problem) NODISCARD;

/* A read by a connection that others use at the same time, begun and ended on the thread of the lanes' loop. NULL: not
 * now; else `done` is called once, later, and db_take_shared says what came of it. The request stays until then. */
struct lanes;
struct db_sharing;
enum db_shared {
    DB_SHARED,   /* the reply is there */
    DB_FAILED,   /* the problem says why */
    DB_ELSEWHERE /* nothing came of it: db_run */
};
struct db_sharing *db_share(struct lanes *lanes, struct pool *pool, struct arena *arena,
                            const struct db_request *request, void (*done)(void *context), void *context) NODISCARD;
enum db_shared db_take_shared(const struct db_sharing *sharing, struct db_reply *ret_reply,
                              struct problem *problem) NODISCARD;

#endif
