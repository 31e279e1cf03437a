#include "pool_inside.h"
#include "anze/base/clock.h"
#include "anze/base/log.h"
#include "anze/base/metrics.h"
#include "anze/base/thread.h"

enum {
    FAILED_OPEN_US = 1000000, /* after an extra connection failed, the next is tried this much later */
    RENEW_US = 1000000        /* one statement that fails for ever does not renew everything for ever */
};

/* Who waits, on its own stack; woken alone. */
struct waiter {
    pthread_cond_t wake;
    struct connection *connection; /* handed over */
    bool may_open;                 /* or: a place, to connect oneself */
    bool is_done;
    struct waiter *next;
};

/* ---- under the mutex ---- */

void pool_count(const struct pool *pool)
{
    metrics_set(METRIC_POOL_SIZE, pool->n_open);
    metrics_set(METRIC_POOL_IDLE, pool->n_idle);
    metrics_set(METRIC_DATABASE_UP, pool->up);
}

static struct waiter *first_waiter(struct pool *pool)
{
    struct waiter *waiter = pool->first;
    if (!waiter)
        return NULL;
    pool->first = waiter->next;
    if (!pool->first)
        pool->last = &pool->first;
    metrics_add(METRIC_POOL_WAITING, -1);
    waiter->is_done = true;
    pthread_cond_signal(&waiter->wake);
    return waiter;
}

static void remove_waiter(struct pool *pool, struct waiter *gone)
{
    struct waiter **link = &pool->first;
    while (*link && *link != gone)
        link = &(*link)->next;
    if (!*link)
        return;
    *link = gone->next;
    if (!*link)
        pool->last = link;
    metrics_add(METRIC_POOL_WAITING, -1);
}

/* Nobody waits for what will not come. */
void pool_go_down(struct pool *pool)
{
    pool->up = false;
    lanes_wear_out(atomic_load(&pool->lanes));
    while (first_waiter(pool))
        ;
    pthread_cond_signal(&pool->keeper_wake);
    pool_count(pool);
}

/* The first connection may always be tried: who has none cannot wait for one. */
static bool may_try(const struct pool *pool, int n_others)
{
    return pool->up && (n_others == 0 || clock_monotonic_us() >= pool->open_after_us);
}

static void give_back_place(struct pool *pool)
{
    struct waiter *waiter = may_try(pool, pool->n_open - 1) ? first_waiter(pool) : NULL;
    if (waiter)
        waiter->may_open = true;
    else
        pool->n_open--;
    pool_count(pool);
}

/* ---- taking and giving ---- */

/* True: the caller has a connection, a place to open one, or nothing because the database is away. */
static bool take_now(struct pool *pool, struct connection **ret_connection, bool *ret_may_open)
{
    *ret_connection = NULL;
    *ret_may_open = false;
    while (pool->up && pool->n_idle && !pool->first) {
        *ret_connection = pool->idle[--pool->n_idle];
        if (connection_is_quiet(*ret_connection))
            return true;
        connection_close(*ret_connection);
        *ret_connection = NULL;
        pool->n_open--;
    }
    if (!pool->first && pool->n_open < pool->options.size && may_try(pool, pool->n_open)) {
        pool->n_open++;
        *ret_may_open = true;
    }
    return *ret_may_open || !pool->up;
}

static void wait_turn(struct pool *pool, struct waiter *waiter)
{
    struct timespec until = clock_timespec(clock_monotonic_us() + pool->options.wait_ms * INT64_C(1000));
    thread_condition(&waiter->wake);
    *pool->last = waiter;
    pool->last = &waiter->next;
    metrics_add(METRIC_POOL_WAITING, 1);
    while (!waiter->is_done)
        if (pthread_cond_timedwait(&waiter->wake, &pool->mutex, &until) && !waiter->is_done) {
            remove_waiter(pool, waiter);
            metrics_add(METRIC_POOL_TIMEOUTS, 1);
            break;
        }
    pthread_cond_destroy(&waiter->wake);
}

bool pool_is_up(struct pool *pool)
{
    pthread_mutex_lock(&pool->mutex);
    bool up = pool->up;
    pthread_mutex_unlock(&pool->mutex);
    return up;
}

static struct connection *refuse_take(struct arena *arena, bool up, struct problem *problem)
{
    problem->retry_after_s = 1;
    problem->cause = up ? "every database connection is in use" : "the database is away";
    (void)problem_raise(arena, problem, PROBLEM_UNAVAILABLE, "服务暂时不可用，请稍后重试",
                        "The service is not available now: try again later");
    return NULL;
}

void pool_tell(struct pool *pool, enum pool_news news, const struct dial_fault *fault)
{
    static const struct {
        enum log_level level;
        const char *event;
    } events[] = { [NEWS_UP] = { LOG_INFO_LEVEL, "database-up" },
                   [NEWS_SHORT] = { LOG_WARNING_LEVEL, "database-connect-failed" },
                   [NEWS_AWAY] = { LOG_WARNING_LEVEL, "database-away" } };
    const char *state = fault ? fault->sqlstate : "";
    pthread_mutex_lock(&pool->mutex);
    bool is_news = pool->told != news || strcmp(pool->told_state, state) != 0;
    pool->told = news;
    memcpy(pool->told_state, state, strlen(state) + 1);
    pthread_mutex_unlock(&pool->mutex);
    if (is_news && fault)
        log_event_text(events[news].level, events[news].event, "cause", fault->text);
    else if (is_news)
        log_event(events[news].level, events[news].event, NULL);
}

/* A connection that fails while others work takes nothing from them; only the last one takes the pool down. */
static void note_failed_open(struct pool *pool, const struct dial_fault *fault)
{
    pthread_mutex_lock(&pool->mutex);
    pool->open_after_us = clock_monotonic_us() + FAILED_OPEN_US;
    give_back_place(pool);
    bool is_last = pool->n_open == 0;
    if (is_last)
        pool_go_down(pool);
    pthread_mutex_unlock(&pool->mutex);
    pool_tell(pool, is_last ? NEWS_AWAY : NEWS_SHORT, fault);
}

static struct connection *open_in_place(struct pool *pool)
{
    struct dial_fault fault;
    struct connection *connection = pool_connect(pool, &fault);
    if (connection)
        pool_tell(pool, NEWS_UP, NULL);
    else
        note_failed_open(pool, &fault);
    return connection;
}

static bool take_turn(struct pool *pool, struct waiter *waiter)
{
    pthread_mutex_lock(&pool->mutex);
    if (!take_now(pool, &waiter->connection, &waiter->may_open))
        wait_turn(pool, waiter);
    bool up = pool->up;
    metrics_set(METRIC_POOL_IDLE, pool->n_idle);
    pthread_mutex_unlock(&pool->mutex);
    return up;
}

/* Who could not open a further connection waits for one that works, once. */
struct connection *pool_take(struct pool *pool, struct arena *arena, struct problem *problem)
{
    bool up = true;
    for (int tries = 2; up && tries; tries--) {
        struct waiter waiter = { .next = NULL };
        up = take_turn(pool, &waiter);
        if (waiter.may_open)
            waiter.connection = open_in_place(pool);
        if (waiter.connection)
            return waiter.connection;
        if (!waiter.may_open)
            break;
    }
    return refuse_take(arena, up && pool_is_up(pool), problem);
}

static bool is_session_stale(const struct pool *pool, const struct connection *connection)
{
    return connection_opened_us(connection) < pool->stale_before_us;
}

void pool_give(struct pool *pool, struct connection *connection)
{
    pthread_mutex_lock(&pool->mutex);
    if (is_session_stale(pool, connection)) {
        pthread_mutex_unlock(&pool->mutex);
        pool_drop(pool, connection);
        return;
    }
    bool is_kept = pool->up && !pool->closing && pool->n_open <= pool->options.size;
    struct waiter *waiter = is_kept ? first_waiter(pool) : NULL;
    if (waiter)
        waiter->connection = connection;
    else if (is_kept)
        pool->idle[pool->n_idle++] = connection;
    else
        pool->n_open--;
    pool_count(pool);
    pthread_mutex_unlock(&pool->mutex);
    if (!is_kept)
        connection_close(connection);
}

void pool_drop(struct pool *pool, struct connection *connection)
{
    connection_close(connection);
    pthread_mutex_lock(&pool->mutex);
    give_back_place(pool);
    pthread_mutex_unlock(&pool->mutex);
}

void pool_renew_all(struct pool *pool)
{
    pthread_mutex_lock(&pool->mutex);
    int64_t now_us = clock_monotonic_us();
    bool is_due = now_us - pool->stale_before_us >= RENEW_US;
    if (is_due) {
        pool->stale_before_us = now_us;
        lanes_wear_out(atomic_load(&pool->lanes));
    }
    while (is_due && pool->n_idle) {
        connection_close(pool->idle[--pool->n_idle]);
        pool->n_open--;
    }
    pool_count(pool);
    pthread_mutex_unlock(&pool->mutex);
}

struct connection *pool_renew(struct pool *pool, struct connection *connection, struct arena *arena,
                              struct problem *problem)
{
    connection_close(connection);
    pool_renew_all(pool);
    connection = open_in_place(pool);
    return connection ? connection : refuse_take(arena, pool_is_up(pool), problem);
}

int pool_statement_timeout_ms(const struct pool *pool)
{
    return pool->options.statement_timeout_ms;
}

bool pool_constraint_text(const void *context, const char *table, const char *constraint,
                          struct constraint_text *ret_text)
{
    struct pool *pool = (struct pool *)context;
    bool found = catalogue_find(atomic_load(&pool->catalogue), table, constraint, ret_text);
    if (!found)
        atomic_store(&pool->catalogue_wanted, true);
    return found;
}
