#ifndef ANZE_WORK_WORKER_H
#define ANZE_WORK_WORKER_H

#include "anze/base/arena.h"
#include "anze/base/slice.h"
#include <stdbool.h>
#include <stdint.h>

/* A background worker: a thread with a database connection of its own (the service's login is enough) that does its
 * rounds, one statement at a time, in every replica. What it may do is decided by functions of the database; whatever
 * a round does is whole transactions, so that it may be killed at any point. While the database is away it tries
 * again quietly: the log says once that it is away ("<name>-away") and once that it is back ("<name>-back"). */
struct worker;

/* One round. False: the connection is of no use any more; it is given up, and the next round begins with a new one. */
typedef bool worker_round(struct worker *worker, void *context);

struct worker_job {
    const char *name; /* in the log and as the connection's application_name; static */
    worker_round *round;
    void *context;
    int interval_ms;  /* between two rounds */
    /* NULL, or a channel on whose notifications the next round begins at once; those of the worker's own session do not
     * count. Some may be lost with a connection, so that each new one begins with a round. A commit that notifies waits
     * for every other that does: what happens often is better found by rounds alone. */
    const char *channel;
};

struct worker *worker_new(const char *url, const struct worker_job *job) NODISCARD RETURNS_NONNULL;
void worker_start(struct worker *worker); /* its thread; without it the caller's own thread does the work */
void worker_stop(struct worker *worker);  /* within about two seconds, and frees it; NULL is accepted */

/* For rounds, or for a caller whose worker was not started. */
bool worker_connect(struct worker *worker) NODISCARD; /* true at once when there is a connection */
bool worker_is_stopping(struct worker *worker);
const char *worker_trouble(struct worker *worker); /* what the connection complained of last */

/* One statement with text parameters and a binary answer, hung on the arena. NULL: it failed, for whatever reason,
 * took too long, or the worker is being stopped. */
struct worker_rows;
const struct worker_rows *worker_ask(struct worker *worker, struct arena *arena, const char *sql, int n,
                                     const char *const *values) NODISCARD;
/* Ends a transaction. False: it did not, or what it did was rolled back. */
bool worker_commit(struct worker *worker) NODISCARD;

int worker_count(const struct worker_rows *rows);
struct slice worker_bytes(const struct worker_rows *rows, int row, int column); /* bytes NULL: SQL NULL */
int64_t worker_integer(const struct worker_rows *rows, int row, int column);    /* of a bigint */

#endif
