#include "anze/base/clock.h"
#include "anze/base/crew.h"
#include "anze/base/loop.h"
#include "anze/base/thread.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

/* The event loop, and the crew that does what may wait. */

enum { POSTERS = 4, POSTS = 2000 };

static struct loop *loop;
static pthread_t loop_thread;

static void *run_loop(void *unused)
{
    (void)unused;
    loop_run(loop);
    return NULL;
}

static void start_loop(void)
{
    loop_thread = thread_start(run_loop, NULL);
}

static void stop_loop(void)
{
    loop_stop(loop);
    pthread_join(loop_thread, NULL);
    loop_free(loop);
}

static void wait_for(const atomic_int *number, int least)
{
    for (int i = 0; i < 2000 && atomic_load(number) < least; i++)
        clock_pause(5000);
    assert_true(atomic_load(number) >= least);
}

/* ---- posts ---- */

static int n_run; /* the loop's thread alone counts */
static struct loop_post posts[POSTERS][POSTS];

static void count_post(void *unused)
{
    (void)unused;
    n_run++;
}

static void *post_all(void *data)
{
    struct loop_post *own = data;
    for (int i = 0; i < POSTS; i++) {
        own[i] = (struct loop_post){ .run = count_post };
        loop_post(loop, &own[i]);
    }
    return NULL;
}

static void what_threads_post_is_run_once_each(void **state)
{
    (void)state;
    pthread_t posters[POSTERS];
    loop = loop_new();
    start_loop();
    for (int i = 0; i < POSTERS; i++)
        posters[i] = thread_start(post_all, posts[i]);
    for (int i = 0; i < POSTERS; i++)
        pthread_join(posters[i], NULL);
    stop_loop(); /* what was posted before is still run */
    assert_int_equal(n_run, POSTERS * POSTS);
}

/* ---- descriptors and instants ---- */

static atomic_int n_read, n_turns;
static int pair[2];

static void take_byte(void *unused)
{
    char byte;
    (void)unused;
    if (recv(pair[0], &byte, 1, MSG_DONTWAIT) == 1)
        atomic_fetch_add(&n_read, 1);
}

static int64_t turn_soon(void *unused)
{
    (void)unused;
    atomic_fetch_add(&n_turns, 1);
    return clock_monotonic_us() + 20000;
}

static void descriptors_are_watched_and_turns_come_when_they_are_due(void **state)
{
    (void)state;
    struct loop_watch watch = { take_byte, NULL, -1 };
    struct loop_turn turn = { .run = turn_soon };
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    watch.fd = pair[0];
    loop = loop_new();
    loop_watch(loop, &watch);
    loop_add_turn(loop, &turn);
    start_loop();
    assert_int_equal(send(pair[1], "ab", 2, 0), 2);
    wait_for(&n_read, 2);
    wait_for(&n_turns, 10);
    stop_loop();
    close(pair[0]);
    close(pair[1]);
}

/* ---- crew ---- */

enum { JOBS = 200, MOST = 3 };

static struct crew *crew;
static struct crew_job jobs[JOBS], late_job;
static atomic_int n_done, n_at_once, most_at_once;

static void do_late_job(void *unused)
{
    (void)unused;
    atomic_fetch_add(&n_done, 1);
}

static void do_job(void *data)
{
    int now = atomic_fetch_add(&n_at_once, 1) + 1, most = atomic_load(&most_at_once);
    while (now > most && !atomic_compare_exchange_weak(&most_at_once, &most, now))
        ;
    clock_pause(500);
    atomic_fetch_add(&n_at_once, -1);
    atomic_fetch_add(&n_done, 1);
    if (data == &jobs[JOBS - 1])
        crew_do(crew, &late_job);
}

static void all_jobs_are_done_by_no_more_threads_than_allowed(void **state)
{
    (void)state;
    crew = crew_new(MOST);
    late_job = (struct crew_job){ .run = do_late_job };
    for (int i = 0; i < JOBS; i++) {
        jobs[i] = (struct crew_job){ .run = do_job, .context = &jobs[i] };
        crew_do(crew, &jobs[i]);
    }
    crew_free(crew); /* waits for all, also for what a job gave it */
    assert_int_equal(atomic_load(&n_done), JOBS + 1);
    assert_int_equal(atomic_load(&most_at_once), MOST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_threads_post_is_run_once_each),
        cmocka_unit_test(descriptors_are_watched_and_turns_come_when_they_are_due),
        cmocka_unit_test(all_jobs_are_done_by_no_more_threads_than_allowed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
