#ifndef ANZE_BASE_CPU_POOL_H
#define ANZE_BASE_CPU_POOL_H

#include "anze/base/problem.h"
#include <stdint.h>

/* A few threads for work that takes the processor and waits for nothing, as digests of passwords do, so that a flood of
 * it slows itself and nothing else: so many jobs run at once, so many more wait, and whoever comes then is refused. */
struct cpu_pool;

/* 0 threads: half as many as the machine has cores. */
struct cpu_pool *cpu_pool_new(size_t n_threads, size_t n_waiting) NODISCARD RETURNS_NONNULL;
void cpu_pool_free(struct cpu_pool *pool); /* when nobody waits for it any more */

/* Returns when the work is done. False: it was not begun, and never will be, since too many were waiting (at once) or
 * its turn did not come by the deadline (monotonic microseconds): 503 with Retry-After. */
bool cpu_pool_do(struct cpu_pool *pool, void (*work)(void *context), void *context, int64_t deadline_us,
                 struct arena *arena, struct problem *problem) NODISCARD;

#endif
