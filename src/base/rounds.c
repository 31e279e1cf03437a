#include "anze/base/rounds.h"
#include "anze/base/arena.h"
#include "anze/base/clock.h"
#include "anze/base/thread.h"

#include <stdatomic.h>

struct rounds {
    struct arena *arena;
    struct rounds_job job;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t wake; /* of the thread and of who waits for its first round */
    bool is_started, is_hurried, has_been_round;
    atomic_bool stopping;
};

struct rounds *rounds_new(const struct rounds_job *job)
{
    struct arena *arena = arena_new();
    struct rounds *rounds = arena_new_of(arena, struct rounds);
    rounds->arena = arena;
    rounds->job = *job;
    pthread_mutex_init(&rounds->mutex, NULL);
    thread_condition(&rounds->wake);
    return rounds;
}

bool rounds_are_stopping(struct rounds *rounds)
{
    return atomic_load(&rounds->stopping);
}

static void wait_until(struct rounds *rounds, int64_t instant_us)
{
    struct timespec until = clock_timespec(instant_us);
    pthread_cond_timedwait(&rounds->wake, &rounds->mutex, &until);
}

static void rest_until_due(struct rounds *rounds, bool was_good)
{
    int64_t ended_us = clock_monotonic_us(), rested_us = ended_us + rounds->job.rest_us;
    int64_t next_us = was_good ? ended_us + rounds->job.interval_us : rested_us;
    pthread_mutex_lock(&rounds->mutex);
    rounds->has_been_round = true;
    pthread_cond_broadcast(&rounds->wake);
    while (!rounds_are_stopping(rounds) && clock_monotonic_us() < (rounds->is_hurried ? rested_us : next_us))
        wait_until(rounds, rounds->is_hurried ? rested_us : next_us);
    rounds->is_hurried = false;
    pthread_mutex_unlock(&rounds->mutex);
}

static void *go_round(void *context)
{
    struct rounds *rounds = context;
    while (!rounds_are_stopping(rounds))
        rest_until_due(rounds, rounds->job.round(rounds->job.context));
    return NULL;
}

void rounds_start(struct rounds *rounds)
{
    rounds->thread = thread_start(go_round, rounds);
    rounds->is_started = true;
}

void rounds_hurry(struct rounds *rounds)
{
    pthread_mutex_lock(&rounds->mutex);
    if (!rounds->is_hurried)
        pthread_cond_broadcast(&rounds->wake);
    rounds->is_hurried = true;
    pthread_mutex_unlock(&rounds->mutex);
}

void rounds_wait(struct rounds *rounds, int64_t deadline_us)
{
    pthread_mutex_lock(&rounds->mutex);
    while (!rounds->has_been_round && clock_monotonic_us() < deadline_us)
        wait_until(rounds, deadline_us);
    pthread_mutex_unlock(&rounds->mutex);
}

void rounds_stop(struct rounds *rounds)
{
    pthread_mutex_lock(&rounds->mutex);
    atomic_store(&rounds->stopping, true);
    pthread_cond_broadcast(&rounds->wake);
    pthread_mutex_unlock(&rounds->mutex);
    if (rounds->is_started)
        pthread_join(rounds->thread, NULL);
    rounds->is_started = false;
}

void rounds_free(struct rounds *rounds)
{
    pthread_cond_destroy(&rounds->wake);
    pthread_mutex_destroy(&rounds->mutex);
    arena_free(rounds->arena);
}
