/* A worker's life: its rounds, what wakes it, its end, and what it says of a database that is away. */
#include "anze/base/clock.h"
#include "anze/base/metrics.h"
#include "anze/db/session.h"
#include "anze/work/sweeper.h"
#include "cluster.h"

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
    struct worker *worker = worker_new(nowhere, &(struct worker_job){ "tester", count_round, &rounds, 60000, NULL });
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
    struct worker *worker = worker_new(nowhere, &(struct worker_job){ "tester", count_round, &rounds, 0, NULL });
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

/* A worker whose rounds are an hour apart, so that whatever comes sooner was woken. */
static struct {
    struct arena *arena;
    struct session *session;
    struct worker *worker;
    atomic_int rounds;
    atomic_bool may_end;
} scene;

static bool notify_and_wait(struct worker *worker, void *context)
{
    (void)context;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    bool works = worker_ask(worker, arena, "select pg_notify('Some events', 'my own')", 0, NULL);
    atomic_fetch_add(&scene.rounds, 1);
    while (!atomic_load(&scene.may_end))
        clock_pause(1000);
    return works;
}

static int start_listening(void **state)
{
    (void)state;
    const char *why = "";
    scene.arena = arena_new();
    scene.session = cluster_start() ? session_open(scene.arena, cluster_url("owner"), "test", &why) : NULL;
    if (!scene.session)
        return -1;
    scene.may_end = true;
    scene.worker = worker_new(cluster_url("owner"), &(struct worker_job){ .name = "tester", .round = notify_and_wait,
                                                                          .interval_ms = 3600000,
                                                                          .channel = "Some events" });
    worker_start(scene.worker);
    return 0;
}

static int stop_listening(void **state)
{
    (void)state;
    worker_stop(scene.worker);
    arena_free(scene.arena);
    cluster_stop();
    return 0;
}

static void await_rounds(int n)
{
    int64_t deadline_us = clock_monotonic_us() + 20000000;
    while (atomic_load(&scene.rounds) < n && clock_monotonic_us() < deadline_us)
        clock_pause(1000);
    assert_int_equal(scene.rounds, n);
}

static void a_notification_begins_a_round_and_the_workers_own_does_not(void **state)
{
    (void)state;
    int begun = 1;
    await_rounds(begun);
    for (int i = 0; i < 5; i++) {
        assert_true(session_script(scene.session, "notify \"Some events\""));
        await_rounds(++begun);
    }
    assert_true(session_script(scene.session, "notify others"));
    scene.may_end = false; /* what comes while a round is done begins another */
    assert_true(session_script(scene.session, "notify \"Some events\""));
    await_rounds(++begun);
    assert_true(session_script(scene.session, "notify \"Some events\""));
    scene.may_end = true;
    await_rounds(++begun);
}

static void a_new_connection_begins_with_a_round_and_listens_again(void **state)
{
    (void)state;
    int begun = scene.rounds;
    static const char end[] = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'anze tester'";
    assert_true(session_script(scene.session, end));
    await_rounds(++begun);
    assert_true(session_script(scene.session, "notify \"Some events\""));
    await_rounds(++begun);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_database_no_round_is_done_and_the_worker_stops_at_once),
        cmocka_unit_test(a_worker_that_was_not_started_says_what_is_wrong),
        cmocka_unit_test(a_sweeper_without_database_counts_no_run_and_stops_at_once),
    };
    const struct CMUnitTest of_listening[] = {
        cmocka_unit_test(a_notification_begins_a_round_and_the_workers_own_does_not),
        cmocka_unit_test(a_new_connection_begins_with_a_round_and_listens_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) + cmocka_run_group_tests(of_listening, start_listening, stop_listening);
}
