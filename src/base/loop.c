#include "anze/base/loop.h"
#include "anze/base/clock.h"
#include "anze/base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { MOST_EVENTS = 64 };

struct loop {
    int epoll, wake;
    struct loop_watch wake_watch;
    pthread_mutex_t mutex; /* of what is posted */
    struct loop_post *first, **last;
    struct loop_turn *turns, **last_turn;
    atomic_bool is_stopping;
};

/* Without its descriptors there is no service. */
static int must(int result)
{
    if (result >= 0)
        return result;
    log_event(LOG_ERROR_LEVEL, "loop-failed", "\"errno\":%d", errno);
    abort();
}

static void control(const struct loop *loop, int what, struct loop_watch *watch, uint32_t events)
{
    struct epoll_event event = { .events = events, .data.ptr = watch };
    must(epoll_ctl(loop->epoll, what, watch->fd, &event));
}

void loop_watch(struct loop *loop, struct loop_watch *watch)
{
    control(loop, EPOLL_CTL_ADD, watch, EPOLLIN);
}

void loop_watch_hangup(struct loop *loop, struct loop_watch *watch)
{
    control(loop, EPOLL_CTL_ADD, watch, EPOLLRDHUP | EPOLLONESHOT);
}

void loop_watch_writing(struct loop *loop, struct loop_watch *watch, bool also_writing)
{
    control(loop, EPOLL_CTL_MOD, watch, also_writing ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

void loop_unwatch(struct loop *loop, struct loop_watch *watch)
{
    epoll_ctl(loop->epoll, EPOLL_CTL_DEL, watch->fd, NULL); /* which a library may have closed: then it is forgotten */
}

static void wake_up(const struct loop *loop)
{
    const uint64_t one = 1;
    ssize_t written = write(loop->wake, &one, sizeof one);
    (void)written; /* full means that it is awake */
}

static void on_wake(void *context)
{
    const struct loop *loop = context;
    uint64_t count;
    ssize_t taken = read(loop->wake, &count, sizeof count);
    (void)taken;
}

struct loop *loop_new(void)
{
    struct loop *loop = calloc(1, sizeof *loop);
    if (!loop)
        abort();
    loop->epoll = must(epoll_create1(EPOLL_CLOEXEC));
    loop->wake = must(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    loop->last = &loop->first;
    loop->last_turn = &loop->turns;
    pthread_mutex_init(&loop->mutex, NULL);
    loop->wake_watch = (struct loop_watch){ on_wake, loop, loop->wake };
    loop_watch(loop, &loop->wake_watch);
    return loop;
}

void loop_free(struct loop *loop)
{
    close(loop->epoll);
    close(loop->wake);
    pthread_mutex_destroy(&loop->mutex);
    free(loop);
}

void loop_add_turn(struct loop *loop, struct loop_turn *turn)
{
    turn->next = NULL;
    *loop->last_turn = turn;
    loop->last_turn = &turn->next;
}

void loop_post(struct loop *loop, struct loop_post *post)
{
    post->next = NULL;
    pthread_mutex_lock(&loop->mutex);
    bool is_first = !loop->first;
    *loop->last = post;
    loop->last = &post->next;
    pthread_mutex_unlock(&loop->mutex);
    if (is_first)
        wake_up(loop);
}

void loop_stop(struct loop *loop)
{
    atomic_store(&loop->is_stopping, true);
    wake_up(loop);
}

static void run_posts(struct loop *loop)
{
    pthread_mutex_lock(&loop->mutex);
    struct loop_post *post = loop->first;
    loop->first = NULL;
    loop->last = &loop->first;
    pthread_mutex_unlock(&loop->mutex);
    while (post) {
        struct loop_post *next = post->next; /* it may be gone once it has run */
        post->run(post->context);
        post = next;
    }
}

static int64_t run_turns(const struct loop *loop)
{
    int64_t due_us = INT64_MAX;
    for (struct loop_turn *turn = loop->turns; turn; turn = turn->next) {
        int64_t wanted_us = turn->run(turn->context);
        due_us = wanted_us < due_us ? wanted_us : due_us;
    }
    return due_us;
}

static void run_ready(const struct loop *loop, int64_t due_us)
{
    struct epoll_event events[MOST_EVENTS];
    int n = epoll_wait(loop->epoll, events, MOST_EVENTS, clock_milliseconds_until(due_us));
    for (int i = 0; i < n; i++) {
        struct loop_watch *watch = events[i].data.ptr;
        watch->run(watch->context);
    }
}

void loop_run(struct loop *loop)
{
    int64_t due_us = 0;
    bool is_last;
    do {
        is_last = atomic_load(&loop->is_stopping);
        run_ready(loop, is_last ? 0 : due_us);
        run_posts(loop);
        due_us = run_turns(loop);
    } while (!is_last);
}
