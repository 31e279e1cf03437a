#ifndef ANZE_BASE_ROUNDS_H
#define ANZE_BASE_ROUNDS_H

#include "anze/base/attributes.h"

#include <stdbool.h>
#include <stdint.h>

/* A thread that does rounds until it is stopped. After a good round the next begins when `interval_us` have passed,
 * or `rest_us` when somebody hurries it; after one that failed, when `rest_us` have passed. However often it is
 * hurried, there is never less than `rest_us` between two rounds. */
struct rounds;

typedef bool rounds_round(void *context);

struct rounds_job {
    rounds_round *round;
    void *context;
    int64_t rest_us, interval_us;
};

struct rounds *rounds_new(const struct rounds_job *job) NODISCARD RETURNS_NONNULL;
void rounds_start(struct rounds *rounds);
void rounds_hurry(struct rounds *rounds);
void rounds_wait(struct rounds *rounds, int64_t deadline_us); /* until the first round has ended, or that instant */
bool rounds_are_stopping(struct rounds *rounds); /* a round looks now and then, so that nobody waits for it */
void rounds_stop(struct rounds *rounds);         /* waits for the round under way */
void rounds_free(struct rounds *rounds);         /* once stopped, or if it never started */

#endif
