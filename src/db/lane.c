#include "anze/db/lane.h"
#include "anze/base/clock.h"
#include "anze/base/metrics.h"
#include "journey.h"
#include "pool_inside.h"

#include <limits.h>

enum {
    DEPTH = 32,
    QUICK_US = 20000,    /* a statement that takes less may share a connection */
    PATIENCE_US = 50000 /* who waits longer behind another asks elsewhere */
};

/* A trip under way; it stays when its passenger has left. */
struct berth {
    struct journey journey;
    struct passenger *passenger; /* NULL: has left */
};

/* All but the last two belong to the loop's thread. */
struct lane {
    struct lanes *lanes;
    struct connection *connection; /* NULL: closed */
    struct loop_watch watch;
    bool is_writing;
    struct berth berths[DEPTH];
    size_t first, n;               /* a ring */
    int64_t first_since_us;        /* since when the server works for the first */
    struct loop_post adopt;
    struct connection *offered;    /* by the keeper, for the loop */
    atomic_bool is_wanted;         /* it needs a connection */
};

struct lanes {
    struct pool *pool;
    struct loop *loop;
    struct loop_turn turn;
    int n;
    pthread_mutex_t mutex; /* of `is_closed`, which the loop's thread alone changes */
    bool is_closed;
    atomic_bool are_worn;  /* what they know of the database is of another day */
    struct lanes *next;    /* the pool's */
    struct lane lane[];
};

static struct berth *berth_at(struct lane *lane, size_t i)
{
    return &lane->berths[(lane->first + i) % DEPTH];
}

/* ---- leaving ---- */

static void send_off(struct berth *berth, struct trip trip)
{
    struct passenger *passenger = berth->passenger;
    berth->passenger = NULL;
    berth->journey.arena = NULL; /* what still comes is thrown away */
    if (passenger)
        passenger->done(passenger->context, &trip);
}

static void close_lane(struct lane *lane)
{
    loop_unwatch(lane->lanes->loop, &lane->watch);
    connection_close(lane->connection);
    lane->connection = NULL;
    lane->is_writing = false;
    atomic_store(&lane->is_wanted, true);
}

/* Closed first: who is sent off may ask at once again. */
static void break_off(struct lane *lane, enum trip_end end_of_first)
{
    size_t n = lane->n;
    lane->n = 0;
    close_lane(lane);
    for (size_t i = 0; i < n; i++)
        send_off(berth_at(lane, i), (struct trip){ .end = i ? TRIP_VOID : end_of_first });
}

/* An error without a state is libpq's own: nothing is known then. */
static struct trip trip_of(const struct journey *journey)
{
    struct trip trip = journey->trip;
    bool was_told = trip.error && *error_field(trip.error, PG_DIAG_SQLSTATE);
    trip.end = trip.error ? was_told ? TRIP_REFUSED : TRIP_VOID : trip.answer ? TRIP_DONE : TRIP_VOID;
    return trip;
}

static void leave_first(struct lane *lane)
{
    struct berth *berth = berth_at(lane, 0);
    struct passenger *passenger = berth->passenger;
    int64_t now_us = clock_monotonic_us();
    if (passenger)
        statement_took(passenger->variant, now_us - lane->first_since_us);
    lane->first = (lane->first + 1) % DEPTH;
    lane->first_since_us = now_us;
    lane->n--;
    send_off(berth, trip_of(&berth->journey));
}

static void flush(struct lane *lane)
{
    bool is_unsent = false;
    if (lane->connection && !connection_flush(lane->connection, &is_unsent)) {
        break_off(lane, TRIP_VOID);
    } else if (lane->connection && is_unsent != lane->is_writing) {
        lane->is_writing = is_unsent;
        loop_watch_writing(lane->lanes->loop, &lane->watch, is_unsent);
    }
}

/* Takes what has arrived, for whomever it is; hangs up when the server did. */
static void take_arrived(void *context)
{
    struct lane *lane = context;
    if (!lane->connection)
        return;
    bool is_fed = connection_take_input(lane->connection);
    while (lane->n) {
        struct journey *journey = &berth_at(lane, 0)->journey;
        if (!journey_read(journey)) {
            is_fed = false;
            break;
        }
        if (!journey->synced)
            break;
        leave_first(lane);
    }
    if (!is_fed)
        break_off(lane, TRIP_VOID);
    flush(lane);
}

/* ---- entering ---- */

static bool is_late(const struct lane *lane, int64_t now_us, int64_t patience_us)
{
    return lane->n && now_us - lane->first_since_us > patience_us;
}

static struct lane *quietest(struct lanes *lanes)
{
    struct lane *best = NULL;
    int64_t now_us = clock_monotonic_us();
    for (int i = 0; i < lanes->n; i++) {
        struct lane *lane = &lanes->lane[i];
        if (lane->connection && lane->n < DEPTH && !is_late(lane, now_us, PATIENCE_US) && (!best || lane->n < best->n))
            best = lane;
    }
    return best;
}

/* What was slow of late would keep others waiting. Each time it is sent elsewhere a little of that is forgotten, so
 * that it is tried again. */
static bool is_quick(const struct statement_variant *variant)
{
    int cost_us = variant->cost_us ? atomic_load_explicit(variant->cost_us, memory_order_relaxed) : INT_MAX;
    if (variant->cost_us && cost_us >= QUICK_US)
        atomic_store_explicit(variant->cost_us, cost_us - cost_us / 64, memory_order_relaxed);
    return cost_us < QUICK_US;
}

bool lanes_send(struct lanes *lanes, struct arena *arena, const struct command *commands, size_t n_commands,
                struct passenger *passenger)
{
    bool may_enter = !lanes->is_closed && !atomic_load_explicit(&lanes->are_worn, memory_order_relaxed);
    struct lane *lane = may_enter && is_quick(passenger->variant) ? quietest(lanes) : NULL;
    if (!lane)
        return false;
    struct berth *berth = berth_at(lane, lane->n);
    if (!journey_begin(&berth->journey, lane->connection, arena, commands, n_commands)) {
        break_off(lane, TRIP_VOID);
        return false;
    }
    if (!lane->n++)
        lane->first_since_us = clock_monotonic_us();
    berth->passenger = passenger;
    metrics_add(METRIC_POOL_SHARED, 1);
    flush(lane);
    return true;
}

/* ---- keeping ---- */

/* Nobody waits long for another's trip. The first itself may take its time. */
static void let_go_behind(struct lane *lane)
{
    for (size_t i = 1; i < lane->n; i++)
        send_off(berth_at(lane, i), (struct trip){ .end = TRIP_VOID });
}

static void look_after(struct lane *lane, int64_t now_us, bool are_worn)
{
    int64_t silent_us = lane->lanes->pool->options.statement_timeout_ms * INT64_C(1000) + ANSWER_MARGIN_US;
    if (is_late(lane, now_us, silent_us) || (are_worn && lane->connection && !lane->n))
        break_off(lane, TRIP_LATE);
    else if (is_late(lane, now_us, PATIENCE_US))
        let_go_behind(lane);
}

static int64_t look_after_all(void *context)
{
    struct lanes *lanes = context;
    int64_t now_us = clock_monotonic_us(), due_us = INT64_MAX;
    bool are_worn = atomic_load_explicit(&lanes->are_worn, memory_order_relaxed), are_shut = true;
    for (int i = 0; i < lanes->n; i++) {
        struct lane *lane = &lanes->lane[i];
        look_after(lane, now_us, are_worn);
        are_shut = are_shut && !lane->connection;
        if (lane->n > 1 && lane->first_since_us + PATIENCE_US < due_us)
            due_us = lane->first_since_us + PATIENCE_US;
        if (lane->n && due_us == INT64_MAX)
            due_us = now_us + ANSWER_MARGIN_US;
    }
    if (are_worn && are_shut)
        atomic_store(&lanes->are_worn, false);
    return due_us > now_us ? due_us : now_us + PATIENCE_US;
}

static void adopt(void *context)
{
    struct lane *lane = context;
    lane->connection = lane->offered;
    lane->offered = NULL;
    lane->watch.fd = connection_socket(lane->connection);
    loop_watch(lane->lanes->loop, &lane->watch);
    if (lane->lanes->is_closed)
        close_lane(lane);
}

/* Once they are closed there may be no loop any more. */
static void offer(struct lane *lane, struct connection *connection)
{
    struct lanes *lanes = lane->lanes;
    pthread_mutex_lock(&lanes->mutex);
    bool is_closed = lanes->is_closed;
    if (!is_closed) {
        lane->offered = connection;
        atomic_store(&lane->is_wanted, false);
        loop_post(lanes->loop, &lane->adopt);
    }
    pthread_mutex_unlock(&lanes->mutex);
    if (is_closed)
        connection_close(connection);
}

static void keep_lane(struct lane *lane)
{
    struct dial_fault fault;
    struct pool *pool = lane->lanes->pool;
    struct connection *connection = atomic_load(&lane->is_wanted) ? pool_connect(pool, &fault) : NULL;
    if (connection)
        offer(lane, connection);
}

void lanes_keep(struct lanes *all)
{
    for (struct lanes *lanes = all; lanes; lanes = lanes->next)
        for (int i = 0; i < lanes->n; i++)
            keep_lane(&lanes->lane[i]);
}

void lanes_wear_out(struct lanes *all)
{
    for (struct lanes *lanes = all; lanes; lanes = lanes->next)
        atomic_store(&lanes->are_worn, true);
}

/* ---- opening and closing ---- */

struct lanes *lanes_open(struct pool *pool, struct loop *loop, int n)
{
    struct lanes *lanes = arena_alloc(pool->arena, sizeof *lanes + (size_t)n * sizeof(struct lane));
    lanes->pool = pool;
    lanes->loop = loop;
    lanes->n = n;
    lanes->turn = (struct loop_turn){ .run = look_after_all, .context = lanes };
    for (int i = 0; i < n; i++) {
        struct lane *lane = &lanes->lane[i];
        lane->lanes = lanes;
        lane->watch = (struct loop_watch){ take_arrived, lane, -1 };
        lane->adopt = (struct loop_post){ .run = adopt, .context = lane };
        atomic_store(&lane->is_wanted, true);
    }
    pthread_mutex_init(&lanes->mutex, NULL);
    loop_add_turn(loop, &lanes->turn);
    lanes->next = atomic_load(&pool->lanes);
    atomic_store(&pool->lanes, lanes);
    return lanes;
}

void lanes_close(struct lanes *lanes)
{
    pthread_mutex_lock(&lanes->mutex);
    lanes->is_closed = true;
    pthread_mutex_unlock(&lanes->mutex);
    for (int i = 0; i < lanes->n; i++)
        if (lanes->lane[i].connection)
            break_off(&lanes->lane[i], TRIP_VOID);
}
