#include "anze/base/clock.h"
#include "anze/base/embedded.h"
#include "anze/base/metrics.h"
#include "anze/base/thread.h"
#include "anze/db/lane.h"
#include "anze/db/migration.h"
#include "anze/db/run.h"
#include "anze/db/session.h"
#include "cluster.h"
#include "statement_fixture.h"

#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

/* Quick reads on a connection that many share. */

static struct arena *house; /* for the whole test */
static struct session *owner;
static struct pool *pool;
static struct loop *loop;
static struct lanes *lanes;
static pthread_t loop_thread;

static struct statement *statement(const char *sql, bool keeps_reply)
{
    return letter_statement(house, sql, keeps_reply);
}

static void script(const char *sql)
{
    if (!session_script(owner, sql))
        fail_msg("%s: %s", sql, session_why(owner));
}

static void tell(void *context, const char *line)
{
    (void)context;
    fprintf(stderr, "%s\n", line);
}

static void *run_loop(void *unused)
{
    (void)unused;
    loop_run(loop);
    return NULL;
}

static void close_lanes(void *unused)
{
    (void)unused;
    lanes_close(lanes);
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
    const struct pool_options options = { .url = cluster_url("anze_service"), .size = 4, .wait_ms = 500,
                                          .statement_timeout_ms = 1000 };
    pool = pool_open(&options);
    if (!pool_is_up(pool))
        fprintf(stderr, "%s\n", pool_refusal(pool) ? pool_refusal(pool) : "the database is away");
    loop = loop_new();
    lanes = lanes_open(pool, loop, 1);
    loop_thread = thread_start(run_loop, NULL);
    return pool_is_up(pool) ? 0 : -1;
}

static int stop_all(void **state)
{
    (void)state;
    struct loop_post closing = { .run = close_lanes };
    loop_post(loop, &closing);
    loop_stop(loop);
    pthread_join(loop_thread, NULL);
    loop_free(loop);
    pool_close(pool);
    arena_free(house);
    cluster_stop();
    return 0;
}

struct reader {
    pthread_t thread;
    struct statement *statement;
    const char *name; /* what it asks for, and who it is */
    int times;
    int good;
    atomic_bool is_over;
};

/* One read, asked for on the loop's thread while the reader waits. */
struct question {
    struct loop_post post;
    sem_t is_over;
    struct arena *arena;
    struct db_request request;
    struct db_sharing *sharing;
    enum db_shared end;
    struct db_reply reply;
    struct problem *problem;
};

static void take_answer(void *data)
{
    struct question *question = data;
    question->end = db_take_shared(question->sharing, &question->reply, question->problem);
    sem_post(&question->is_over);
}

static void ask(void *data)
{
    struct question *question = data;
    question->sharing = db_share(lanes, pool, question->arena, &question->request, take_answer, question);
    if (question->sharing)
        return;
    question->end = DB_ELSEWHERE;
    sem_post(&question->is_over);
}

static enum db_shared ask_and_wait(struct question *question)
{
    question->post = (struct loop_post){ .run = ask, .context = question };
    sem_init(&question->is_over, 0, 0);
    loop_post(loop, &question->post);
    while (sem_wait(&question->is_over))
        ;
    sem_destroy(&question->is_over);
    return question->end;
}

static bool read_as(struct statement *s, const char *name, struct problem *problem)
{
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    const char *values[N_SLOTS] = { name, NULL };
    struct question question = { .arena = arena, .request = { .statement = s, .values = values }, .problem = problem };
    question.request.context[DB_ACTOR] = name;
    question.request.context[DB_OPERATION] = "test";
    question.request.context[DB_READ_ONLY] = "on";
    enum db_shared end = ask_and_wait(&question);
    if (end == DB_FAILED || (end == DB_ELSEWHERE && !db_run(pool, arena, &question.request, &question.reply, problem)))
        return false;
    return slice_equals(db_column(question.reply.row, "body"), arena_printf(arena, "%s is %s", name, name));
}

static void *read_on(void *data)
{
    struct reader *reader = data;
    for (int i = 0; i < reader->times; i++) {
        struct problem problem = { 0 };
        reader->good += read_as(reader->statement, reader->name, &problem);
    }
    atomic_store(&reader->is_over, true);
    return NULL;
}

enum { READERS = 12 };

static void start_readers(struct reader *readers, struct statement *s, int times)
{
    for (int i = 0; i < READERS; i++) {
        readers[i] = (struct reader){ .statement = s, .name = arena_printf(house, "reader%d", i), .times = times };
        pthread_create(&readers[i].thread, NULL, read_on, &readers[i]);
    }
}

static void join_readers(struct reader *readers)
{
    for (int i = 0; i < READERS; i++) {
        pthread_join(readers[i].thread, NULL);
        assert_int_equal(readers[i].good, readers[i].times);
    }
}

static const char who_i_am[] = "select :a || ' is ' || anze.actor() as body";

static void wait_for_the_lane(void)
{
    int64_t before = metrics_get(METRIC_POOL_SHARED);
    struct statement *s = statement(who_i_am, false);
    struct problem problem = { 0 };
    for (int i = 0; i < 300 && metrics_get(METRIC_POOL_SHARED) == before; i++, clock_pause(10000))
        assert_true(read_as(s, "somebody", &problem));
    assert_true(metrics_get(METRIC_POOL_SHARED) > before);
}

static void readers_of_one_connection_get_their_own_answers(void **state)
{
    (void)state;
    struct reader readers[READERS];
    wait_for_the_lane();
    int64_t shared = metrics_get(METRIC_POOL_SHARED);
    start_readers(readers, statement(who_i_am, false), 200);
    join_readers(readers);
    assert_true(metrics_get(METRIC_POOL_SHARED) - shared > READERS * 100);
}

static void an_error_of_one_reader_is_nobody_elses(void **state)
{
    (void)state;
    struct reader readers[READERS];
    struct statement *wrong = statement("select (1 / length(left(:a, 0)))::text as body", false);
    wait_for_the_lane();
    start_readers(readers, statement(who_i_am, false), 100);
    for (int i = 0; i < 50; i++) {
        struct problem problem = { 0 };
        assert_false(read_as(wrong, "nobody", &problem));
        assert_string_equal(problem_kind(problem.code)->code, problem_kind(PROBLEM_INTERNAL)->code);
    }
    join_readers(readers);
}

/* The slow one waits for a lock that the test holds until the others have their answers. */
static void a_slow_read_holds_up_nobody(void **state)
{
    (void)state;
    struct reader readers[READERS], slow = { .times = 1, .name = "slow" };
    slow.statement = statement("select :a || ' is ' || anze.actor() || left(pg_advisory_xact_lock(77)::text, 0) as body", false);
    wait_for_the_lane();
    script("select pg_advisory_lock(77)");
    pthread_create(&slow.thread, NULL, read_on, &slow);
    clock_pause(30000);
    start_readers(readers, statement(who_i_am, false), 20);
    join_readers(readers);
    assert_false(atomic_load(&slow.is_over));
    script("select pg_advisory_unlock(77)");
    pthread_join(slow.thread, NULL);
    assert_int_equal(slow.good, 1);
}

static void ended_shared_sessions_cost_no_read(void **state)
{
    (void)state;
    struct reader readers[READERS];
    for (int i = 0; i < 3; i++) {
        wait_for_the_lane();
        start_readers(readers, statement(who_i_am, false), 60);
        script("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'anze_service'");
        join_readers(readers);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(readers_of_one_connection_get_their_own_answers),
        cmocka_unit_test(an_error_of_one_reader_is_nobody_elses),
        cmocka_unit_test(a_slow_read_holds_up_nobody),
        cmocka_unit_test(ended_shared_sessions_cost_no_read),
    };
    return cmocka_run_group_tests(tests, start_all, stop_all);
}
