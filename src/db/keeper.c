#include "pool_inside.h"
#include "anze/base/clock.h"
#include "anze/base/thread.h"

enum {
    LOOK_US = 250000, /* how often it looks, and tries while the database is away */
    REFUSED_LOGIN_US = 1000000
};

/* Closes the idle ones whose server has gone, and all of them before a new beginning. */
static void weed_out(struct pool *pool)
{
    int kept = 0;
    for (int i = 0; i < pool->n_idle; i++) {
        if (pool->up && connection_is_quiet(pool->idle[i])) {
            pool->idle[kept++] = pool->idle[i];
            continue;
        }
        connection_close(pool->idle[i]);
        pool->n_open--;
    }
    pool->n_idle = kept;
    pool_count(pool);
}

static void note_failure(struct pool *pool, const struct dial_fault *fault)
{
    pthread_mutex_lock(&pool->mutex);
    pool->fault = *fault;
    pool_go_down(pool);
    pthread_mutex_unlock(&pool->mutex);
    pool_tell(pool, NEWS_AWAY, fault);
}

static void note_success(struct pool *pool, struct connection *connection)
{
    pthread_mutex_lock(&pool->mutex);
    pool->up = true;
    pthread_mutex_unlock(&pool->mutex);
    pool_give(pool, connection);
    pool_tell(pool, NEWS_UP, NULL);
}

/* Keeps one connection at least; what is more opens when it is needed. Returns when to look again. */
static int64_t keep_pool(struct pool *pool)
{
    struct dial_fault fault;
    pthread_mutex_lock(&pool->mutex);
    weed_out(pool);
    bool is_needed = !pool->up || pool->n_open == 0;
    pool->n_open += is_needed;
    pthread_mutex_unlock(&pool->mutex);
    if (!is_needed)
        return LOOK_US;
    struct connection *connection = pool_connect(pool, &fault);
    if (connection) {
        note_success(pool, connection);
        return LOOK_US;
    }
    pthread_mutex_lock(&pool->mutex);
    pool->n_open--;
    bool is_refused = pool->refusal || strncmp(fault.sqlstate, "28", 2) == 0 || strncmp(fault.sqlstate, "3D", 2) == 0;
    pthread_mutex_unlock(&pool->mutex);
    note_failure(pool, &fault);
    return is_refused ? REFUSED_LOGIN_US : LOOK_US;
}

/* After a migration under the running service. */
static void refresh_catalogue(struct pool *pool)
{
    if (!atomic_load(&pool->catalogue_wanted) || clock_monotonic_us() < pool->catalogue_due_us)
        return;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    struct problem problem = { 0 };
    struct connection *connection = pool_take(pool, arena, &problem);
    if (!connection)
        return;
    if (!pool_read_catalogue(pool, connection)) {
        pool_drop(pool, connection);
        return;
    }
    atomic_store(&pool->catalogue_wanted, false);
    pool_give(pool, connection);
}

static bool sleep_until(struct pool *pool, int64_t due_us)
{
    struct timespec until = clock_timespec(due_us);
    pthread_mutex_lock(&pool->mutex);
    while (!pool->closing && clock_monotonic_us() < due_us)
        if (pthread_cond_timedwait(&pool->keeper_wake, &pool->mutex, &until))
            break;
    bool is_closing = pool->closing;
    pthread_mutex_unlock(&pool->mutex);
    return !is_closing;
}

static void *run_keeper(void *argument)
{
    struct pool *pool = argument;
    int64_t next_us = LOOK_US;
    while (sleep_until(pool, clock_monotonic_us() + next_us)) {
        pool_watch_room(pool);
        pool_ask(pool);
        next_us = keep_pool(pool);
        if (pool_is_up(pool))
            lanes_keep(atomic_load(&pool->lanes));
        refresh_catalogue(pool);
    }
    return NULL;
}

void keeper_start(struct pool *pool)
{
    (void)keep_pool(pool);
    pool_ask(pool);
    pool->keeper = thread_start(run_keeper, pool);
}
