#include "edge_inside.h"
#include "anze/base/clock.h"
#include "anze/base/metrics.h"

#include <stdlib.h>
#include <sys/socket.h>

enum { WATCH_EVERY_US = 500 * 1000, WORK_TRIES = 4 };

void connection_enter(struct connection *connection, enum phase phase)
{
    pthread_mutex_lock(&connection->edge->lock);
    connection->phase = phase;
    connection->since_us = clock_monotonic_us();
    if (phase == PHASE_IDLE) {
        connection->edge->body_bytes -= connection->body_bytes;
        connection->body_bytes = 0;
    }
    pthread_mutex_unlock(&connection->edge->lock);
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
    pthread_mutex_lock(&edge->lock);
    connection->next = edge->connections;
    if (connection->next)
        connection->next->previous = connection;
    edge->connections = connection;
    pthread_mutex_unlock(&edge->lock);
    metrics_add(METRIC_CONNECTIONS_OPEN, 1);
    *record = connection;
}

void connection_closed(struct edge *edge, struct connection *connection)
{
    pthread_mutex_lock(&edge->lock);
    edge->body_bytes -= connection->body_bytes;
    if (connection->previous)
        connection->previous->next = connection->next;
    else
        edge->connections = connection->next;
    if (connection->next)
        connection->next->previous = connection->previous;
    pthread_mutex_unlock(&edge->lock);
    metrics_add(METRIC_CONNECTIONS_OPEN, -1);
    free(connection);
}

struct connection *connection_of(struct MHD_Connection *mhd)
{
    return *(struct connection *const *)MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
}

/* ------------------------------------------------------------------ cutting; under the edge's lock */

/* Only shuts the socket down: libmicrohttpd notices, and closes it on its own thread. */
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

/* What a cut connection held counts no longer: its thread gives it back as soon as it runs. */
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
    struct edge *edge = connection->edge;
    pthread_mutex_lock(&edge->lock);
    if (!connection->is_cut) {
        connection->body_bytes += bytes;
        edge->body_bytes += bytes;
        cut_oldest_bodies(edge);
    }
    pthread_mutex_unlock(&edge->lock);
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

static void cut_overdue(struct edge *edge)
{
    int64_t now = clock_monotonic_us();
    pthread_mutex_lock(&edge->lock);
    for (struct connection *c = edge->connections; c; c = c->next)
        if (!c->is_cut && now - c->since_us > phase_limit_us(edge, c->phase))
            cut(c);
    pthread_mutex_unlock(&edge->lock);
}

void *connections_watch(void *data)
{
    struct edge *edge = data;
    while (!edge->is_closing) {
        clock_pause(WATCH_EVERY_US);
        cut_overdue(edge);
    }
    return NULL;
}

bool connections_are_busy(struct edge *edge)
{
    bool busy = false;
    pthread_mutex_lock(&edge->lock);
    for (struct connection *c = edge->connections; c && !busy; c = c->next)
        busy = c->phase != PHASE_IDLE;
    pthread_mutex_unlock(&edge->lock);
    return busy;
}
