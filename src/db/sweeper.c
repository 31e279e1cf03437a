#include "anze/db/sweeper.h"
#include "anze/base/metrics.h"

/* Rows of one kind in one transaction: requests that change the same units wait for no longer than that takes. */
#define BATCH_ROWS "100"

static bool sweep(struct worker *worker, void *context)
{
    static const char *const values[] = { BATCH_ROWS };
    (void)context;
    for (int64_t done = 1; done > 0 && !worker_is_stopping(worker);) {
        AUTO(arena_free_at_end) struct arena *arena = arena_new();
        PGresult *answer = worker_ask(worker, arena, "select anze.sweep($1)::bigint", 1, values);
        if (!answer)
            return false;
        done = worker_integer(answer, 0, 0);
        metrics_add(METRIC_SWEEP_RUNS, 1);
        metrics_add(METRIC_SWEEP_ITEMS, done);
    }
    return true;
}

struct worker *sweeper_start(const char *url, int interval_ms)
{
    const struct worker_job job = { .name = "sweeper", .round = sweep, .interval_ms = interval_ms };
    struct worker *worker = worker_new(url, &job);
    worker_start(worker);
    return worker;
}
