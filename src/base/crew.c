#include "anze/base/crew.h"
#include "anze/base/clock.h"
#include "anze/base/thread.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

enum { REST_US = 10 * 1000 * 1000 };

/* Who waits for work, on its own stack. The last to wait is the first to work: its caches are warm. */
struct hand {
    pthread_cond_t wake;
    struct crew_job *job;
    struct hand *below;
};

struct crew {
    pthread_mutex_t mutex; /* of all */
    pthread_cond_t changed;
    size_t most, n_hands;
    struct hand *resting;
    struct crew_job *first, **last;
    bool is_closing;
};

struct crew *crew_new(size_t most)
{
    struct crew *crew = calloc(1, sizeof *crew);
    if (!crew)
        abort();
    crew->most = most;
    crew->last = &crew->first;
    pthread_mutex_init(&crew->mutex, NULL);
    thread_condition(&crew->changed);
    return crew;
}

/* ---- under the mutex ---- */

static void stand_up(struct crew *crew, const struct hand *hand)
{
    struct hand **link = &crew->resting;
    while (*link && *link != hand)
        link = &(*link)->below;
    if (*link)
        *link = hand->below;
}

static struct crew_job *rest_hand(struct crew *crew)
{
    struct hand hand = { .below = crew->resting };
    struct timespec until = clock_timespec(clock_monotonic_us() + REST_US);
    thread_condition(&hand.wake);
    crew->resting = &hand;
    while (!hand.job && !crew->is_closing)
        if (pthread_cond_timedwait(&hand.wake, &crew->mutex, &until))
            break;
    stand_up(crew, &hand);
    pthread_cond_destroy(&hand.wake);
    return hand.job;
}

static struct crew_job *next_job(struct crew *crew)
{
    struct crew_job *job = crew->first;
    if (!job)
        return crew->is_closing ? NULL : rest_hand(crew);
    crew->first = job->next;
    if (!crew->first)
        crew->last = &crew->first;
    return job;
}

static void *crew_work(void *context)
{
    struct crew *crew = context;
    struct crew_job *job;
    pthread_mutex_lock(&crew->mutex);
    while ((job = next_job(crew))) {
        pthread_mutex_unlock(&crew->mutex);
        job->run(job->context);
        pthread_mutex_lock(&crew->mutex);
    }
    crew->n_hands--;
    pthread_cond_signal(&crew->changed);
    pthread_mutex_unlock(&crew->mutex);
    return NULL;
}

static bool wake_hand(struct crew *crew, struct crew_job *job)
{
    struct hand *hand = crew->resting;
    if (!hand)
        return false;
    crew->resting = hand->below;
    hand->job = job;
    pthread_cond_signal(&hand->wake);
    return true;
}

void crew_do(struct crew *crew, struct crew_job *job)
{
    job->next = NULL;
    pthread_mutex_lock(&crew->mutex);
    bool is_short = !wake_hand(crew, job);
    if (is_short) {
        *crew->last = job;
        crew->last = &job->next;
    }
    bool grows = is_short && crew->n_hands < crew->most;
    crew->n_hands += grows;
    pthread_mutex_unlock(&crew->mutex);
    if (grows)
        pthread_detach(thread_start(crew_work, crew));
}

void crew_free(struct crew *crew)
{
    pthread_mutex_lock(&crew->mutex);
    crew->is_closing = true;
    for (struct hand *hand = crew->resting; hand; hand = hand->below)
        pthread_cond_signal(&hand->wake);
    while (crew->n_hands)
        pthread_cond_wait(&crew->changed, &crew->mutex);
    pthread_mutex_unlock(&crew->mutex);
    pthread_cond_destroy(&crew->changed);
    pthread_mutex_destroy(&crew->mutex);
    free(crew);
}
