#ifndef ANZE_BASE_THREAD_H
#define ANZE_BASE_THREAD_H

#include <pthread.h>

/* A thread that no signal reaches: those are the main thread's. If there can be none, the process says so and ends. */
pthread_t thread_start(void *(*work)(void *), void *context);

/* Makes a condition whose timed waits go by the monotonic clock. */
void thread_condition(pthread_cond_t *condition);

#endif
