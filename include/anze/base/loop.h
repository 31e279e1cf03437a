#ifndef ANZE_BASE_LOOP_H
#define ANZE_BASE_LOOP_H

#include "anze/base/attributes.h"

#include <stdbool.h>
#include <stdint.h>

/* One thread that waits for many things at once (epoll): descriptors, what other threads post, instants. Nothing that
 * runs on it may wait for anything else. The structures belong to whoever gives them and stay while they are known. */
struct loop;

/* `run` is called when the descriptor can be read, or, if that was asked, written. */
struct loop_watch {
    void (*run)(void *context);
    void *context;
    int fd;
};

/* Called once, on the loop's thread. */
struct loop_post {
    void (*run)(void *context);
    void *context;
    struct loop_post *next;
};

/* Called in each turn, after all that has happened. It returns the instant (monotonic microseconds) by which it wants
 * to be called again; INT64_MAX: when something happens. */
struct loop_turn {
    int64_t (*run)(void *context);
    void *context;
    struct loop_turn *next;
};

struct loop *loop_new(void) NODISCARD RETURNS_NONNULL;
void loop_free(struct loop *loop);
void loop_add_turn(struct loop *loop, struct loop_turn *turn); /* before it runs; called in the order of adding */

/* On the loop's thread, or before it runs. */
void loop_watch(struct loop *loop, struct loop_watch *watch);
void loop_watch_hangup(struct loop *loop, struct loop_watch *watch); /* only for the end of the other side: once */
void loop_watch_writing(struct loop *loop, struct loop_watch *watch, bool also_writing);
void loop_unwatch(struct loop *loop, struct loop_watch *watch);

void loop_post(struct loop *loop, struct loop_post *post); /* any thread */

void loop_run(struct loop *loop);  /* until it is stopped; what was posted before is still run */
void loop_stop(struct loop *loop); /* any thread */

#endif
