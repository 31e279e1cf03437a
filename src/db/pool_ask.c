#include "anze/base/clock.h"
#include "anze/base/log.h"
#include "anze/base/metrics.h"
#include "pool_inside.h"

#include <stdlib.h>

enum {
    ASK_EVERY_US = 2000000,
    ANSWER_US = 2000000,
    HALF_US = 500000, /* of a second */
    FULL_US = 10000000 /* so long after the last statement that found the disk full it is told */
};

static const char question[] = "select (extract(epoch from clock_timestamp()) * 1000000)::bigint,"
                               " pg_is_in_recovery() or current_setting('transaction_read_only')::boolean";

/* Ours before theirs. The answer was on its way for a while: what lies in between is no difference. */
static int64_t apart_us(int64_t theirs_us, int64_t before_us, int64_t after_us)
{
    return theirs_us < before_us ? before_us - theirs_us : theirs_us > after_us ? after_us - theirs_us : 0;
}

bool pool_clock_is_off(int64_t off_s)
{
    return off_s > POOL_CLOCK_OFF_S || off_s < -POOL_CLOCK_OFF_S;
}

static void note_clock(struct pool *pool, int64_t off_us)
{
    int64_t off_s = (off_us + (off_us < 0 ? -HALF_US : HALF_US)) / (2 * HALF_US);
    int64_t before_s = atomic_exchange(&pool->clock_off_s, off_s);
    metrics_set(METRIC_CLOCK_OFFSET, off_s);
    if (pool_clock_is_off(off_s) && !pool_clock_is_off(before_s))
        log_event(LOG_ERROR_LEVEL, "clock-off", "\"seconds\":%lld", (long long)off_s);
    if (!pool_clock_is_off(off_s) && pool_clock_is_off(before_s))
        log_event(LOG_INFO_LEVEL, "clock-right", NULL);
}

/* The keeper then reaches for a server that writes, and tells why there is none. */
static void leave_reader(struct pool *pool)
{
    pool_renew_all(pool);
    pthread_mutex_lock(&pool->mutex);
    pool_go_down(pool);
    pthread_mutex_unlock(&pool->mutex);
}

static void ask_database(struct pool *pool, struct connection *connection, struct arena *arena)
{
    int64_t before_us = clock_wall_us();
    const PGresult *answer = connection_ask(connection, arena, question, clock_monotonic_us() + ANSWER_US);
    int64_t after_us = clock_wall_us();
    if (!answer || PQntuples(answer) != 1) {
        pool_drop(pool, connection);
        return;
    }
    note_clock(pool, apart_us(strtoll(PQgetvalue(answer, 0, 0), NULL, 10), before_us, after_us));
    bool only_reads = *PQgetvalue(answer, 0, 1) == 't';
    pool_give(pool, connection);
    if (only_reads)
        leave_reader(pool);
}

void pool_ask(struct pool *pool)
{
    if (!pool_is_up(pool) || clock_monotonic_us() < pool->ask_due_us)
        return;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    struct problem problem = { 0 };
    struct connection *connection = pool_take(pool, arena, &problem);
    if (connection)
        ask_database(pool, connection, arena);
    pool->ask_due_us = clock_monotonic_us() + ASK_EVERY_US;
}

void pool_watch_room(struct pool *pool)
{
    int64_t full = metrics_get(METRIC_DATABASE_FULL), now_us = clock_monotonic_us();
    int64_t until_us = atomic_load(&pool->full_until_us);
    if (full != pool->full_seen) {
        pool->full_seen = full;
        atomic_store(&pool->full_until_us, now_us + FULL_US);
        if (!until_us)
            log_event(LOG_ERROR_LEVEL, "database-disk-full", NULL);
    } else if (until_us && now_us > until_us) {
        atomic_store(&pool->full_until_us, 0);
        log_event(LOG_INFO_LEVEL, "database-disk-room", NULL);
    }
}

struct pool_state pool_state(struct pool *pool, struct arena *arena)
{
    struct pool_state state = { .is_full = atomic_load(&pool->full_until_us),
                                .clock_off_s = atomic_load(&pool->clock_off_s) };
    pthread_mutex_lock(&pool->mutex);
    state.is_up = pool->up;
    state.trouble = arena_strdup(arena, pool->refusal ? pool->refusal : pool->fault.text);
    pthread_mutex_unlock(&pool->mutex);
    return state;
}
