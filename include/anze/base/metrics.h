#ifndef ANZE_BASE_METRICS_H
#define ANZE_BASE_METRICS_H

#include "anze/base/text.h"
#include <stddef.h>
#include <stdint.h>

/* Counters and histograms in Prometheus' text form. Operations are numbered by the contract; slot `n_operations`
 * stands for requests that matched none. Recording is a few relaxed atomic additions, no lock. */
void metrics_open(const char *const *operation_ids, size_t n_operations, const char *version);
void metrics_request(size_t operation, int status, int64_t duration_us, size_t bytes_out);
void metrics_close(void);

/* Single numbers, named here and nowhere else. */
enum metric {
    METRIC_POOL_SIZE,
    METRIC_POOL_IDLE,
    METRIC_POOL_WAITING,
    METRIC_POOL_TIMEOUTS,
    METRIC_POOL_CONNECTS,
    METRIC_POOL_SHARED,
    METRIC_DATABASE_UP,
    METRIC_DATABASE_RETRIES,
    METRIC_DATABASE_FULL,
    METRIC_CLOCK_OFFSET,
    METRIC_CONNECTIONS_OPEN,
    METRIC_CONNECTIONS_CUT,
    METRIC_TOKEN_CACHE_HITS,
    METRIC_TOKEN_CACHE_MISSES,
    METRIC_KEY_FETCHES,
    METRIC_KEY_FETCHES_FAILED,
    METRIC_ISSUERS_AWAY,
    METRIC_AUDIT_SEALED,
    METRIC_SWEEP_RUNS,
    METRIC_SWEEP_ITEMS,
    METRIC_SWEEP_SET_ASIDE,
    METRIC_LOG_DROPPED,
    METRIC_COUNT
};

void metrics_add(enum metric metric, int64_t amount);
void metrics_set(enum metric metric, int64_t value);
int64_t metrics_get(enum metric metric);
void metrics_render(struct text *out);

#endif
