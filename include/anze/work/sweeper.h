#ifndef ANZE_WORK_SWEEPER_H
#define ANZE_WORK_SWEEPER_H

#include "anze/work/worker.h"

/* The sweeper: does what time asks for (plans what is owed, tells, judges, counts) step by step (anze.sweep), again and
 * again while there is more to do, and looks again after `interval_ms`. Any number of replicas may run it: each takes
 * rows that no other has. Counts METRIC_SWEEP_RUNS and METRIC_SWEEP_ITEMS. Stopped by worker_stop. */
struct worker *sweeper_start(const char *url, int interval_ms) NODISCARD RETURNS_NONNULL;

#endif
