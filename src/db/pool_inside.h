#ifndef ANZE_DB_POOL_INSIDE_H
#define ANZE_DB_POOL_INSIDE_H

#include "anze/db/catalogue.h"
#include "anze/db/lane.h"
#include "anze/db/lease.h"
#include "anze/db/migration.h"

#include <pthread.h>
#include <stdatomic.h>

/* SHORT: connections work, but a further one could not be opened. */
enum pool_news { NEWS_NONE, NEWS_UP, NEWS_SHORT, NEWS_AWAY };

/* What a pool is. Each file calls those above it:
 *
 *   pool_connect.c   opens one connection that is fit for the service; reads the catalogue
 *   lane.c           connections that many reads share
 *   lease.c          takes and gives
 *   pool_ask.c       asks the database for its clock, and whether it takes writes
 *   keeper.c         the thread that reaches for the database and keeps a connection
 *   pool.c           opens and closes the whole */
struct pool {
    struct pool_options options;
    struct arena *arena;
    struct migration_plan plan;
    pthread_mutex_t mutex;         /* of all down to `closing` */
    pthread_cond_t keeper_wake;
    struct connection **idle;      /* the last used on top: its caches are warm */
    int n_idle, n_open;            /* n_open counts also those in use and those being opened */
    struct waiter *first, **last;
    struct lanes *_Atomic lanes;   /* all that share connections, one for each loop */
    bool up, closing;
    const char *refusal;
    enum pool_news told;           /* what the log has, to say it once */
    char told_state[6];            /* and the SQLSTATE of it */
    int64_t open_after_us;         /* an extra connection failed: those that work must do until then */
    int64_t stale_before_us;       /* sessions opened before know the database as it was: they are renewed */
    atomic_bool passed;            /* the guard, once in this process */
    const struct catalogue *_Atomic catalogue; /* older ones, one for each change, live on: somebody may be reading */
    atomic_bool catalogue_wanted;
    int64_t catalogue_due_us;
    pthread_t keeper;
    int64_t ask_due_us;            /* these two are the keeper's */
    int64_t full_seen;             /* how often a full disk had been met when it looked last */
    _Atomic int64_t clock_off_s;   /* ours before the database's */
    _Atomic int64_t full_until_us; /* 0: no statement found the disk full of late */
    struct dial_fault fault;       /* why it is down; under the mutex */
};

/* NULL: it could not be reached, or is not fit for the service. */
struct connection *pool_connect(struct pool *pool, struct dial_fault *ret_fault) NODISCARD;
bool pool_read_catalogue(struct pool *pool, struct connection *connection) NODISCARD;

/* Logs what is new, with its cause. */
void pool_tell(struct pool *pool, enum pool_news news, const struct dial_fault *fault);

/* All sessions opened until now are renewed: idle ones at once, those in use when they come back. */
void pool_renew_all(struct pool *pool);

/* These two under the mutex. Down: whoever waits is refused, since nobody waits for what will not come. */
void pool_go_down(struct pool *pool);
void pool_count(const struct pool *pool);

/* Asks the database when it is due. One that only reads takes the pool down, which then looks for one that writes. */
void pool_ask(struct pool *pool);
/* Tells when the database's disk is full, and when it is so no more. */
void pool_watch_room(struct pool *pool);

/* Looks once, and then again and again on a thread of its own until the pool goes down for good. */
void keeper_start(struct pool *pool);

#endif
