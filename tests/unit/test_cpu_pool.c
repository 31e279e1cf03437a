#include "anze/base/clock.h"
#include "anze/base/cpu_pool.h"
#include "anze/base/thread.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>
#include <cmocka.h>

enum { ASKERS = 8, JOBS = 50, MINUTE_US = 60 * 1000000 };

static atomic_int n_running, most_running, n_done;
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER; /* who holds it holds up the jobs */

static void work(void *context)
{
    (void)context;
    int now = atomic_fetch_add(&n_running, 1) + 1, most = atomic_load(&most_running);
    while (now > most && !atomic_compare_exchange_weak(&most_running, &most, now))
        ;
    pthread_mutex_lock(&gate);
    pthread_mutex_unlock(&gate);
    atomic_fetch_sub(&n_running, 1);
    atomic_fetch_add(&n_done, 1);
}

/* What it was refused for; NULL: it was done. */
static const char *ask(struct cpu_pool *pool, int64_t wait_us)
{
    static const char *const causes[] = { "too many jobs wait for the processor", "no turn at the processor in time" };
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    struct problem problem = { 0 };
    if (cpu_pool_do(pool, work, NULL, clock_monotonic_us() + wait_us, arena, &problem))
        return NULL;
    assert_int_equal(problem_kind(problem.code)->status, 503);
    assert_true(problem.retry_after_s > 0);
    return causes[strcmp(problem.cause, causes[0]) != 0];
}

static void *ask_often(void *pool)
{
    for (int i = 0; i < JOBS; i++)
        if (ask(pool, MINUTE_US))
            return pool;
    return NULL;
}

static void *ask_once(void *pool)
{
    return ask(pool, MINUTE_US) ? pool : NULL;
}

static void *ask_until_done(void *pool)
{
    while (ask(pool, MINUTE_US))
        clock_pause(1000);
    return NULL;
}

static int begin(void **state)
{
    (void)state;
    n_running = most_running = n_done = 0;
    return 0;
}

static void await(const atomic_int *count, int wanted)
{
    while (atomic_load(count) < wanted)
        clock_pause(1000);
}

static void each_job_is_done_and_no_more_at_once_than_there_are_threads(void **state)
{
    (void)state;
    struct cpu_pool *pool = cpu_pool_new(2, ASKERS);
    pthread_t askers[ASKERS];
    for (int i = 0; i < ASKERS; i++)
        askers[i] = thread_start(ask_often, pool);
    for (int i = 0; i < ASKERS; i++) {
        void *refused;
        pthread_join(askers[i], &refused);
        assert_null(refused);
    }
    cpu_pool_free(pool);
    assert_int_equal(n_done, ASKERS * JOBS);
    assert_in_range(most_running, 1, 2);
}

static void who_finds_the_queue_full_is_refused_at_once(void **state)
{
    (void)state;
    struct cpu_pool *pool = cpu_pool_new(1, 1);
    pthread_t askers[2];
    pthread_mutex_lock(&gate);
    askers[0] = thread_start(ask_until_done, pool);
    await(&n_running, 1);
    askers[1] = thread_start(ask_until_done, pool);
    /* A job whose time is over finds the only place of the queue free until the second has taken it. */
    const char *cause;
    while ((cause = ask(pool, 0)) && strstr(cause, "in time"))
        clock_pause(1000);
    assert_string_equal(cause, "too many jobs wait for the processor");
    assert_string_equal(ask(pool, MINUTE_US), "too many jobs wait for the processor");
    pthread_mutex_unlock(&gate);
    for (int i = 0; i < 2; i++)
        pthread_join(askers[i], NULL);
    cpu_pool_free(pool);
    assert_int_equal(n_done, 2);
}

static void a_job_that_was_given_up_is_not_begun(void **state)
{
    (void)state;
    struct cpu_pool *pool = cpu_pool_new(1, 5);
    void *refused;
    pthread_mutex_lock(&gate);
    pthread_t first = thread_start(ask_once, pool);
    await(&n_running, 1);
    pthread_t second = thread_start(ask_once, pool);
    for (int i = 0; i < 20; i++) /* before and behind the second */
        assert_string_equal(ask(pool, 1), "no turn at the processor in time");
    pthread_mutex_unlock(&gate);
    pthread_join(first, &refused);
    pthread_join(second, &refused);
    assert_null(refused);
    assert_null(ask(pool, MINUTE_US));
    cpu_pool_free(pool);
    assert_int_equal(n_done, 3);
}

static void without_a_number_there_is_a_thread_at_least(void **state)
{
    (void)state;
    struct cpu_pool *pool = cpu_pool_new(0, 0);
    assert_null(ask(pool, MINUTE_US));
    cpu_pool_free(pool);
    assert_int_equal(n_done, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(each_job_is_done_and_no_more_at_once_than_there_are_threads, begin),
        cmocka_unit_test_setup(who_finds_the_queue_full_is_refused_at_once, begin),
        cmocka_unit_test_setup(a_job_that_was_given_up_is_not_begun, begin),
        cmocka_unit_test_setup(without_a_number_there_is_a_thread_at_least, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
