#include "anze/http/limit.h"
#include "anze/base/attributes.h"
#include "anze/base/bytes.h"
#include "anze/base/clock.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* A fixed table: a caller's window stands at one of PROBES places after its hash. When all are taken by others, the
 * oldest window makes room, so memory is bounded and an attacker's many names cannot grow it. */
enum { PLACES = 8192, PROBES = 8, SHARDS = 16 };

struct window {
    uint64_t caller;
    int64_t began_us;
    long used;
};

struct limiter {
    long limit;
    int64_t window_us;
    pthread_mutex_t locks[SHARDS];
    struct window windows[PLACES];
};

struct limiter *limiter_new(long limit, long window_s)
{
    if (limit <= 0)
        return NULL;
    struct limiter *limiter = calloc(1, sizeof *limiter);
    if (!limiter)
        abort();
    limiter->limit = limit;
    limiter->window_us = window_s * 1000000;
    for (size_t i = 0; i < SHARDS; i++)
        pthread_mutex_init(&limiter->locks[i], NULL);
    return limiter;
}

void limiter_free(struct limiter *limiter)
{
    if (!limiter)
        return;
    for (size_t i = 0; i < SHARDS; i++)
        pthread_mutex_destroy(&limiter->locks[i]);
    free(limiter);
}

/* 0 is a place that nobody has. */
static uint64_t number_of_caller(const char *caller)
{
    uint64_t hash = bytes_hash(caller);
    return hash ? hash : 1;
}

static struct window *window_of(struct limiter *limiter, uint64_t caller)
{
    struct window *first = &limiter->windows[caller % (PLACES / PROBES) * PROBES], *oldest = first;
    for (struct window *w = first; w < first + PROBES; w++) {
        if (w->caller == caller)
            return w;
        if (w->began_us < oldest->began_us)
            oldest = w;
    }
    *oldest = (struct window){ .caller = caller };
    return oldest;
}

struct limit_verdict limiter_take(struct limiter *limiter, const char *caller)
{
    if (!limiter)
        return (struct limit_verdict){ .allowed = true };
    uint64_t hash = number_of_caller(caller);
    int64_t now = clock_monotonic_us();
    /* all probes of one hash lie under one lock */
    pthread_mutex_t *lock = &limiter->locks[hash % (PLACES / PROBES) % SHARDS];
    pthread_mutex_lock(lock);
    struct window *window = window_of(limiter, hash);
    if (!window->began_us || now - window->began_us >= limiter->window_us)
        *window = (struct window){ hash, now, 0 };
    struct limit_verdict verdict = { .allowed = window->used < limiter->limit };
    if (verdict.allowed)
        window->used++;
    verdict.remaining = limiter->limit - window->used;
    verdict.reset_s = (long)((window->began_us + limiter->window_us - now + 999999) / 1000000);
    pthread_mutex_unlock(lock);
    return verdict;
}
