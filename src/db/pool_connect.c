#include "pool_inside.h"
#include "anze/base/clock.h"
#include "anze/base/log.h"
#include "anze/base/metrics.h"
#include "anze/db/guard.h"

#include <stdio.h>

enum {
    CATALOGUE_US = 10000000, /* unknown constraint names make it read again, this often at most */
    ASK_US = 5000000
};

bool pool_read_catalogue(struct pool *pool, struct connection *connection)
{
    struct arena *arena = arena_new();
    const struct catalogue *catalogue = catalogue_read(arena, connection, clock_monotonic_us() + ASK_US);
    if (!catalogue) {
        arena_free(arena);
        return false;
    }
    pthread_mutex_lock(&pool->mutex);
    bool is_new = !catalogue_equals(atomic_load(&pool->catalogue), catalogue); /* mostly it is what it was */
    if (is_new) {
        arena_defer(pool->arena, (void (*)(void *))arena_free, arena);
        atomic_store(&pool->catalogue, catalogue);
    } else {
        arena_free(arena);
    }
    pool->catalogue_due_us = clock_monotonic_us() + CATALOGUE_US;
    pthread_mutex_unlock(&pool->mutex);
    return true;
}

/* Once per process: the login, the schema, the sentences. */
static bool inspect(struct pool *pool, struct connection *connection)
{
    const char *refusal = NULL;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    if (atomic_load(&pool->passed))
        return true;
    if (!guard_check(arena, connection, &pool->plan, clock_monotonic_us() + ASK_US, &refusal))
        return false;
    pthread_mutex_lock(&pool->mutex);
    bool is_news = refusal && (!pool->refusal || strcmp(refusal, pool->refusal) != 0);
    if (is_news || !refusal)
        pool->refusal = refusal ? arena_strdup(pool->arena, refusal) : NULL;
    pthread_mutex_unlock(&pool->mutex);
    if (is_news)
        log_event_text(LOG_ERROR_LEVEL, "database-unfit", "cause", refusal);
    if (refusal || !pool_read_catalogue(pool, connection))
        return false;
    atomic_store(&pool->passed, true);
    return true;
}

struct connection *pool_connect(struct pool *pool, struct dial_fault *ret_fault)
{
    struct connection *connection = connection_open(pool->options.url, pool->options.statement_timeout_ms, ret_fault);
    if (connection)
        metrics_add(METRIC_POOL_CONNECTS, 1);
    if (!connection || inspect(pool, connection))
        return connection;
    connection_close(connection);
    snprintf(ret_fault->text, sizeof ret_fault->text, "the database is not fit for the service");
    return NULL;
}
