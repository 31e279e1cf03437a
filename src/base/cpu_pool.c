#include "anze/base/cpu_pool.h"
#include "anze/base/clock.h"
#include "anze/base/thread.h"

#include <stdlib.h>
#include <unistd.h>

enum { RETRY_AFTER_S = 1 };

/* On the stack of whoever waits for it. */
struct cpu_job {
    void (*work)(void *context);
    void *context;
    enum { JOB_WAITS, JOB_RUNS, JOB_DONE } state;
    pthread_cond_t changed;
    struct cpu_job *next;
};

struct cpu_pool {
    pthread_mutex_t mutex; /* of all that follows, and of the jobs' states */
    pthread_cond_t changed;
    struct cpu_job *first;
    size_t n_jobs, most_jobs; /* waiting and running */
    bool is_closing;
    size_t n_threads;
    pthread_t threads[];
};

static struct cpu_job *next_cpu_job(struct cpu_pool *pool)
{
    while (!pool->first && !pool->is_closing)
        pthread_cond_wait(&pool->changed, &pool->mutex);
    struct cpu_job *job = pool->first;
    if (job)
        pool->first = job->next;
    return job;
}

static void *work_in_pool(void *context)
{
    struct cpu_pool *pool = context;
    pthread_mutex_lock(&pool->mutex);
    for (struct cpu_job *job; (job = next_cpu_job(pool));) {
        job->state = JOB_RUNS;
        pthread_mutex_unlock(&pool->mutex);
        job->work(job->context);
        pthread_mutex_lock(&pool->mutex);
        job->state = JOB_DONE;
        pthread_cond_signal(&job->changed);
    }
    pthread_mutex_unlock(&pool->mutex);
    return NULL;
}

struct cpu_pool *cpu_pool_new(size_t n_threads, size_t n_waiting)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    if (!n_threads)
        n_threads = cores > 1 ? (size_t)cores / 2 : 1;
    struct cpu_pool *pool = calloc(1, sizeof *pool + n_threads * sizeof pool->threads[0]);
    if (!pool)
        abort();
    pool->n_threads = n_threads;
    pool->most_jobs = n_threads + n_waiting;
    pthread_mutex_init(&pool->mutex, NULL);
    thread_condition(&pool->changed);
    for (size_t i = 0; i < n_threads; i++)
        pool->threads[i] = thread_start(work_in_pool, pool);
    return pool;
}

void cpu_pool_free(struct cpu_pool *pool)
{
    pthread_mutex_lock(&pool->mutex);
    pool->is_closing = true;
    pthread_cond_broadcast(&pool->changed);
    pthread_mutex_unlock(&pool->mutex);
    for (size_t i = 0; i < pool->n_threads; i++)
        pthread_join(pool->threads[i], NULL);
    pthread_cond_destroy(&pool->changed);
    pthread_mutex_destroy(&pool->mutex);
    free(pool);
}

/* Before its turn: a thread only takes what stands in the list. */
static void give_up(struct cpu_pool *pool, const struct cpu_job *job)
{
    struct cpu_job **link = &pool->first;
    while (*link != job)
        link = &(*link)->next;
    *link = job->next;
}

static void wait_in_line(struct cpu_pool *pool, struct cpu_job *job, int64_t deadline_us)
{
    const struct timespec until = clock_timespec(deadline_us);
    struct cpu_job **last = &pool->first;
    while (*last)
        last = &(*last)->next;
    *last = job;
    pool->n_jobs++;
    pthread_cond_signal(&pool->changed);
    bool is_late = false;
    while (job->state == JOB_WAITS && !is_late)
        is_late = pthread_cond_timedwait(&job->changed, &pool->mutex, &until) != 0;
    if (job->state == JOB_WAITS)
        give_up(pool, job);
    while (job->state == JOB_RUNS)
        pthread_cond_wait(&job->changed, &pool->mutex);
    pool->n_jobs--;
}

bool cpu_pool_do(struct cpu_pool *pool, void (*work)(void *context), void *context, int64_t deadline_us,
                 struct arena *arena, struct problem *problem)
{
    struct cpu_job job = { .work = work, .context = context };
    thread_condition(&job.changed);
    pthread_mutex_lock(&pool->mutex);
    bool is_full = pool->n_jobs == pool->most_jobs;
    if (!is_full)
        wait_in_line(pool, &job, deadline_us);
    pthread_mutex_unlock(&pool->mutex);
    pthread_cond_destroy(&job.changed);
    if (job.state == JOB_DONE)
        return true;
    problem->cause = is_full ? "too many jobs wait for the processor" : "no turn at the processor in time";
    problem->retry_after_s = RETRY_AFTER_S;
    return problem_raise(arena, problem, PROBLEM_UNAVAILABLE, "服务繁忙，请稍后重试", "The service is busy: try again soon");
}
