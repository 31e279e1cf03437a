#include "anze/base/clock.h"
#include "anze/base/log.h"
#include "anze/base/metrics.h"
#include "anze/db/catalogue.h"
#include "anze/db/guard.h"
#include "anze/db/lease.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
    CONNECT_US = 2000000,
    LOOK_US = 250000,        /* how often the keeper looks, and tries while the database is away */
    REFUSED_LOGIN_US = 1000000,
    CATALOGUE_US = 10000000, /* unknown constraint names make it read again, this often at most */
    ASK_US = 5000000,
    TIDY_US = 10000000,
    TIDY_ROWS = 2000,
    TIDY_UPLOADS = 5 /* each with up to hundreds of chunks */
};

/* Who waits, on its own stack; woken alone. */
struct waiter {
    pthread_cond_t wake;
    struct connection *connection; /* handed over */
    bool may_open;                 /* or: a place, to connect oneself */
    bool is_done;
    struct waiter *next;
};

struct pool {
    struct pool_options options;
    struct arena *arena;
    struct migration_plan plan;
    pthread_mutex_t mutex;         /* of all down to `closing` */
    pthread_condattr_t monotonic;
    pthread_cond_t keeper_wake;
    struct connection **idle;      /* the last used on top: its caches are warm */
    int n_idle, n_open;            /* n_open counts also those in use and those being opened */
    struct waiter *first, **last;
    bool up, closing;
    const char *refusal;
    char told[6];                  /* SQLSTATE of the last refused login, to log it once */
    bool was_up, was_told;
    atomic_bool passed;            /* the guard, once in this process */
    const struct catalogue *_Atomic catalogue; /* older ones live on with the arena: somebody may be reading */
    atomic_bool catalogue_wanted;
    int64_t catalogue_due_us;
    int64_t tidy_due_us;           /* the keeper's */
    pthread_t keeper;
};

/* ---- under the mutex ---- */

static void count(const struct pool *pool)
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
static void go_down(struct pool *pool)
{
    pool->up = false;
    while (first_waiter(pool))
        ;
    pthread_cond_signal(&pool->keeper_wake);
    count(pool);
}

static void give_back_place(struct pool *pool)
{
    struct waiter *waiter = pool->up ? first_waiter(pool) : NULL;
    if (waiter)
        waiter->may_open = true;
    else
        pool->n_open--;
    count(pool);
}

static struct timespec time_of(int64_t us)
{
    return (struct timespec){ .tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000 };
}

/* ---- opening ---- */

static void tell(enum log_level level, const char *event, const char *why)
{
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    struct text text = text_on(arena);
    text_add_json(&text, why);
    log_event(level, event, "\"cause\":%s", text.bytes);
}

static bool read_catalogue(struct pool *pool, struct connection *connection)
{
    struct arena *arena = arena_new();
    const struct catalogue *catalogue = catalogue_read(arena, connection, clock_monotonic_us() + ASK_US);
    if (!catalogue) {
        arena_free(arena);
        return false;
    }
    pthread_mutex_lock(&pool->mutex);
    arena_defer(pool->arena, (void (*)(void *))arena_free, arena);
    atomic_store(&pool->catalogue, catalogue);
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
        tell(LOG_ERROR_LEVEL, "database-unfit", refusal);
    if (refusal || !read_catalogue(pool, connection))
        return false;
    atomic_store(&pool->passed, true);
    return true;
}

static struct connection *open_one(struct pool *pool, struct connection_fault *ret_fault)
{
    struct connection *connection = connection_open(pool->options.url, pool->options.statement_timeout_ms,
                                                    clock_monotonic_us() + CONNECT_US, ret_fault);
    if (connection)
        metrics_add(METRIC_POOL_CONNECTS, 1);
    if (!connection || inspect(pool, connection))
        return connection;
    connection_close(connection);
    snprintf(ret_fault->text, sizeof ret_fault->text, "the database is not fit for the service");
    return NULL;
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
    struct timespec until = time_of(clock_monotonic_us() + pool->options.wait_ms * INT64_C(1000));
    pthread_cond_init(&waiter->wake, &pool->monotonic);
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
    struct connection *connection = open_one(pool, &fault);
    if (connection)
        return connection;
    pthread_mutex_lock(&pool->mutex);
    give_back_place(pool);
    bool is_full = strcmp(fault.sqlstate, "53300") == 0 && pool->n_open > 0; /* fewer connections than we hoped for */
    if (!is_full)
        go_down(pool);
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
    count(pool);
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

/* ---- the keeper ---- */

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
    count(pool);
}

static void note_failure(struct pool *pool, const struct connection_fault *fault)
{
    pthread_mutex_lock(&pool->mutex);
    bool is_news = pool->was_up || !pool->was_told || strcmp(pool->told, fault->sqlstate) != 0;
    memcpy(pool->told, fault->sqlstate, sizeof pool->told);
    pool->was_up = false;
    pool->was_told = true;
    go_down(pool);
    pthread_mutex_unlock(&pool->mutex);
    if (is_news)
        tell(LOG_WARNING_LEVEL, "database-away", fault->text);
}

static void note_success(struct pool *pool, struct connection *connection)
{
    pthread_mutex_lock(&pool->mutex);
    bool is_news = !pool->was_up;
    pool->up = pool->was_up = true;
    pthread_mutex_unlock(&pool->mutex);
    pool_give(pool, connection);
    if (is_news)
        log_event(LOG_INFO_LEVEL, "database-up", NULL);
}

/* Keeps one connection at least; what is more opens when it is needed. Returns when to look again. */
static int64_t keep(struct pool *pool)
{
    struct connection_fault fault;
    pthread_mutex_lock(&pool->mutex);
    weed_out(pool);
    bool is_needed = !pool->up || pool->n_open == 0;
    pool->n_open += is_needed;
    pthread_mutex_unlock(&pool->mutex);
    if (!is_needed)
        return LOOK_US;
    struct connection *connection = open_one(pool, &fault);
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
    if (!read_catalogue(pool, connection)) {
        pool_drop(pool, connection);
        return;
    }
    atomic_store(&pool->catalogue_wanted, false);
    pool_give(pool, connection);
}

/* Answers kept under an Idempotency-Key and uploads that nobody finished are forgotten after their time, by whichever
 * replica comes first. */
static void forget_old(struct pool *pool)
{
    int64_t now_us = clock_monotonic_us();
    if (now_us < pool->tidy_due_us || !pool_is_up(pool))
        return;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    struct problem problem = { 0 };
    struct connection *connection = pool_take(pool, arena, &problem);
    if (!connection)
        return;
    const char *sql = arena_printf(arena,
                                   "select (anze.forget_keys(%d) = %d)::int + (anze.forget_uploads(%d) = %d)::int > 0",
                                   TIDY_ROWS, TIDY_ROWS, TIDY_UPLOADS, TIDY_UPLOADS);
    const PGresult *row = connection_ask(connection, arena, sql, now_us + ASK_US);
    if (row)
        pool_give(pool, connection);
    else
        pool_drop(pool, connection);
    bool is_more = row && *PQgetvalue(row, 0, 0) == 't';
    pool->tidy_due_us = is_more ? now_us : now_us + TIDY_US;
}

static bool sleep_until(struct pool *pool, int64_t due_us)
{
    struct timespec until = time_of(due_us);
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
        next_us = keep(pool);
        refresh_catalogue(pool);
        forget_old(pool);
    }
    return NULL;
}

/* ---- the whole ---- */

static void start_keeper(struct pool *pool)
{
    sigset_t every, before; /* signals are the main thread's */
    sigfillset(&every);
    pthread_sigmask(SIG_SETMASK, &every, &before);
    if (pthread_create(&pool->keeper, NULL, run_keeper, pool)) {
        log_event(LOG_ERROR_LEVEL, "database-thread-failed", NULL);
        abort();
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

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
    pthread_condattr_init(&pool->monotonic);
    pthread_condattr_setclock(&pool->monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&pool->keeper_wake, &pool->monotonic);
    pool->tidy_due_us = clock_monotonic_us() + TIDY_US;
    (void)keep(pool);
    start_keeper(pool);
    return pool;
}

void pool_close(struct pool *pool)
{
    pthread_mutex_lock(&pool->mutex);
    pool->closing = true;
    go_down(pool);
    pthread_mutex_unlock(&pool->mutex);
    pthread_join(pool->keeper, NULL);
    for (int i = 0; i < pool->n_idle; i++)
        connection_close(pool->idle[i]);
    pthread_cond_destroy(&pool->keeper_wake);
    pthread_condattr_destroy(&pool->monotonic);
    pthread_mutex_destroy(&pool->mutex);
    arena_free(pool->arena);
}

bool pool_is_up(struct pool *pool)
{
    pthread_mutex_lock(&pool->mutex);
    bool up = pool->up;
    pthread_mutex_unlock(&pool->mutex);
    return up;
}

const char *pool_refusal(struct pool *pool)
{
    pthread_mutex_lock(&pool->mutex);
    const char *refusal = pool->refusal;
    pthread_mutex_unlock(&pool->mutex);
    return refusal;
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
