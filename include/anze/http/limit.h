#ifndef ANZE_HTTP_LIMIT_H
#define ANZE_HTTP_LIMIT_H

#include <stdbool.h>

/* How many requests a caller may make per window, counted in this process. A replica counts for itself: the limit
 * protects the process; quotas of a caller over all replicas belong to the database. */
struct limiter;

struct limit_verdict {
    bool allowed;
    long remaining;
    long reset_s;
};

struct limiter *limiter_new(long limit, long window_s); /* limit 0: NULL, which allows everything */
void limiter_free(struct limiter *limiter);
struct limit_verdict limiter_take(struct limiter *limiter, const char *caller);

/* Callers who are known by a token, and addresses of those who are not: apart, so that strangers with many addresses
 * cannot push callers' windows out. */
struct clients;
struct limits {
    struct limiter *callers, *addresses;
    const struct clients *clients;
};

#endif
