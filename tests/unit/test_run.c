#include "anze/base/clock.h"
#include "anze/base/embedded.h"
#include "anze/base/metrics.h"
#include "anze/db/lease.h"
#include "anze/db/migration.h"
#include "anze/db/run.h"
#include "anze/db/session.h"
#include "anze/work/sweeper.h"
#include "cluster.h"
#include "statement_fixture.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

static struct arena *house; /* for the whole test */
static struct session *owner;
static struct pool *pool;

static struct statement *statement(const char *sql, bool keeps_reply)
{
    return letter_statement(house, sql, keeps_reply);
}

struct outcome {
    struct arena *arena;
    bool done;
    struct db_reply reply;
    struct problem problem;
};

static struct outcome outcomes[64];
static size_t n_outcomes;

/* Values live until the end of the test. */
static struct outcome *run_as(const char *actor, struct statement *s, const char *a, const char *b, const char *key,
                              bool dry_run, bool read_only)
{
    struct outcome *outcome = &outcomes[n_outcomes++];
    const char *values[N_SLOTS] = { a, b };
    const struct db_key claimed = { key, "hash" };
    struct db_request request = { .statement = s, .values = values, .key = key ? &claimed : NULL, .dry_run = dry_run };
    request.context[DB_ACTOR] = actor;
    request.context[DB_OPERATION] = "test";
    request.context[DB_READ_ONLY] = read_only ? "on" : "off";
    *outcome = (struct outcome){ .arena = arena_new() };
    outcome->done = db_run(pool, outcome->arena, &request, &outcome->reply, &outcome->problem);
    return outcome;
}

static struct outcome *run(const char *sql, const char *a, const char *b)
{
    return run_as("somebody", statement(sql, false), a, b, NULL, false, false);
}

static void assert_column(const struct outcome *outcome, const char *name, const char *expected)
{
    if (!outcome->done)
        fail_msg("refused: %s (%s)", outcome->problem.en, outcome->problem.cause);
    struct slice text = db_column(outcome->reply.row, name);
    if (!text.bytes)
        fail_msg("column %s is NULL or absent", name);
    assert_int_equal(text.length, strlen(expected));
    assert_memory_equal(text.bytes, expected, text.length);
}

static void assert_problem(const struct outcome *outcome, enum problem_code code)
{
    assert_false(outcome->done);
    assert_string_equal(problem_kind(outcome->problem.code)->code, problem_kind(code)->code);
}

static void script(const char *sql)
{
    if (!session_script(owner, sql))
        fail_msg("%s: %s", sql, session_why(owner));
}

static const char specimens[] =
    "create table anze.specimen (id int constraint specimen_pkey primary key, parent int,"
    " name text constraint specimen_name_length check (length(name) < 5),"
    " constraint specimen_parent foreign key (parent) references anze.specimen deferrable initially deferred);"
    "comment on constraint specimen_pkey on anze.specimen is '已有此编号。 | The number is taken. | /id';"
    "comment on constraint specimen_parent on anze.specimen is '上级不存在。 | There is no such parent. | /parent';"
    "grant select, insert, update on anze.specimen to anze_service;"
    "create function anze.file_specimen(id int, name text) returns table (status int, body text, etag text, location text)"
    " language sql as $$ insert into anze.specimen values (id, null, name)"
    " returning 201, json_build_object('id', id)::text, '1', '/specimens/' || id $$;"
    "grant execute on all functions in schema anze to anze_service";

static void tell(void *context, const char *line)
{
    (void)context;
    fprintf(stderr, "%s\n", line);
}

static struct pool *open_pool(int statement_timeout_ms)
{
    const struct pool_options options = { .url = cluster_url("anze_service"), .size = 4, .wait_ms = 500,
                                          .statement_timeout_ms = statement_timeout_ms };
    return pool_open(&options);
}

static int start_all(void **state)
{
    (void)state;
    const char *why = "";
    size_t n_pending;
    house = arena_new();
    const struct migration_listener listener = { tell, NULL };
    if (!cluster_start())
        return -1;
    owner = session_open(house, cluster_url("owner"), "test", &why);
    const struct migration_plan plan = migration_plan(house, embedded_sql, n_embedded_sql);
    if (!owner || !migration_run(owner, &plan, false, &listener, &n_pending)) {
        fprintf(stderr, "%s\n", why);
        return -1;
    }
    script(specimens);
    pool = open_pool(1000);
    if (!pool_is_up(pool))
        fprintf(stderr, "%s\n", pool_refusal(pool) ? pool_refusal(pool) : "the database is away");
    return pool_is_up(pool) ? 0 : -1;
}

static int stop_all(void **state)
{
    (void)state;
    if (pool)
        pool_close(pool);
    arena_free(house);
    cluster_stop();
    return 0;
}

static int clear_outcomes(void **state)
{
    (void)state;
    while (n_outcomes)
        arena_free(outcomes[--n_outcomes].arena);
    return 0;
}

static void columns_are_found_by_name(void **state)
{
    (void)state;
    struct outcome *o = run("select :a || '!' as body, null as etag, '' as location", "甲", NULL);
    assert_column(o, "body", "甲!");
    assert_column(o, "location", "");
    assert_null(db_column(o->reply.row, "etag").bytes);
    assert_null(db_column(o->reply.row, "status").bytes);
    assert_null(run("select 1 where false", NULL, NULL)->reply.row);
}

static void bytes_go_and_come_as_they_are(void **state)
{
    (void)state;
    static const char given[] = "\x01\0\xff'\\\n";
    const char *values[N_SLOTS] = { "text", given };
    struct db_request request = { .statement = statement("select :a::text as text, :b::bytea as bytes,"
                                                         " octet_length(:b::bytea)::text as length", false),
                                  .values = values, .bytes = { given, sizeof given - 1 }, .bytes_slot = B,
                                  .binary_reply = true };
    request.context[DB_READ_ONLY] = "on";
    struct outcome *outcome = &outcomes[n_outcomes++];
    *outcome = (struct outcome){ .arena = arena_new() };
    outcome->done = db_run(pool, outcome->arena, &request, &outcome->reply, &outcome->problem);
    assert_column(outcome, "text", "text");
    assert_column(outcome, "length", "6");
    struct slice bytes = db_column(outcome->reply.row, "bytes");
    assert_int_equal(bytes.length, sizeof given - 1);
    assert_memory_equal(bytes.bytes, given, sizeof given - 1);
}

static void the_context_ends_with_its_transaction(void **state)
{
    (void)state;
    struct statement *who = statement("select anze.actor() as body", false);
    assert_column(run_as("first", who, NULL, NULL, NULL, false, true), "body", "first");
    struct outcome *o = run_as(NULL, who, NULL, NULL, NULL, false, true);
    assert_true(o->done);
    assert_null(db_column(o->reply.row, "body").bytes);
}

static void a_read_cannot_write(void **state)
{
    (void)state;
    struct statement *write = statement("insert into anze.specimen values (1)", false);
    assert_false(run_as("x", write, NULL, NULL, NULL, false, true)->done);
    assert_column(run("select count(*)::text as body from anze.specimen", NULL, NULL), "body", "0");
}

static void constraints_speak_by_their_comments(void **state)
{
    (void)state;
    assert_true(run("insert into anze.specimen values (2)", NULL, NULL)->done);
    struct outcome *o = run("insert into anze.specimen values (2)", NULL, NULL);
    assert_problem(o, PROBLEM_DUPLICATE);
    assert_string_equal(o->problem.zh, "已有此编号。");
    assert_string_equal(o->problem.first->pointer, "/id");
    assert_string_equal(o->problem.cause, "23505 specimen_pkey");
}

static void a_deferred_constraint_fails_at_the_commit(void **state)
{
    (void)state;
    struct statement *orphan = statement("insert into anze.specimen values (3, 99)", false);
    struct outcome *o = run_as("x", orphan, NULL, NULL, NULL, false, false);
    assert_problem(o, PROBLEM_VALIDATION_FAILED);
    assert_string_equal(o->problem.first->rule, "unknown-reference");
    assert_problem(run_as("x", orphan, NULL, NULL, NULL, true, false), PROBLEM_VALIDATION_FAILED);
    assert_column(run("select count(*)::text as body from anze.specimen where id = 3", NULL, NULL), "body", "0");
}

static void values_never_get_into_the_cause(void **state)
{
    (void)state;
    struct outcome *o = run("insert into anze.specimen values (4, null, :a)", "张三的秘密很长", NULL);
    assert_problem(o, PROBLEM_VALIDATION_FAILED);
    assert_string_equal(o->problem.cause, "23514 specimen_name_length");
    o = run("select :a::int as body", "secret", NULL);
    assert_problem(o, PROBLEM_VALIDATION_FAILED);
    assert_string_equal(o->problem.cause, "22P02");
}

static void a_dry_run_answers_and_leaves_nothing(void **state)
{
    (void)state;
    struct statement *file = statement("select * from anze.file_specimen(:a::int, :b)", true);
    struct outcome *o = run_as("x", file, "5", "dry", "k-dry", true, false);
    assert_column(o, "status", "201");
    assert_column(run("select count(*)::text as body from anze.specimen where id = 5", NULL, NULL), "body", "0");
    assert_column(run_as("x", file, "5", "wet", "k-dry", false, false), "status", "201");
}

static void a_repeated_key_gets_the_stored_answer(void **state)
{
    (void)state;
    struct statement *file = statement("select * from anze.file_specimen(:a::int, :b)", true);
    struct outcome *first = run_as("x", file, "6", "six", "k6", false, false);
    assert_column(first, "body", "{\"id\" : 6}");
    assert_false(first->reply.replayed);
    struct outcome *again = run_as("x", file, "6", "six", "k6", false, false);
    assert_column(again, "body", "{\"id\" : 6}");
    assert_column(again, "status", "201");
    assert_column(again, "location", "/specimens/6");
    assert_true(again->reply.replayed);
    assert_problem(run_as("y", file, "6", "six", "k6", false, false), PROBLEM_DUPLICATE);
}

static void old_keys_are_forgotten(void **state)
{
    (void)state;
    script("insert into anze.idempotency_key (actor, operation, key, request_hash, created_at)"
           " select 'z', 'test', 'old' || i, 'hash', now() - interval '49 hours' from generate_series(1, 2500) i");
    const struct session_rows *rows;
    struct worker *sweeper = sweeper_start(cluster_url("anze_service"), 100);
    size_t left = 1;
    for (int i = 0; i < 150 && left; i++) {
        usleep(100000);
        assert_true(session_query(owner, "select from anze.idempotency_key where actor = 'z'", NULL, 0, &rows));
        left = session_count(rows);
    }
    worker_stop(sweeper);
    assert_int_equal(left, 0);
}

static void a_refused_request_does_not_use_up_its_key(void **state)
{
    (void)state;
    struct statement *file = statement("select * from anze.file_specimen(:a::int, :b)", true);
    assert_problem(run_as("x", file, "7", "too long", "k7", false, false), PROBLEM_VALIDATION_FAILED);
    assert_column(run_as("x", file, "7", "ok", "k7", false, false), "status", "201");
}

static void a_slow_statement_is_stopped(void **state)
{
    (void)state;
    int64_t begun_us = clock_monotonic_us();
    struct outcome *o = run("select pg_sleep(5)::text as body", NULL, NULL);
    assert_problem(o, PROBLEM_TIMEOUT);
    assert_int_equal(o->problem.retry_after_s, 1);
    assert_true(clock_monotonic_us() - begun_us < 2500000);
    assert_column(run("select '1' as body", NULL, NULL), "body", "1");
}

static void a_cancelled_wait_for_the_standby_is_no_success(void **state)
{
    (void)state;
    script("alter system set synchronous_standby_names = 'nobody'");
    script("select pg_reload_conf()");
    usleep(300000);
    struct outcome *o = run("insert into anze.specimen values (8)", NULL, NULL);
    script("alter system reset synchronous_standby_names");
    script("select pg_reload_conf()");
    assert_problem(o, PROBLEM_OUTCOME_UNKNOWN);
    usleep(300000);
    assert_column(run("select '1' as body", NULL, NULL), "body", "1");
}

static void an_admins_cancel_of_that_wait_is_no_success_either(void **state)
{
    (void)state;
    script("alter system set synchronous_standby_names = 'nobody'");
    script("select pg_reload_conf()");
    usleep(300000);
    script("set synchronous_commit = local");
    cluster_shell("(sleep 0.5; psql -qXAt -h %s -U owner postgres -c 'select pg_cancel_backend(pid) from pg_stat_activity"
                  " where wait_event = \\$\\$SyncRep\\$\\$') > cancel.log 2>&1 &", cluster_folder);
    int64_t begun_us = clock_monotonic_us();
    struct outcome *o = run("insert into anze.specimen values (9)", NULL, NULL);
    int64_t took_us = clock_monotonic_us() - begun_us;
    script("alter system reset synchronous_standby_names");
    script("select pg_reload_conf()");
    assert_problem(o, PROBLEM_OUTCOME_UNKNOWN);
    assert_true(took_us < 1900000);
    usleep(300000);
}

static void ended_sessions_cost_no_request(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        script("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'anze_service'");
        char *id = arena_printf(house, "%d", 20 + i);
        assert_true(run("insert into anze.specimen values (:a::int)", id, NULL)->done);
    }
}

static void a_session_that_is_ended_while_it_works_leaves_nothing(void **state)
{
    (void)state;
    struct outcome *o = run("select pg_terminate_backend(pg_backend_pid())::text as body", NULL, NULL);
    assert_problem(o, PROBLEM_UNAVAILABLE);
    assert_column(run("select '1' as body", NULL, NULL), "body", "1");
}

static void a_changed_table_is_no_fault_of_the_caller(void **state)
{
    (void)state;
    struct statement *all = statement("select s.* from anze.specimen s limit 1", false);
    assert_true(run_as("x", all, NULL, NULL, NULL, false, true)->done);
    script("alter table anze.specimen add column extra text");
    assert_true(run_as("x", all, NULL, NULL, NULL, false, true)->done);
}

/* Each session of the pool has the statement prepared, and none of them is told of the change before it is asked. */
static void no_session_of_before_a_migration_fails_a_request(void **state)
{
    (void)state;
    struct statement *all = statement("select s.* from anze.specimen s limit 1", false);
    struct connection *taken[4];
    struct problem problem = { 0 };
    for (size_t n = 0; n < ARRAY_LENGTH(taken); n++) { /* the others are taken, so each prepares it once */
        assert_true(run_as("x", all, NULL, NULL, NULL, false, true)->done);
        taken[n] = pool_take(pool, house, &problem);
        assert_non_null(taken[n]);
    }
    for (size_t n = 0; n < ARRAY_LENGTH(taken); n++)
        pool_give(pool, taken[n]);
    script("alter table anze.specimen add column later text");
    for (size_t n = 0; n < ARRAY_LENGTH(taken); n++) {
        assert_true(run_as("x", all, NULL, NULL, NULL, false, true)->done);
        taken[n] = pool_take(pool, house, &problem);
        assert_non_null(taken[n]);
    }
    for (size_t n = 0; n < ARRAY_LENGTH(taken); n++)
        pool_give(pool, taken[n]);
}

/* And none runs while a migration has closed the gate. */
static void a_request_waits_at_the_gate(void **state)
{
    (void)state;
    script("begin; select pg_advisory_xact_lock(" MIGRATION_GATE ")");
    assert_false(run("select '1' as body", NULL, NULL)->done);
    script("commit");
    assert_column(run("select '1' as body", NULL, NULL), "body", "1");
}

static void many_statements_do_not_pile_up_on_a_connection(void **state)
{
    (void)state;
    for (int i = 0; i < 600; i++) {
        struct statement *one = statement(arena_printf(house, "select '%d' as body", i), false);
        assert_column(run_as("x", one, NULL, NULL, NULL, false, true), "body", arena_printf(house, "%d", i));
        clear_outcomes(NULL);
    }
    struct outcome *o = run("select (count(*) < 513)::text as body from pg_prepared_statements", NULL, NULL);
    assert_column(o, "body", "true");
}

struct collision {
    struct statement *statement;
    bool done;
};

static void *collide(void *argument)
{
    struct collision *collision = argument;
    struct arena *arena = arena_new();
    const char *values[N_SLOTS] = { NULL, NULL };
    struct db_request request = { .statement = collision->statement, .values = values };
    struct db_reply reply;
    struct problem problem = { 0 };
    collision->done = db_run(pool, arena, &request, &reply, &problem);
    if (!collision->done)
        fprintf(stderr, "refused: %s (%s)\n", problem.en, problem.cause ? problem.cause : "");
    arena_free(arena);
    return NULL;
}

/* Until all are done, with more time for a statement than for a lock, as in the service. */
static void collide_all(struct collision *collisions, int n)
{
    pthread_t threads[2];
    struct pool *usual = pool;
    pool = open_pool(5000);
    for (int i = 0; i < n; i++)
        pthread_create(&threads[i], NULL, collide, &collisions[i]);
    for (int i = 0; i < n; i++)
        pthread_join(threads[i], NULL);
    pool_close(pool);
    pool = usual;
}

static void *change_and_hold(void *nothing)
{
    script("begin; update anze.specimen set extra = 'held' where id = 100; select pg_advisory_xact_lock(100);"
           "select pg_sleep(1.5); commit");
    return nothing;
}

static void wait_until_held(void)
{
    struct statement *held = statement("select count(*)::text as body from pg_locks where locktype = 'advisory'"
                                       " and objid = 100", false);
    for (bool is_held = false; !is_held; clear_outcomes(NULL)) {
        struct outcome *outcome = run_as("x", held, NULL, NULL, NULL, false, true);
        is_held = outcome->done && *db_column(outcome->reply.row, "body").bytes == '1';
    }
}

static void a_lock_that_is_held_for_longer_than_one_wait_costs_no_request(void **state)
{
    (void)state;
    pthread_t holder;
    struct statement *change = statement("update anze.specimen set extra = extra || ', late' where id = 100"
                                         " returning 1 as body", false);
    struct collision late = { change, false };
    script("insert into anze.specimen values (100)");
    pthread_create(&holder, NULL, change_and_hold, NULL);
    wait_until_held();
    int64_t retries = metrics_get(METRIC_DATABASE_RETRIES);
    collide_all(&late, 1);
    pthread_join(holder, NULL);
    assert_true(late.done);
    assert_true(metrics_get(METRIC_DATABASE_RETRIES) > retries);
    assert_column(run("select extra as body from anze.specimen where id = 100", NULL, NULL), "body", "held, late");
}

/* The function sets deadlock_timeout itself: a reloaded configuration reaches sessions when it pleases, and until then a
 * statement's time was over before its deadlock was seen. */
static void deadlocks_are_tried_again(void **state)
{
    (void)state;
    script("insert into anze.specimen values (101), (102);"
           "create function anze.touch(a int, b int) returns int language plpgsql security definer"
           " set deadlock_timeout = '50ms' as $$ begin"
           " update anze.specimen set extra = '1' where id = 100 + a; perform pg_sleep(0.2);"
           " update anze.specimen set extra = '2' where id = 100 + b; return 1; end $$;"
           "grant execute on function anze.touch to anze_service");
    struct collision collisions[] = { { statement("select anze.touch(1, 2)::text as body", false), false },
                                      { statement("select anze.touch(2, 1)::text as body", false), false } };
    collide_all(collisions, 2);
    assert_true(collisions[0].done && collisions[1].done);
}

static void a_killed_server_is_an_unknown_outcome_then_away_then_back(void **state)
{
    (void)state;
    cluster_shell("(sleep 0.3; P=$(head -1 data/postmaster.pid); kill -STOP \\$P; pkill -9 -P \\$P; kill -9 \\$P) &");
    struct outcome *o = run("insert into anze.specimen select 200 from pg_sleep(0.9)", NULL, NULL);
    assert_false(o->done);
    assert_true(o->problem.code == PROBLEM_OUTCOME_UNKNOWN || o->problem.code == PROBLEM_UNAVAILABLE);
    usleep(600000);
    int64_t begun_us = clock_monotonic_us();
    o = run("select '1' as body", NULL, NULL);
    assert_problem(o, PROBLEM_UNAVAILABLE);
    assert_int_equal(o->problem.retry_after_s, 1);
    assert_true(clock_monotonic_us() - begun_us < 100000);
    assert_false(pool_is_up(pool));
    assert_true(cluster_shell("rm -f data/postmaster.pid .s.PGSQL.5432*") && cluster_up()); /* nobody may have reaped its process */
    begun_us = clock_monotonic_us();
    while (!pool_is_up(pool) && clock_monotonic_us() - begun_us < 2000000)
        usleep(10000);
    assert_column(run("select '1' as body", NULL, NULL), "body", "1");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, clear_outcomes)
    const struct CMUnitTest tests[] = {
        TEST(columns_are_found_by_name), TEST(bytes_go_and_come_as_they_are), TEST(the_context_ends_with_its_transaction),
        TEST(a_read_cannot_write),
        TEST(constraints_speak_by_their_comments), TEST(a_deferred_constraint_fails_at_the_commit),
        TEST(values_never_get_into_the_cause), TEST(a_dry_run_answers_and_leaves_nothing),
        TEST(a_repeated_key_gets_the_stored_answer), TEST(a_refused_request_does_not_use_up_its_key), TEST(old_keys_are_forgotten),
        TEST(a_slow_statement_is_stopped), TEST(a_cancelled_wait_for_the_standby_is_no_success),
        TEST(an_admins_cancel_of_that_wait_is_no_success_either), TEST(ended_sessions_cost_no_request),
        TEST(a_session_that_is_ended_while_it_works_leaves_nothing), TEST(a_changed_table_is_no_fault_of_the_caller),
        TEST(no_session_of_before_a_migration_fails_a_request), TEST(a_request_waits_at_the_gate),
        TEST(many_statements_do_not_pile_up_on_a_connection), TEST(a_lock_that_is_held_for_longer_than_one_wait_costs_no_request),
        TEST(deadlocks_are_tried_again),
        TEST(a_killed_server_is_an_unknown_outcome_then_away_then_back),
    };
    return cmocka_run_group_tests(tests, start_all, stop_all);
}
