#include "anze/base/thread.h"
#include "anze/base/log.h"

#include <signal.h>
#include <stdlib.h>
#include <time.h>

pthread_t thread_start(void *(*work)(void *), void *context)
{
    pthread_t thread;
    sigset_t every, before;
    sigfillset(&every);
    pthread_sigmask(SIG_SETMASK, &every, &before);
    if (pthread_create(&thread, NULL, work, context)) {
        log_event(LOG_ERROR_LEVEL, "thread-failed", NULL);
        abort();
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return thread;
}

void thread_condition(pthread_cond_t *condition)
{
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &monotonic);
    pthread_condattr_destroy(&monotonic);
}
