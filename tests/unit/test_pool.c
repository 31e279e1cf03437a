#include "anze/base/clock.h"
#include "anze/base/metrics.h"
#include "anze/db/lease.h"
#include "anze/db/migration.h"
#include "anze/db/session.h"
#include "cluster.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stdint.h>
#include <cmocka.h>

#define FILE_OF(name, text) { (name), { (text), sizeof(text) - 1 } }
static const struct embedded_file files[] = {
    FILE_OF("data/codes.sql", "insert into anze.thing values (1) on conflict do nothing"),
    FILE_OF("functions/one.sql", "create or replace function anze.one() returns int language sql return 1"),
    FILE_OF("migrations/0001_thing.sql",
            "create table anze.thing (id int constraint thing_pkey primary key);"
            "comment on constraint thing_pkey on anze.thing is '已有 | Taken | /id';"
            "create role anze_service login; grant usage on schema anze to anze_service"),
    FILE_OF("queries/things/readThing.sql", "this is no migration"),
};
static struct arena *house;
static struct session *owner;

static void add_line(void *text, const char *line)
{
    text_printf(text, "%s\n", line);
}

static bool migrate(const struct embedded_file *some, size_t n, bool only_check, const char **ret_told, size_t *ret_n)
{
    struct text out = text_on(house);
    const struct migration_plan plan = migration_plan(house, some, n);
    const struct migration_listener listener = { add_line, &out };
    bool done = migration_run(owner, &plan, only_check, &listener, ret_n);
    *ret_told = out.bytes ? out.bytes : "";
    return done;
}

static bool holds(const char *condition)
{
    const struct session_rows *rows;
    assert_true(session_query(owner, arena_printf(house, "select %s", condition), NULL, 0, &rows));
    return *session_value(rows, 0, 0) == 't';
}

static int start_all(void **state)
{
    (void)state;
    const char *why = "";
    house = arena_new();
    if (!cluster_start())
        return -1;
    owner = session_open(house, cluster_url("owner"), "test", &why);
    return owner ? 0 : -1;
}

static int stop_all(void **state)
{
    (void)state;
    arena_free(house);
    cluster_stop();
    return 0;
}

static struct pool *open_as(const char *user, int size, const struct embedded_file *some, size_t n)
{
    const struct pool_options options = { .url = arena_printf(house, "%s", cluster_url(user)), .size = size,
                                          .wait_ms = 300, .statement_timeout_ms = 1000, .files = some, .n_files = n };
    return pool_open(&options);
}

static void migrations_run_once_and_in_order(void **state)
{
    (void)state;
    const char *told;
    size_t n;
    assert_true(migrate(files, 4, true, &told, &n));
    assert_int_equal(n, 3);
    assert_true(migrate(files, 4, false, &told, &n));
    assert_string_equal(told, "applied migrations/0001_thing.sql\napplied functions/one.sql\napplied data/codes.sql\n");
    assert_true(migrate(files, 4, false, &told, &n));
    assert_int_equal(n, 0);
    assert_string_equal(told, "");
}

static void a_changed_migration_is_refused_by_name_and_a_changed_function_is_applied(void **state)
{
    (void)state;
    const char *told;
    size_t n;
    struct embedded_file changed[4];
    memcpy(changed, files, sizeof files);
    changed[1].content = SLICE("create or replace function anze.one() returns int language sql return 11");
    assert_true(migrate(changed, 4, false, &told, &n));
    assert_string_equal(told, "applied functions/one.sql\n");
    assert_true(migrate(files, 4, false, &told, &n));
    changed[2].content = SLICE("select 1");
    assert_false(migrate(changed, 4, false, &told, &n));
    assert_non_null(strstr(told, "migrations/0001_thing.sql was changed"));
    assert_false(migrate(files, 2, false, &told, &n));
    assert_non_null(strstr(told, "the database has migrations/0001_thing.sql"));
}

static void a_failing_migration_leaves_nothing_and_those_before_it_stay(void **state)
{
    (void)state;
    const char *told;
    size_t n;
    const struct embedded_file more[] = {
        files[0], files[1], files[2], FILE_OF("migrations/0002_a.sql", "create table anze.kept ()"),
        FILE_OF("migrations/0003_b.sql", "create table anze.half (); select 1/0"),
    };
    assert_false(migrate(more, 5, false, &told, &n));
    assert_non_null(strstr(told, "migrations/0003_b.sql: 22012"));
    assert_true(holds("to_regclass('anze.half') is null"));
    assert_true(holds("exists (select from anze.migration where name = 'migrations/0002_a.sql')"));
    assert_true(session_script(owner, "drop table anze.kept; delete from anze.migration where name like '%0002_a%'"));
}

static bool migrate_with(const struct embedded_file *more, size_t n, const char **ret_told)
{
    struct embedded_file all[ARRAY_LENGTH(files) + 4];
    size_t pending;
    memcpy(all, files, sizeof files);
    for (size_t i = 0; i < n; i++)
        all[ARRAY_LENGTH(files) + i] = more[i];
    return migrate(all, ARRAY_LENGTH(files) + n, false, ret_told, &pending);
}

static void forget_steps(const char *what_else)
{
    assert_true(session_script(owner, arena_printf(house, "delete from anze.migration where name not like '%%0001%%'; %s",
                                                   what_else)));
}

static void an_index_that_a_crash_left_unfinished_is_built_again(void **state)
{
    (void)state;
    const char *told;
    const struct embedded_file step[] = { FILE_OF("migrations/0002_index.sql",
                                                  "-- anze: no-transaction\n"
                                                  "create index concurrently thing_again on anze.thing (id);") };
    assert_true(session_script(owner, "create index thing_again on anze.thing (id);"
                                      "update pg_index set indisvalid = false"
                                      " where indexrelid = 'anze.thing_again'::regclass"));
    assert_true(migrate_with(step, 1, &told));
    assert_non_null(strstr(told, "anze.thing_again was left unfinished"));
    assert_true(holds("(select indisvalid from pg_index where indexrelid = 'anze.thing_again'::regclass)"));
    forget_steps(""); /* it was built, and the crash came before that was noted */
    assert_true(migrate_with(step, 1, &told));
    assert_string_equal(told, "applied migrations/0002_index.sql\n");
    forget_steps("drop index anze.thing_again");
}

static void a_backfill_goes_on_where_it_was_broken_off(void **state)
{
    (void)state;
    const char *told;
    const char broken[] = "-- anze: backfill anze.many\nwith t as (update anze.many set done = 1 / (n - 900) * 0 + 1"
                          " where n in (select n from anze.many where done is null order by n limit $1) returning n)"
                          " select count(*) from t";
    const char whole[] = "-- anze: backfill anze.many\nwith t as (update anze.many set done = 2"
                         " where n in (select n from anze.many where done is null order by n limit $1) returning n)"
                         " select count(*) from t";
    const struct embedded_file first[] = { FILE_OF("migrations/0002_fill.sql", broken) };
    const struct embedded_file second[] = { FILE_OF("migrations/0002_fill.sql", whole) };
    assert_true(session_script(owner, "create table anze.many as select n, null::int as done"
                                      " from generate_series(1, 1000) n"));
    assert_false(migrate_with(first, 1, &told));
    assert_non_null(strstr(told, "migrations/0002_fill.sql: 22012"));
    assert_true(holds("(select count(*) between 100 and 899 from anze.many where done = 1)"));
    assert_true(migrate_with(second, 1, &told));
    assert_true(holds("(select count(*) from anze.many where done is null) = 0"));
    assert_true(holds("(select count(*) > 0 from anze.many where done = 1)"));
    forget_steps("drop table anze.many");
}

static void functions_follow_their_files(void **state)
{
    (void)state;
    const char *told;
    const struct embedded_file two[] = { FILE_OF("functions/two.sql",
        "create or replace function anze.two() returns int language sql return 2;"
        "grant execute on function anze.two() to anze_service;"
        "create or replace function anze.keeps() returns trigger language plpgsql as 'begin return new; end';"
        "create or replace trigger thing_keeps before update on anze.thing for each row execute function anze.keeps()") };
    const struct embedded_file other[] = { FILE_OF("functions/two.sql",
        "create or replace function anze.two() returns text language sql return 'two';"
        "grant execute on function anze.two() to anze_service;"
        "create or replace function anze.keeps() returns trigger language plpgsql as 'begin return new; end';"
        "create or replace trigger thing_keeps before update on anze.thing for each row execute function anze.keeps()") };
    assert_true(migrate_with(two, 1, &told));
    assert_true(migrate_with(other, 1, &told));
    assert_string_equal(told, "applied functions/two.sql (2 of 4)\n");
    assert_true(holds("anze.two() = 'two' and has_function_privilege('anze_service', 'anze.two()', 'execute')"));
    assert_true(session_script(owner, "drop trigger thing_keeps on anze.thing"));
    assert_true(migrate_with(other, 1, &told));
    assert_string_equal(told, "applied functions/two.sql (1 of 4)\n");
    assert_true(session_script(owner, "create view anze.uses as select anze.two() as two"));
    assert_false(migrate_with(NULL, 0, &told));
    assert_non_null(strstr(told, "anze.two() is made by no file any more, but rule _RETURN on view anze.uses needs it"));
    assert_true(session_script(owner, "drop view anze.uses"));
    assert_true(migrate_with(NULL, 0, &told));
    assert_true(holds("to_regproc('anze.two') is null and to_regproc('anze.keeps') is null"));
}

static void what_goes_with_the_functions_fails_with_them(void **state)
{
    (void)state;
    const char *told;
    struct embedded_file more[] = {
        FILE_OF("migrations/0002_with.sql", "-- anze: with-functions\nalter table anze.thing rename to item"),
        FILE_OF("migrations/0003_index.sql", "-- anze: no-transaction\n"
                                             "create index concurrently item_again on anze.item (id)"),
        FILE_OF("migrations/0004_last.sql", "alter table anze.item add column note text"),
        FILE_OF("functions/three.sql", "create or replace function anze.three() returns int language sql return 1 + 'x'"),
    };
    assert_false(migrate_with(more, 4, &told));
    assert_true(holds("to_regclass('anze.item') is null and to_regclass('anze.thing') is not null"));
    more[3] = files[3];
    assert_true(migrate_with(more, 4, &told));
    assert_string_equal(told, "applied migrations/0002_with.sql\napplied migrations/0004_last.sql\n"
                              "applied migrations/0003_index.sql\n");
    forget_steps("drop index anze.item_again; alter table anze.item rename to thing;"
                 "alter table anze.thing drop column note");
}

static void a_step_that_must_wait_is_tried_again(void **state)
{
    (void)state;
    const char *told, *why;
    const struct embedded_file step[] = { FILE_OF("migrations/0002_column.sql",
                                                  "alter table anze.thing add column note text") };
    struct session *reader = session_open(house, cluster_url("owner"), "test", &why);
    assert_non_null(reader);
    assert_true(session_script(reader, "set idle_in_transaction_session_timeout = 700; begin; select from anze.thing"));
    assert_true(migrate_with(step, 1, &told));
    assert_non_null(strstr(told, "migrations/0002_column.sql: 55P03"));
    assert_non_null(strstr(told, "applied migrations/0002_column.sql"));
    forget_steps("alter table anze.thing drop column note");
}

static void assert_refused(const char *user, const struct embedded_file *some, size_t n, const char *why)
{
    struct pool *pool = open_as(user, 2, some, n);
    assert_false(pool_is_up(pool));
    assert_non_null(pool_refusal(pool));
    if (!strstr(pool_refusal(pool), why))
        fail_msg("%s", pool_refusal(pool));
    pool_close(pool);
}

static void logins_that_could_go_around_the_rules_are_refused(void **state)
{
    (void)state;
    assert_true(session_script(owner, "create role bypasser login bypassrls; create role half_owner login;"
                                      "create table anze.his (); alter table anze.his owner to half_owner"));
    assert_refused("owner", files, 4, "superuser");
    assert_refused("bypasser", files, 4, "bypasses");
    assert_refused("half_owner", files, 4, "owns tables");
    assert_true(session_script(owner, "drop table anze.his"));
}

static void another_schema_than_the_programs_is_refused(void **state)
{
    (void)state;
    const struct embedded_file newer[] = { files[0], files[1], files[2], FILE_OF("migrations/0002_a.sql", "select 1") };
    assert_refused("anze_service", newer, 4, "lacks migrations/0002_a.sql");
    assert_refused("anze_service", files, 2, "newer than this program");
}

static void a_server_that_is_not_there_fails_at_once(void **state)
{
    (void)state;
    const struct pool_options options = { .url = "host=/nonexistent dbname=x", .size = 2, .wait_ms = 300,
                                          .statement_timeout_ms = 1000, .files = files, .n_files = 4 };
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    struct problem problem = { 0 };
    struct pool *pool = pool_open(&options);
    int64_t begun_us = clock_monotonic_us();
    assert_null(pool_take(pool, arena, &problem));
    assert_true(clock_monotonic_us() - begun_us < 50000);
    assert_int_equal(problem.code, PROBLEM_UNAVAILABLE);
    assert_int_equal(problem.retry_after_s, 1);
    pool_close(pool);
}

static void the_wait_for_a_connection_is_bounded(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    struct problem problem = { 0 };
    struct pool *pool = open_as("anze_service", 2, files, 4);
    struct connection *first = pool_take(pool, arena, &problem), *second = pool_take(pool, arena, &problem);
    assert_true(first && second);
    int64_t begun_us = clock_monotonic_us();
    assert_null(pool_take(pool, arena, &problem));
    int64_t took_us = clock_monotonic_us() - begun_us;
    assert_true(took_us >= 290000 && took_us < 1500000);
    assert_int_equal(problem.code, PROBLEM_UNAVAILABLE);
    pool_give(pool, first);
    assert_ptr_equal(pool_take(pool, arena, &problem), first);
    pool_drop(pool, first);
    struct connection *third = pool_take(pool, arena, &problem);
    assert_non_null(third);
    pool_give(pool, second);
    pool_give(pool, third);
    assert_ptr_equal(pool_take(pool, arena, &problem), third);
    pool_give(pool, third);
    pool_close(pool);
}

/* ---- reaching a server ---- */

/* A resolver that is silent about one name. */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **list)
{
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **) =
        (int (*)(const char *, const char *, const struct addrinfo *, struct addrinfo **))dlsym(RTLD_NEXT, "getaddrinfo");
    if (name && strcmp(name, "silent.invalid") == 0) {
        sleep(2);
        return EAI_AGAIN;
    }
    return real(name, service, hints, list);
}

/* Takes connections and says nothing. */
static int listen_silently(int *ret_port)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, length), 0);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    *ret_port = ntohs(address.sin_port);
    return fd;
}

static void a_silent_host_hides_none_behind_it(void **state)
{
    (void)state;
    struct dial_fault fault;
    int port, fd = listen_silently(&port);
    const char *const hosts[] = { "127.0.0.1", "localhost", "silent.invalid", "127.0.0.1,silent.invalid" };
    for (size_t i = 0; i < ARRAY_LENGTH(hosts); i++) {
        const char *ports = i == 3 ? arena_printf(house, "%d,%d", port, port) : arena_printf(house, "%d", port);
        const struct dialing how = {
            .url = arena_printf(house, "host=%s,%s port=%s,5432 user=owner dbname=postgres", hosts[i], cluster_folder, ports),
            .application = "test", .settings = "-c lock_timeout=1234", .host_us = 300000 };
        int64_t begun_us = clock_monotonic_us();
        PGconn *pg = dial(&how, &fault);
        assert_non_null(pg);
        assert_true(clock_monotonic_us() - begun_us < 1900000); /* the resolver alone would take two seconds */
        PGresult *answer = PQexec(pg, "show lock_timeout");
        assert_string_equal(PQgetvalue(answer, 0, 0), "1234ms");
        PQclear(answer);
        PQfinish(pg);
    }
    close(fd);
}

static int connects_to(int listener)
{
    int n = 0;
    for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0; close(fd))
        n++;
    return n;
}

static void a_silent_host_costs_its_time_once(void **state)
{
    (void)state;
    struct dial_fault fault;
    int port, fd = listen_silently(&port);
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    const struct dialing how = { .url = arena_printf(house, "host=127.0.0.1,%s port=%d,5432 user=owner dbname=postgres",
                                                     cluster_folder, port),
                                 .application = "test", .host_us = 300000 };
    static const int wanted[] = { 1, 0, 0 };
    for (size_t i = 0; i < ARRAY_LENGTH(wanted); i++) {
        PGconn *pg = dial(&how, &fault);
        assert_non_null(pg);
        PQfinish(pg);
        assert_int_equal(connects_to(fd), wanted[i]);
    }
    close(fd);
}

static void a_server_that_only_reads_is_passed_over_unless_it_will_do(void **state)
{
    (void)state;
    struct dial_fault fault;
    struct dialing how = { .url = arena_printf(house, "%s options='-c default_transaction_read_only=on'",
                                               cluster_url("owner")),
                           .application = "test", .host_us = 1000000 };
    assert_null(dial(&how, &fault));
    assert_non_null(strstr(fault.text, "read-only"));
    how.any_server = true;
    PGconn *pg = dial(&how, &fault);
    assert_non_null(pg);
    PQfinish(pg);
}

static bool stop_now(void *context)
{
    (void)context;
    return true;
}

static void a_stop_ends_the_wait_for_a_silent_host(void **state)
{
    (void)state;
    struct dial_fault fault;
    int port, fd = listen_silently(&port);
    const struct dialing how = { .url = arena_printf(house, "host=127.0.0.1 port=%d", port), .application = "test",
                                 .host_us = 5000000, .is_stopping = stop_now };
    int64_t begun_us = clock_monotonic_us();
    assert_null(dial(&how, &fault));
    assert_true(clock_monotonic_us() - begun_us < 2000000);
    close(fd);
}

static void a_service_file_names_the_hosts(void **state)
{
    (void)state;
    struct dial_fault fault;
    const char *file = arena_printf(house, "%s/services", cluster_folder);
    FILE *out = fopen(file, "we");
    assert_non_null(out);
    fprintf(out, "[anze]\nhost=silent.invalid,%s\nport=5432\nuser=owner\ndbname=postgres\n", cluster_folder);
    fclose(out);
    setenv("PGSERVICEFILE", file, 1);
    const struct dialing how = { .url = "service=anze", .application = "test", .host_us = 300000 };
    PGconn *pg = dial(&how, &fault);
    unsetenv("PGSERVICEFILE");
    assert_non_null(pg);
    PQfinish(pg);
}

/* ---- what fails beside what works ---- */

static void a_further_connection_that_fails_takes_nothing_from_those_that_work(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    struct problem problem = { 0 };
    struct pool *pool = open_as("anze_service", 2, files, 4);
    struct connection *first = pool_take(pool, arena, &problem);
    assert_non_null(first);
    assert_true(session_script(owner, "alter role anze_service nologin"));
    assert_null(pool_take(pool, arena, &problem));
    assert_int_equal(problem.code, PROBLEM_UNAVAILABLE);
    assert_true(pool_is_up(pool));
    pool_give(pool, first);
    assert_ptr_equal(pool_take(pool, arena, &problem), first);
    pool_drop(pool, first);
    assert_null(pool_take(pool, arena, &problem)); /* the last one: now it is away */
    assert_false(pool_is_up(pool));
    assert_true(session_script(owner, "alter role anze_service login"));
    pool_close(pool);
}

static void one_stale_session_renews_all_that_were_opened_before(void **state)
{
    (void)state;
    enum { N = 3 };
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    struct problem problem = { 0 };
    struct connection *some[N];
    struct pool *pool = open_as("anze_service", N, files, 4);
    for (int i = 0; i < N; i++)
        some[i] = pool_take(pool, arena, &problem);
    int64_t before = metrics_get(METRIC_POOL_CONNECTS);
    pool_give(pool, some[0]); /* idle when it happens; some[1] is in use */
    some[2] = pool_renew(pool, some[2], arena, &problem);
    assert_non_null(some[2]);
    pool_give(pool, some[1]);
    pool_give(pool, some[2]);
    for (int i = 0; i < N; i++)
        assert_non_null(some[i] = pool_take(pool, arena, &problem));
    assert_int_equal(metrics_get(METRIC_POOL_CONNECTS) - before, N);
    for (int i = 0; i < N; i++)
        pool_give(pool, some[i]);
    pool_close(pool);
}

struct turn {
    struct pool *pool;
    int number;
};
static int turns[3];
static atomic_int n_turns;

static void *wait_turn(void *argument)
{
    struct turn *turn = argument;
    struct problem problem = { 0 };
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    struct connection *connection = pool_take(turn->pool, arena, &problem);
    if (connection) {
        turns[atomic_fetch_add(&n_turns, 1)] = turn->number;
        pool_give(turn->pool, connection);
    }
    return NULL;
}

static void who_came_first_is_served_first(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    struct problem problem = { 0 };
    struct pool *pool = open_as("anze_service", 1, files, 4);
    struct connection *only = pool_take(pool, arena, &problem);
    struct turn waiting[3];
    pthread_t threads[3];
    for (int i = 0; i < 3; i++) {
        waiting[i] = (struct turn){ pool, i };
        pthread_create(&threads[i], NULL, wait_turn, &waiting[i]);
        usleep(50000);
    }
    pool_give(pool, only);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&n_turns), 3);
    for (int i = 0; i < 3; i++)
        assert_int_equal(turns[i], i);
    pool_close(pool);
}

static void comments_made_later_are_read_again(void **state)
{
    (void)state;
    struct pool *pool = open_as("anze_service", 2, files, 4);
    struct constraint_text text;
    assert_true(pool_constraint_text(pool, "thing", "thing_pkey", &text));
    assert_string_equal(text.zh, "已有");
    assert_string_equal(text.en, "Taken");
    assert_string_equal(text.pointer, "/id");
    assert_false(pool_constraint_text(pool, "thing", "thing_small", &text));
    pool_close(pool);
}

static void a_wrong_password_is_tried_once_a_second(void **state)
{
    (void)state;
    assert_true(session_set_password(owner, "anze_service", "right"));
    assert_true(cluster_shell("sed -i 's/trust$/scram-sha-256/' data/pg_hba.conf && pg_ctl -D data -s reload"));
    usleep(200000);
    const char *url = cluster_url("anze_service");
    int64_t before = metrics_get(METRIC_POOL_CONNECTS);
    const struct pool_options options = { .url = arena_printf(house, "%s password=wrong", url), .size = 2, .wait_ms = 300,
                                          .statement_timeout_ms = 1000, .files = files, .n_files = 4 };
    struct pool *pool = pool_open(&options);
    usleep(2200000);
    assert_false(pool_is_up(pool));
    pool_close(pool);
    assert_int_equal(metrics_get(METRIC_POOL_CONNECTS), before);
    assert_true(cluster_shell("[ $(grep -c 'password authentication failed' log) -le 4 ]"));
    const struct pool_options right = { .url = arena_printf(house, "%s password=right", url), .size = 2, .wait_ms = 300,
                                        .statement_timeout_ms = 1000, .files = files, .n_files = 4 };
    pool = pool_open(&right);
    assert_true(pool_is_up(pool));
    pool_close(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(migrations_run_once_and_in_order),
        cmocka_unit_test(a_changed_migration_is_refused_by_name_and_a_changed_function_is_applied),
        cmocka_unit_test(a_failing_migration_leaves_nothing_and_those_before_it_stay),
        cmocka_unit_test(an_index_that_a_crash_left_unfinished_is_built_again),
        cmocka_unit_test(a_backfill_goes_on_where_it_was_broken_off),
        cmocka_unit_test(functions_follow_their_files),
        cmocka_unit_test(what_goes_with_the_functions_fails_with_them),
        cmocka_unit_test(a_step_that_must_wait_is_tried_again),
        cmocka_unit_test(logins_that_could_go_around_the_rules_are_refused),
        cmocka_unit_test(another_schema_than_the_programs_is_refused),
        cmocka_unit_test(a_server_that_is_not_there_fails_at_once),
        cmocka_unit_test(the_wait_for_a_connection_is_bounded),
        cmocka_unit_test(a_silent_host_hides_none_behind_it), cmocka_unit_test(a_silent_host_costs_its_time_once),
        cmocka_unit_test(a_server_that_only_reads_is_passed_over_unless_it_will_do),
        cmocka_unit_test(a_stop_ends_the_wait_for_a_silent_host),
        cmocka_unit_test(a_service_file_names_the_hosts),
        cmocka_unit_test(a_further_connection_that_fails_takes_nothing_from_those_that_work),
        cmocka_unit_test(one_stale_session_renews_all_that_were_opened_before),
        cmocka_unit_test(who_came_first_is_served_first),
        cmocka_unit_test(comments_made_later_are_read_again),
        cmocka_unit_test(a_wrong_password_is_tried_once_a_second),
    };
    return cmocka_run_group_tests(tests, start_all, stop_all);
}
