#include "anze/base/metrics.h"
#include "anze/base/attributes.h"

#include <stdatomic.h>
#include <stdlib.h>

/* Upper bounds in microseconds; the last bucket is +Inf. */
static const int64_t bounds_us[] = { 250,    500,    1000,   2500,    5000,    10000,   25000,
                                     50000, 100000, 250000, 500000, 1000000, 2500000, 5000000 };
enum { N_BUCKETS = ARRAY_LENGTH(bounds_us) + 1, STATUS_LOWEST = 100, N_STATUSES = 500 };

struct operation_metrics {
    atomic_long statuses[N_STATUSES];
    atomic_long buckets[N_BUCKETS];
    atomic_long duration_us;
    atomic_long bytes_out;
};

static struct {
    const char *const *ids;
    size_t n_operations;
    const char *version;
    struct operation_metrics *operations;
    atomic_long singles[METRIC_COUNT];
} metrics;

enum single_kind { COUNTER, GAUGE };

static const struct {
    const char *name;
    enum single_kind kind;
    const char *help;
} singles[METRIC_COUNT] = {
    [METRIC_POOL_SIZE] = { "anze_pool_connections", GAUGE, "Open database connections." },
    [METRIC_POOL_IDLE] = { "anze_pool_idle_connections", GAUGE, "Database connections that nobody uses." },
    [METRIC_POOL_WAITING] = { "anze_pool_waiting_requests", GAUGE, "Requests that wait for a database connection." },
    [METRIC_POOL_TIMEOUTS] = { "anze_pool_timeouts_total", COUNTER, "Requests that waited too long for one." },
    [METRIC_POOL_CONNECTS] = { "anze_pool_connects_total", COUNTER, "Database connections made." },
    [METRIC_POOL_SHARED] = { "anze_pool_shared_total", COUNTER, "Reads by a connection that others use as well." },
    [METRIC_DATABASE_UP] = { "anze_database_up", GAUGE, "1 while the database answers." },
    [METRIC_DATABASE_RETRIES] = { "anze_database_retries_total", COUNTER, "Transactions tried again." },
    [METRIC_DATABASE_FULL] = { "anze_database_full_total", COUNTER, "Statements that found the database's disk full." },
    [METRIC_CLOCK_OFFSET] = { "anze_clock_offset_seconds", GAUGE, "Our clock minus the database's." },
    [METRIC_CONNECTIONS_OPEN] = { "anze_http_connections", GAUGE, "Open client connections." },
    [METRIC_CONNECTIONS_CUT] = { "anze_http_connections_cut_total", COUNTER,
                                 "Client connections cut for slowness, or for the memory of bodies." },
    [METRIC_TOKEN_CACHE_HITS] = { "anze_token_cache_hits_total", COUNTER, "Tokens that were known already." },
    [METRIC_TOKEN_CACHE_MISSES] = { "anze_token_cache_misses_total", COUNTER, "Tokens that had to be verified." },
    [METRIC_KEY_FETCHES] = { "anze_key_fetches_total", COUNTER, "Times that keys of an issuer by URL were asked for." },
    [METRIC_KEY_FETCHES_FAILED] = { "anze_key_fetches_failed_total", COUNTER, "Those that brought none." },
    [METRIC_ISSUERS_AWAY] = { "anze_issuers_away", GAUGE, "Issuers by URL whose last fetch failed." },
    [METRIC_AUDIT_SEALED] = { "anze_audit_sealed_total", COUNTER, "Audit rows linked by this process." },
    [METRIC_SWEEP_RUNS] = { "anze_sweep_runs_total", COUNTER, "Times that this process swept." },
    [METRIC_SWEEP_ITEMS] = { "anze_sweep_items_total", COUNTER, "Units planned or judged, notices told, by it." },
    [METRIC_SWEEP_SET_ASIDE] = { "anze_sweep_set_aside", GAUGE, "Rows on which the sweep failed, that wait." },
    [METRIC_LOG_DROPPED] = { "anze_log_dropped_total", COUNTER, "Log lines that could not be written." },
};

void metrics_open(const char *const *operation_ids, size_t n_operations, const char *version)
{
    metrics.ids = operation_ids;
    metrics.n_operations = n_operations;
    metrics.version = version;
    metrics.operations = calloc(n_operations + 1, sizeof *metrics.operations);
    if (!metrics.operations)
        abort();
}

void metrics_close(void)
{
    free(metrics.operations);
    metrics.operations = NULL;
}

static size_t bucket_of(int64_t duration_us)
{
    size_t bucket = 0;
    while (bucket < ARRAY_LENGTH(bounds_us) && duration_us > bounds_us[bucket])
        bucket++;
    return bucket;
}

static void count_at(atomic_long *counter, int64_t amount)
{
    atomic_fetch_add_explicit(counter, amount, memory_order_relaxed);
}

void metrics_request(size_t operation, int status, int64_t duration_us, size_t bytes_out)
{
    struct operation_metrics *m =
        &metrics.operations[operation < metrics.n_operations ? operation : metrics.n_operations];
    if (status >= STATUS_LOWEST && status < STATUS_LOWEST + N_STATUSES)
        count_at(&m->statuses[status - STATUS_LOWEST], 1);
    count_at(&m->buckets[bucket_of(duration_us)], 1);
    count_at(&m->duration_us, duration_us);
    count_at(&m->bytes_out, (int64_t)bytes_out);
}

void metrics_add(enum metric metric, int64_t amount)
{
    count_at(&metrics.singles[metric], amount);
}

void metrics_set(enum metric metric, int64_t value)
{
    atomic_store_explicit(&metrics.singles[metric], value, memory_order_relaxed);
}

int64_t metrics_get(enum metric metric)
{
    return atomic_load_explicit(&metrics.singles[metric], memory_order_relaxed);
}

static const char *operation_name(size_t operation)
{
    return operation < metrics.n_operations ? metrics.ids[operation] : "none";
}

static void render_statuses(struct text *out)
{
    text_add_string(out, "# HELP anze_http_requests_total Requests answered.\n"
                         "# TYPE anze_http_requests_total counter\n");
    for (size_t o = 0; o <= metrics.n_operations; o++)
        for (int s = 0; s < N_STATUSES; s++) {
            long n = atomic_load_explicit(&metrics.operations[o].statuses[s], memory_order_relaxed);
            if (n)
                text_printf(out, "anze_http_requests_total{operation=\"%s\",status=\"%d\"} %ld\n", operation_name(o),
                            s + STATUS_LOWEST, n);
        }
}

static void render_histogram(struct text *out, size_t operation)
{
    struct operation_metrics *m = &metrics.operations[operation];
    const char *name = operation_name(operation);
    long total = 0;
    for (size_t b = 0; b < N_BUCKETS; b++) {
        total += atomic_load_explicit(&m->buckets[b], memory_order_relaxed);
        text_printf(out, "anze_http_request_duration_seconds_bucket{operation=\"%s\",le=\"", name);
        if (b < ARRAY_LENGTH(bounds_us))
            text_printf(out, "%g\"} %ld\n", (double)bounds_us[b] / 1e6, total);
        else
            text_printf(out, "+Inf\"} %ld\n", total);
    }
    text_printf(out, "anze_http_request_duration_seconds_sum{operation=\"%s\"} %.6f\n", name,
                (double)atomic_load_explicit(&m->duration_us, memory_order_relaxed) / 1e6);
    text_printf(out, "anze_http_request_duration_seconds_count{operation=\"%s\"} %ld\n", name, total);
}

static void render_histograms(struct text *out)
{
    text_add_string(out, "# HELP anze_http_request_duration_seconds From the whole request to the ready answer.\n"
                         "# TYPE anze_http_request_duration_seconds histogram\n");
    for (size_t o = 0; o <= metrics.n_operations; o++)
        render_histogram(out, o);
    text_add_string(out, "# HELP anze_http_response_bytes_total Bytes of bodies sent.\n"
                         "# TYPE anze_http_response_bytes_total counter\n");
    for (size_t o = 0; o <= metrics.n_operations; o++)
        text_printf(out, "anze_http_response_bytes_total{operation=\"%s\"} %ld\n", operation_name(o),
                    atomic_load_explicit(&metrics.operations[o].bytes_out, memory_order_relaxed));
}

void metrics_render(struct text *out)
{
    text_printf(out,
                "# HELP anze_build_info What is running.\n# TYPE anze_build_info gauge\n"
                "anze_build_info{version=\"%s\"} 1\n",
                metrics.version);
    for (int m = 0; m < METRIC_COUNT; m++)
        text_printf(out, "# HELP %s %s\n# TYPE %s %s\n%s %ld\n", singles[m].name, singles[m].help, singles[m].name,
                    singles[m].kind == COUNTER ? "counter" : "gauge", singles[m].name,
                    atomic_load_explicit(&metrics.singles[m], memory_order_relaxed));
    render_statuses(out);
    render_histograms(out);
}
