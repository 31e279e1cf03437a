#include "pool_inside.h"
#include "anze/base/clock.h"
#include "anze/base/metrics.h"
#include "anze/base/thread.h"

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
    while (first_waiter(pool))
        ;
    pthread_cond_signal(&pool->keeper_wake);
    pool_count(pool);
}

static void give_back_place(struct pool *pool)
{
    struct waiter *waiter = pool->up ? first_waiter(pool) : NULL;
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
    if (pool->up && !pool->first && pool->n_open < pool->options.size) {
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

static struct connection *refuse_take(struct arena *arena, bool up, struct problem *problem)
{
    problem->retry_after_s = 1;
    problem->cause = up ? "every database connection is in use" : "the database is away";
    (void)problem_raise(arena, problem, PROBLEM_UNAVAILABLE, "服务暂时不可用，请稍后重试",
                        "The service is not available now: try again later");
    return NULL;
}

static struct connection *open_in_place(struct pool *pool, struct arena *arena, struct problem *problem)
{
    struct connection_fault fault;
    struct connection *connection = pool_connect(pool, &fault);
    if (connection)
        return connection;
    pthread_mutex_lock(&pool->mutex);
    give_back_place(pool);
    bool is_full = strcmp(fault.sqlstate, "53300") == 0 && pool->n_open > 0; /* fewer connections than we hoped for */
    if (!is_full)
        pool_go_down(pool);
    pthread_mutex_unlock(&pool->mutex);
    return refuse_take(arena, is_full, problem);
}

struct connection *pool_take(struct pool *pool, struct arena *arena, struct problem *problem)
{
    struct waiter waiter = { .next = NULL };
    pthread_mutex_lock(&pool->mutex);
    if (!take_now(pool, &waiter.connection, &waiter.may_open))
        wait_turn(pool, &waiter);
    bool up = pool->up;
    metrics_set(METRIC_POOL_IDLE, pool->n_idle);
    pthread_mutex_unlock(&pool->mutex);
    if (waiter.may_open)
        return open_in_place(pool, arena, problem);
    return waiter.connection ? waiter.connection : refuse_take(arena, up, problem);
}

void pool_give(struct pool *pool, struct connection *connection)
{
    pthread_mutex_lock(&pool->mutex);
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

struct connection *pool_renew(struct pool *pool, struct connection *connection, struct arena *arena,
                              struct problem *problem)
{
    connection_close(connection);
    return open_in_place(pool, arena, problem);
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
