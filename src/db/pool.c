#include "pool_inside.h"
#include "anze/base/thread.h"

struct pool *pool_open(const struct pool_options *options)
{
    struct arena *arena = arena_new();
    struct pool *pool = arena_new_of(arena, struct pool);
    pool->options = *options;
    pool->arena = arena;
    pool->plan = options->files ? migration_plan(arena, options->files, options->n_files)
                                : migration_plan(arena, embedded_sql, n_embedded_sql);
    pool->idle = arena_array_of(arena, struct connection *, (size_t)options->size + 1);
    pool->last = &pool->first;
    pthread_mutex_init(&pool->mutex, NULL);
    thread_condition(&pool->keeper_wake);
    keeper_start(pool);
    return pool;
}

void pool_close(struct pool *pool)
{
    pthread_mutex_lock(&pool->mutex);
    pool->closing = true;
    pool_go_down(pool);
    pthread_mutex_unlock(&pool->mutex);
    pthread_join(pool->keeper, NULL);
    for (int i = 0; i < pool->n_idle; i++)
        connection_close(pool->idle[i]);
    pthread_cond_destroy(&pool->keeper_wake);
    pthread_mutex_destroy(&pool->mutex);
    arena_free(pool->arena);
}

const char *pool_refusal(struct pool *pool)
{
    pthread_mutex_lock(&pool->mutex);
    const char *refusal = pool->refusal;
    pthread_mutex_unlock(&pool->mutex);
    return refusal;
}
