#ifndef ANZE_DB_LEASE_H
#define ANZE_DB_LEASE_H

#include "anze/db/connection.h"
#include "anze/db/lane.h"
#include "anze/db/pool.h"
#include "anze/db/sqlstate.h"

/* The pool as run.c sees it. Every connection taken is given back or dropped, whatever happens. */

/* NULL: the problem is 503 with Retry-After; the wait ends at wait_ms or at once when the database is away. */
struct connection *pool_take(struct pool *pool, struct arena *arena, struct problem *problem) NODISCARD;
void pool_give(struct pool *pool, struct connection *connection);
/* After a surprise: closed, and the place goes to the next who waits. */
void pool_drop(struct pool *pool, struct connection *connection);

/* Another session in the place of this one, which proved stale and is closed; all that were opened before now are
 * renewed with it, so that no request meets the next stale one. NULL as in pool_take. */
struct connection *pool_renew(struct pool *pool, struct connection *connection, struct arena *arena,
                              struct problem *problem) NODISCARD;

/* ---- or by a connection that others use at the same time (lane.h) */

/* Belongs to whoever travels, and stays until `done` was called: with a trip that ended as TRIP_DONE, TRIP_REFUSED or
 * TRIP_LATE, its results on the arena, or with TRIP_VOID: ask elsewhere. */
struct passenger {
    void (*done)(void *context, const struct trip *trip);
    void *context;
    const struct statement_variant *variant; /* that answers */
};

/* False: not here, not now; `done` is not called. */
bool lanes_send(struct lanes *lanes, struct arena *arena, const struct command *commands, size_t n_commands,
                struct passenger *passenger) NODISCARD;

int pool_statement_timeout_ms(const struct pool *pool);

/* A constraint_text_of with the pool as context. A name that is not known makes the pool read the comments again. */
bool pool_constraint_text(const void *pool, const char *table, const char *constraint,
                          struct constraint_text *ret_text);

#endif
