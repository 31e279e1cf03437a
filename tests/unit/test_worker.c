/* A worker's life: its rounds, its end, and what it says of a database that is away. */
#include "anze/base/clock.h"
#include "anze/base/metrics.h"
#include "anze/work/sweeper.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const char nowhere[] = "host=/nonexistent dbname=none";

static bool count_round(struct worker *worker, void *context)
{
    (void)worker;
    atomic_fetch_add((atomic_int *)context, 1);
    return true;
}

static void without_a_database_no_round_is_done_and_the_worker_stops_at_once(void **state)
{
    (void)state;
    atomic_int rounds = 0;
    struct worker *worker = worker_new(nowhere, &(struct worker_job){ "tester", count_round, &rounds, 60000 });
    int64_t begun_us = clock_monotonic_us();
    worker_start(worker);
    worker_stop(worker);
    assert_true(clock_monotonic_us() - begun_us < 2500000);
    assert_int_equal(rounds, 0);
    worker_stop(NULL);
}

static void a_worker_that_was_not_started_says_what_is_wrong(void **state)
{
    (void)state;
    atomic_int rounds = 0;
    struct worker *worker = worker_new(nowhere, &(struct worker_job){ "tester", count_round, &rounds, 0 });
    assert_false(worker_connect(worker));
    assert_non_null(strstr(worker_trouble(worker), "/nonexistent"));
    assert_false(worker_is_stopping(worker));
    worker_stop(worker);
}

static void a_sweeper_without_database_counts_no_run_and_stops_at_once(void **state)
{
    (void)state;
    int64_t begun_us = clock_monotonic_us();
    struct worker *sweeper = sweeper_start(nowhere, 60000);
    worker_stop(sweeper);
    assert_true(clock_monotonic_us() - begun_us < 2500000);
    assert_int_equal(metrics_get(METRIC_SWEEP_RUNS), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_database_no_round_is_done_and_the_worker_stops_at_once),
        cmocka_unit_test(a_worker_that_was_not_started_says_what_is_wrong),
        cmocka_unit_test(a_sweeper_without_database_counts_no_run_and_stops_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
