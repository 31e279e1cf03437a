#include "anze/work/sweeper.h"
#include "anze/base/clock.h"
#include "anze/base/metrics.h"

/* How many rows a step takes in one transaction: so many as take about AIM_US, since requests that change the same
 * units wait for them, and far less than their lock_timeout. */
enum { FEWEST_ROWS = 8, FIRST_ROWS = 16, MOST_ROWS = 256, AIM_US = 100000, STEPS_MAX = 32 };

struct sweep {
    int rows[STEPS_MAX];
};

/* What a few rows took says nothing of many: only a full batch makes the next one larger. */
static int fitting_rows(int rows, int64_t done, int64_t took_us)
{
    if (took_us > AIM_US)
        return rows > FEWEST_ROWS ? rows / 2 : rows;
    return done >= rows && took_us < AIM_US / 4 && rows < MOST_ROWS ? rows * 2 : rows;
}

/* How much the step of this place did; DONE_ALL: there is no such step; DONE_FAILED: the connection is of no use. */
enum { DONE_ALL = -1, DONE_FAILED = -2 };

static int64_t sweep_step(struct worker *worker, struct sweep *sweep, int place)
{
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    int *rows = &sweep->rows[place < STEPS_MAX ? place : STEPS_MAX - 1]; /* the database may know more steps */
    *rows = *rows ? *rows : FIRST_ROWS;
    const char *values[] = { arena_printf(arena, "%d", place + 1), arena_printf(arena, "%d", *rows) };
    int64_t begun_us = clock_monotonic_us();
    const struct worker_rows *answer = worker_ask(worker, arena, "select anze.sweep($1, $2)", 2, values);
    if (!answer) {
        *rows = FEWEST_ROWS; /* it may have taken too long */
        return DONE_FAILED;
    }
    if (!worker_bytes(answer, 0, 0).bytes)
        return DONE_ALL;
    int64_t done = worker_integer(answer, 0, 0);
    *rows = fitting_rows(*rows, done, clock_monotonic_us() - begun_us);
    return done;
}

/* What steps set aside, in any replica; as it was, where it cannot be asked. */
static void count_set_aside(struct worker *worker)
{
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    const struct worker_rows *answer = worker_ask(worker, arena, "select count(*) from anze.set_aside", 0, NULL);
    if (answer)
        metrics_set(METRIC_SWEEP_SET_ASIDE, worker_integer(answer, 0, 0));
}

/* Every step in turn, so that none waits for the end of another's long work; how much was done. */
static int64_t sweep_once(struct worker *worker, struct sweep *sweep)
{
    int64_t total = 0;
    for (int place = 0; !worker_is_stopping(worker); place++) {
        int64_t done = sweep_step(worker, sweep, place);
        if (done == DONE_FAILED)
            return DONE_FAILED;
        if (done == DONE_ALL)
            break;
        total += done;
    }
    metrics_add(METRIC_SWEEP_RUNS, 1);
    metrics_add(METRIC_SWEEP_ITEMS, total);
    count_set_aside(worker);
    return total;
}

static bool sweep(struct worker *worker, void *context)
{
    int64_t done = 1;
    while (done > 0 && !worker_is_stopping(worker))
        done = sweep_once(worker, context);
    return done != DONE_FAILED;
}

struct worker *sweeper_start(const char *url, int interval_ms)
{
    static struct sweep state; /* of the process: there is one sweeper in it */
    const struct worker_job job = { .name = "sweeper", .round = sweep, .context = &state, .interval_ms = interval_ms };
    struct worker *worker = worker_new(url, &job);
    worker_start(worker);
    return worker;
}
