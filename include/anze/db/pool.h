#ifndef ANZE_DB_POOL_H
#define ANZE_DB_POOL_H

#include "anze/base/attributes.h"
#include "anze/base/embedded.h"
#include "anze/base/problem.h"
#include "anze/base/text.h"
#include <stdbool.h>
#include <stdint.h>

/* The database connections of the process, shared by all request threads. db/ is the only user of libpq.
 *
 * A connection that is not provably idle is closed, never given back. While the database is away every take fails
 * at once (503, Retry-After 1), and one thread tries to reach it every 250 ms, so that recovery needs no request.
 * Waiting is first come, first served, and bounded. */
struct pool;

struct pool_options {
    const char *url;
    int size;
    int wait_ms;
    int statement_timeout_ms;
    const struct embedded_file *files; /* whose migrations the database must have; NULL: the program's own */
    size_t n_files;
};

/* Tries the database once (each host two seconds at most) and starts with it away too (readiness is then false). Ends
 * with pool_close after the listeners stopped. The strings of `options` must live as long. */
struct pool *pool_open(const struct pool_options *options) NODISCARD RETURNS_NONNULL;
void pool_close(struct pool *pool);

bool pool_is_up(struct pool *pool);

/* What readiness tells. Every two seconds the database is asked for its clock and whether it takes writes: one that
 * only reads is left at once, for another host of the URL, or until it writes. A clock that is off takes nothing down:
 * nobody knows which of the two is wrong, and requests are answered all the same. */
struct pool_state {
    bool is_up;
    const char *trouble; /* why it is not */
    bool is_full;        /* within the last ten seconds a statement found the database's disk full */
    int64_t clock_off_s; /* our clock before the database's */
};
enum { POOL_CLOCK_OFF_S = 60 };
struct pool_state pool_state(struct pool *pool, struct arena *arena);
bool pool_clock_is_off(int64_t off_s);

/* Fatal faults of the login found once connected (superuser, owner of tables, bypassrls, schema too old or too new):
 * text for the operator, or NULL. Called by serve before it listens, when the database is there. While there is one the
 * pool stays down and looks again every second; once it was passed, later migrations do not take the service away. */
const char *pool_refusal(struct pool *pool);

#endif
