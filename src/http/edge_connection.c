#include "edge_inside.h"
#include "anze/base/clock.h"
#include "anze/base/metrics.h"

#include <stdlib.h>
#include <sys/socket.h>

enum { WATCH_EVERY_US = 500 * 1000, WORK_TRIES = 4 };

void connection_enter(struct connection *connection, enum phase phase)
{
    struct edge *edge = connection->edge;
    atomic_fetch_add(&edge->n_busy, (phase != PHASE_IDLE) - (connection->phase != PHASE_IDLE));
    connection->phase = phase;
    connection->since_us = clock_monotonic_us();
    if (phase == PHASE_IDLE) {
        edge->body_bytes -= connection->body_bytes;
        connection->body_bytes = 0;
    }
}

/* libmicrohttpd asks for changes only (EPOLLET), and does not see an end that came along with the last bytes. */
static void on_hangup(void *context)
{
    struct connection *connection = context;
    connection->has_ended = true;
    connection->next_ended = connection->edge->ended;
    connection->edge->ended = connection;
}

static void forget_end(struct edge *edge, const struct connection *gone)
{
    struct connection **link = &edge->ended;
    while (*link && *link != gone)
        link = &(*link)->next_ended;
    if (*link)
        *link = gone->next_ended;
}

void connection_opened(struct edge *edge, struct MHD_Connection *mhd, void **record)
{
    struct connection *connection = calloc(1, sizeof *connection);
    if (!connection)
        abort();
    *connection = (struct connection){
        .edge = edge,
        .mhd = mhd,
        .socket = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd,
        .peer = address_of_socket(MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr),
        .since_us = clock_monotonic_us(),
    };
    connection->next = edge->connections;
    if (connection->next)
        connection->next->previous = connection;
    edge->connections = connection;
    metrics_add(METRIC_CONNECTIONS_OPEN, 1);
    connection->hangup = (struct loop_watch){ on_hangup, connection, connection->socket };
    loop_watch_hangup(edge->loop, &connection->hangup);
    *record = connection;
}

void connection_closed(struct edge *edge, struct connection *connection)
{
    connection_enter(connection, PHASE_IDLE);
    loop_unwatch(edge->loop, &connection->hangup);
    if (connection->has_ended)
        forget_end(edge, connection);
    if (connection->previous)
        connection->previous->next = connection->next;
    else
        edge->connections = connection->next;
    if (connection->next)
        connection->next->previous = connection->previous;
    metrics_add(METRIC_CONNECTIONS_OPEN, -1);
    free(connection);
}

struct connection *connection_of(struct MHD_Connection *mhd)
{
    return *(struct connection *const *)MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
}

/* ------------------------------------------------------------------ cutting */

/* Only shuts the socket down: libmicrohttpd notices, and closes it. */
static void cut(struct connection *connection)
{
    connection->is_cut = true;
    if (connection->phase != PHASE_IDLE)
        metrics_add(METRIC_CONNECTIONS_CUT, 1);
    shutdown(connection->socket, SHUT_RDWR);
}

static bool is_older(const struct connection *one, const struct connection *than)
{
    return !than || one->since_us < than->since_us;
}

static struct connection *oldest_body(const struct edge *edge)
{
    struct connection *oldest = NULL;
    for (struct connection *c = edge->connections; c; c = c->next)
        if (c->phase == PHASE_RECEIVING && c->body_bytes && !c->is_cut && is_older(c, oldest))
            oldest = c;
    return oldest;
}

/* What a cut connection held counts no longer: it is given back in the next turn. */
static void cut_oldest_bodies(struct edge *edge)
{
    size_t budget = (size_t)edge->options.config->body_memory_mib << 20;
    while (edge->body_bytes > budget) {
        struct connection *oldest = oldest_body(edge);
        if (!oldest)
            return;
        cut(oldest);
        edge->body_bytes -= oldest->body_bytes;
        oldest->body_bytes = 0;
    }
}

void connection_keep_body(struct connection *connection, size_t bytes)
{
    if (connection->is_cut)
        return;
    connection->body_bytes += bytes;
    connection->edge->body_bytes += bytes;
    cut_oldest_bodies(connection->edge);
}

/* ------------------------------------------------------------------ watchman */

/* Work is bounded by the waits of the database, each of which may be tried again; beyond that something hangs. */
static int64_t work_limit_us(const struct config *config)
{
    return (int64_t)(config->pool_wait_ms + config->statement_timeout_ms) * WORK_TRIES * 1000;
}

static int64_t phase_limit_us(const struct edge *edge, enum phase phase)
{
    const struct config *config = edge->options.config;
    switch (phase) {
    case PHASE_IDLE: return edge->is_draining ? 0 : config->idle_timeout_s * 1000000;
    case PHASE_RECEIVING: return config->request_timeout_s * 1000000;
    case PHASE_SENDING: return config->request_timeout_s * 2 * 1000000;
    case PHASE_WORKING: return work_limit_us(config);
    }
    return INT64_MAX;
}

static void cut_overdue(struct edge *edge, int64_t now_us)
{
    for (struct connection *c = edge->connections; c; c = c->next)
        if (!c->is_cut && now_us - c->since_us > phase_limit_us(edge, c->phase))
            cut(c);
}

int64_t connections_watch(void *data)
{
    struct edge *edge = data;
    int64_t now_us = clock_monotonic_us();
    if (now_us - edge->watched_us >= WATCH_EVERY_US) {
        edge->watched_us = now_us;
        cut_overdue(edge, now_us);
    }
    return edge->connections ? edge->watched_us + WATCH_EVERY_US : INT64_MAX;
}

/* ------------------------------------------------------------------ clients that send no more */

static bool has_no_more(const struct connection *connection)
{
    char byte;
    bool is_expected = connection->phase == PHASE_IDLE || connection->phase == PHASE_RECEIVING;
    return is_expected && recv(connection->socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

/* Seen twice, so that libmicrohttpd has had its turn at what it took before. */
int64_t connections_that_ended(void *data)
{
    const struct edge *edge = data;
    int64_t due_us = INT64_MAX;
    for (struct connection *c = edge->ended; c; c = c->next_ended) {
        bool was_at_end = c->is_at_end;
        c->is_at_end = !c->is_cut && has_no_more(c);
        if (c->is_at_end && was_at_end)
            shutdown(c->socket, SHUT_RDWR);
        due_us = c->is_at_end && !was_at_end ? 0 : due_us;
    }
    return due_us;
}
