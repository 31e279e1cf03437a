/* A worker's life: its rounds, what wakes it, its end, what its session has, and what it says of a database that is
 * away. */
#include "anze/base/clock.h"
#include "anze/base/metrics.h"
#include "anze/db/session.h"
#include "anze/work/sweeper.h"
#include "cluster.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
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

static const char *told(struct worker *worker, struct arena *arena, const char *sql)
{
    const struct worker_rows *rows = worker_ask(worker, arena, sql, 0, NULL);
    struct slice text = rows ? worker_bytes(rows, 0, 0) : SLICE_NONE;
    return text.bytes ? arena_strndup(arena, text.bytes, text.length) : "nothing";
}

static void the_server_gives_up_what_a_worker_gives_up_whatever_the_url_says(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    const char *url = arena_printf(arena, "%s options='-c statement_timeout=0'", cluster_url("owner"));
    struct worker *worker = worker_new(url, &(struct worker_job){ "tester", count_round, NULL, 0, NULL });
    assert_true(worker_connect(worker));
    assert_string_equal(told(worker, arena, "select string_agg(name || '=' || setting, ' ' order by name) from pg_settings"
                                            " where name in ('application_name', 'client_connection_check_interval',"
                                            " 'idle_in_transaction_session_timeout', 'statement_timeout')"),
                        "application_name=anze tester client_connection_check_interval=5000"
                        " idle_in_transaction_session_timeout=30000 statement_timeout=25000");
    worker_stop(worker);
}

struct hanging {
    atomic_int rounds;
    atomic_bool was_ended, is_alone;
};

/* In its first round a statement hangs, whose time the test makes short. */
static bool hang_once(struct worker *worker, void *context)
{
    struct hanging *hanging = context;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    if (atomic_fetch_add(&hanging->rounds, 1) == 0) {
        (void)told(worker, arena, "set statement_timeout = 200");
        atomic_store(&hanging->was_ended, !worker_ask(worker, arena, "select pg_sleep(60)", 0, NULL));
        return false;
    }
    const char *n = told(worker, arena, "select count(*)::text from pg_stat_activity where application_name = 'anze tester'"
                                        " and query like '%pg_sleep%' and state = 'active' and pid <> pg_backend_pid()");
    atomic_store(&hanging->is_alone, strcmp(n, "0") == 0);
    return true;
}

static void a_worker_whose_statement_hangs_is_ended_and_works_again(void **state)
{
    (void)state;
    struct hanging hanging = { .rounds = 0 };
    struct worker *worker = worker_new(cluster_url("owner"), &(struct worker_job){ "tester", hang_once, &hanging, 50, NULL });
    worker_start(worker);
    for (int i = 0; i < 1000 && !atomic_load(&hanging.is_alone); i++)
        usleep(10000);
    worker_stop(worker);
    assert_true(hanging.was_ended);
    assert_true(hanging.is_alone);
}

static void *connect_worker(void *worker)
{
    (void)!worker_connect(worker);
    return NULL;
}

static bool leads_to(int file, int port)
{
    struct sockaddr_in to = { 0 };
    socklen_t size = sizeof to;
    return getpeername(file, (struct sockaddr *)&to, &size) == 0 && to.sin_family == AF_INET && ntohs(to.sin_port) == port;
}

/* The worker's end of the connection to that port. */
static int socket_to(int port)
{
    for (;; usleep(1000))
        for (int file = 3; file < 256; file++)
            if (leads_to(file, port))
                return file;
}

static int silent_server(int *ret_port)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof at;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&at, size), 0);
    assert_int_equal(listen(listener, 8), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &size), 0);
    *ret_port = ntohs(at.sin_port);
    return listener;
}

static void a_server_that_is_gone_is_noticed_by_the_network(void **state)
{
    (void)state;
    static const struct {
        int level, name, value;
    } wanted[] = { { SOL_SOCKET, SO_KEEPALIVE, 1 },    { IPPROTO_TCP, TCP_KEEPIDLE, 5 }, { IPPROTO_TCP, TCP_KEEPINTVL, 2 },
                   { IPPROTO_TCP, TCP_KEEPCNT, 3 }, { IPPROTO_TCP, TCP_USER_TIMEOUT, 10000 } };
    int port, listener = silent_server(&port);
    pthread_t thread;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    const char *url = arena_printf(arena, "host=127.0.0.1 port=%d dbname=none sslmode=disable", port);
    struct worker *worker = worker_new(url, &(struct worker_job){ "tester", count_round, NULL, 0, NULL });
    pthread_create(&thread, NULL, connect_worker, worker);
    int file = socket_to(port);
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        int value = 0;
        socklen_t size = sizeof value;
        getsockopt(file, wanted[i].level, wanted[i].name, &value, &size);
        assert_int_equal(value, wanted[i].value);
    }
    close(listener); /* which ends the wait */
    pthread_join(thread, NULL);
    worker_stop(worker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_database_no_round_is_done_and_the_worker_stops_at_once),
        cmocka_unit_test(a_worker_that_was_not_started_says_what_is_wrong),
        cmocka_unit_test(a_sweeper_without_database_counts_no_run_and_stops_at_once),
    };
    const struct CMUnitTest with_database[] = {
        cmocka_unit_test(a_notification_begins_a_round_and_the_workers_own_does_not),
        cmocka_unit_test(a_new_connection_begins_with_a_round_and_listens_again),
        cmocka_unit_test(the_server_gives_up_what_a_worker_gives_up_whatever_the_url_says),
        cmocka_unit_test(a_worker_whose_statement_hangs_is_ended_and_works_again),
        cmocka_unit_test(a_server_that_is_gone_is_noticed_by_the_network),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) + cmocka_run_group_tests(with_database, start_listening, stop_listening);
}
