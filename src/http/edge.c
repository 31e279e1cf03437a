#include "anze/http/edge.h"
#include "anze/base/clock.h"
#include "anze/base/log.h"
#include "anze/base/metrics.h"
#include "anze/base/thread.h"

#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <ulfius.h>
#include <unistd.h>

enum {
    CONNECTION_MEMORY = 12 * 1024, /* request line and header fields; what is longer gets 431 from libmicrohttpd */
    THREAD_STACK = 512 * 1024,
    MAX_HEADERS = 64,
    STREAM_FROM = 64 * 1024, /* bodies from this size on are streamed from their arena, not copied */
    STREAM_BLOCK = 32 * 1024,
    STREAM_STEP = 512 * 1024, /* who took so much has the time of sending anew */
    WATCH_EVERY_US = 500 * 1000,
    BACKLOG = 1024,
};

/* What a connection is doing; the watchman's limits depend on it. */
enum phase { PHASE_IDLE, PHASE_RECEIVING, PHASE_WORKING, PHASE_SENDING };

/* Ours, one per connection, from MHD's first notice of it to its last. */
struct connection {
    struct edge *edge;
    struct connection *previous, *next;
    struct MHD_Connection *mhd;
    int socket;
    enum phase phase;
    int64_t since_us; /* when the phase began */
    bool is_cut;
    char *target; /* of the request under way, as sent; owned */
    bool target_cut;
};

struct edge {
    struct edge_options options;
    struct _u_instance instance;
    int listen_socket;
    _Atomic bool is_draining;
    _Atomic bool is_closing;
    pthread_t watchman;
    pthread_mutex_t lock;
    struct connection *connections;
};

/* ------------------------------------------------------------------ connections */

static void set_phase(struct connection *connection, enum phase phase)
{
    pthread_mutex_lock(&connection->edge->lock);
    connection->phase = phase;
    connection->since_us = clock_monotonic_us();
    pthread_mutex_unlock(&connection->edge->lock);
}

static void connection_opened(struct edge *edge, struct MHD_Connection *mhd, void **record)
{
    struct connection *connection = calloc(1, sizeof *connection);
    if (!connection)
        abort();
    *connection = (struct connection){
        .edge = edge,
        .mhd = mhd,
        .socket = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd,
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

static void connection_closed(struct edge *edge, struct connection *connection)
{
    pthread_mutex_lock(&edge->lock);
    if (connection->previous)
        connection->previous->next = connection->next;
    else
        edge->connections = connection->next;
    if (connection->next)
        connection->next->previous = connection->previous;
    pthread_mutex_unlock(&edge->lock);
    metrics_add(METRIC_CONNECTIONS_OPEN, -1);
    free(connection->target);
    free(connection);
}

static void on_connection(void *edge, struct MHD_Connection *mhd, void **record,
                          enum MHD_ConnectionNotificationCode what)
{
    if (what == MHD_CONNECTION_NOTIFY_STARTED)
        connection_opened(edge, mhd, record);
    else
        connection_closed(edge, *record);
}

static struct connection *connection_of(struct MHD_Connection *mhd)
{
    return *(struct connection *const *)MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
}

/* ------------------------------------------------------------------ watchman */

static int64_t phase_limit_us(const struct edge *edge, enum phase phase)
{
    const struct config *config = edge->options.config;
    switch (phase) {
    case PHASE_IDLE: return edge->is_draining ? 0 : config->idle_timeout_s * 1000000;
    case PHASE_RECEIVING: return config->request_timeout_s * 1000000;
    case PHASE_SENDING: return config->request_timeout_s * 2 * 1000000;
    case PHASE_WORKING: break; /* bounded by the statement's timeout */
    }
    return INT64_MAX;
}

/* Only shuts the socket down: libmicrohttpd notices, and closes it on its own thread. */
static void cut_overdue(struct edge *edge)
{
    int64_t now = clock_monotonic_us();
    pthread_mutex_lock(&edge->lock);
    for (struct connection *c = edge->connections; c; c = c->next) {
        if (c->is_cut || now - c->since_us <= phase_limit_us(edge, c->phase))
            continue;
        c->is_cut = true;
        if (c->phase != PHASE_IDLE)
            metrics_add(METRIC_CONNECTIONS_CUT, 1);
        shutdown(c->socket, SHUT_RDWR);
    }
    pthread_mutex_unlock(&edge->lock);
}

static void *watch(void *data)
{
    struct edge *edge = data;
    while (!edge->is_closing) {
        clock_pause(WATCH_EVERY_US);
        cut_overdue(edge);
    }
    return NULL;
}

/* ------------------------------------------------------------------ one request */

/* Runs when the request line is there. ulfius gets the connection's address as a ticket instead of the target. */
static void *on_request_line(void *cls, const char *target, struct MHD_Connection *mhd)
{
    struct connection *connection = connection_of(mhd);
    set_phase(connection, PHASE_RECEIVING);
    free(connection->target);
    connection->target = strndup(target, MESSAGE_MAX_TARGET);
    connection->target_cut = strnlen(target, MESSAGE_MAX_TARGET + 1) > MESSAGE_MAX_TARGET;
    if (!connection->target)
        abort();
    char ticket[2 + 2 * sizeof(void *) + 2];
    snprintf(ticket, sizeof ticket, "/%p", (void *)connection);
    return ulfius_uri_logger(cls, ticket);
}

static void on_request_done(void *cls, struct MHD_Connection *mhd, void **con_cls, enum MHD_RequestTerminationCode code)
{
    struct connection *connection = connection_of(mhd);
    mhd_request_completed(cls, mhd, con_cls, code);
    free(connection->target);
    connection->target = NULL;
    set_phase(connection, PHASE_IDLE);
}

struct header_list {
    struct header *headers;
    size_t count;
    bool is_cut;
};

static enum MHD_Result add_header(void *data, enum MHD_ValueKind kind, const char *name, size_t name_length,
                                  const char *value, size_t value_length)
{
    (void)kind;
    struct header_list *list = data;
    list->is_cut = list->count == MAX_HEADERS;
    if (list->is_cut)
        return MHD_NO;
    list->headers[list->count++] = (struct header){ { name, name_length }, { value ? value : "", value_length } };
    return MHD_YES;
}

static struct message read_message(struct connection *connection, const struct _u_request *request,
                                   struct header_list *headers)
{
    size_t limit = (size_t)connection->edge->options.config->max_body_bytes;
    size_t length = request->binary_body_length;
    MHD_get_connection_values_n(connection->mhd, MHD_HEADER_KIND, add_header, headers);
    return (struct message){
        .listener = connection->edge->options.listener,
        .method = slice_of(request->http_verb),
        .target = slice_of(connection->target),
        .version = slice_of(request->http_protocol),
        .headers = headers->headers,
        .n_headers = headers->count,
        .body = length ? (struct slice){ request->binary_body, length < limit ? length : limit } : SLICE_NONE,
        .body_cut = length > limit,
        .target_cut = connection->target_cut,
        .headers_cut = headers->is_cut,
    };
}

struct stream {
    struct arena *arena;
    size_t n_parts;
    struct slice parts[ANSWER_MAX_PARTS];
    struct body_source source;
    uint64_t source_from;
    uint64_t step_end; /* of the STREAM_STEP under way */
    struct connection *connection;
};

/* What breaks on the way ends the connection short of its Content-Length, so that nobody takes it for the whole. */
static ssize_t source_read(void *data, uint64_t offset, char *out, size_t max)
{
    struct stream *stream = data;
    struct slice bytes;
    if (offset >= stream->source.length)
        return (ssize_t)MHD_CONTENT_READER_END_OF_STREAM;
    if (!stream->source.read(stream->source.context, stream->source_from + offset, &bytes))
        return (ssize_t)MHD_CONTENT_READER_END_WITH_ERROR;
    if (offset >= stream->step_end) {
        stream->step_end = offset + STREAM_STEP;
        set_phase(stream->connection, PHASE_SENDING);
    }
    uint64_t left = stream->source.length - offset;
    size_t n = bytes.length < max ? bytes.length : max;
    n = left < n ? (size_t)left : n;
    memcpy(out, bytes.bytes, n);
    return (ssize_t)n;
}

static ssize_t stream_read(void *data, uint64_t offset, char *out, size_t max)
{
    struct stream *stream = data;
    size_t written = 0, start = 0;
    for (size_t i = 0; i < stream->n_parts && written < max; i++) {
        struct slice part = stream->parts[i];
        size_t at = (size_t)offset + written;
        if (at < start + part.length) {
            size_t skip = at - start, n = part.length - skip < max - written ? part.length - skip : max - written;
            memcpy(out + written, part.bytes + skip, n);
            written += n;
        }
        start += part.length;
    }
    return written ? (ssize_t)written : (ssize_t)MHD_CONTENT_READER_END_OF_STREAM;
}

static void stream_free(void *data)
{
    struct stream *stream = data;
    arena_free(stream->arena);
}

/* Hands the answer's arena over to the stream. */
static void send_stream(struct _u_response *response, struct answer *answer, struct connection *connection)
{
    struct stream *stream = arena_new_of(answer->arena, struct stream);
    *stream = (struct stream){ .arena = answer->arena, .n_parts = answer->n_parts, .source = answer->source,
                               .source_from = answer->source_from, .connection = connection };
    memcpy(stream->parts, answer->parts, sizeof stream->parts);
    ulfius_set_stream_response(response, (unsigned int)answer->status, answer->source.read ? source_read : stream_read,
                               stream_free, answer_length(answer), STREAM_BLOCK, stream);
}

static void send_copy(struct _u_response *response, struct answer *answer)
{
    size_t length = answer_length(answer), at = 0;
    response->status = answer->status;
    if (length) {
        char *body = o_malloc(length);
        if (!body)
            abort();
        for (size_t i = 0; i < answer->n_parts; at += answer->parts[i++].length)
            memcpy(body + at, answer->parts[i].bytes, answer->parts[i].length);
        response->binary_body = body;
        response->binary_body_length = length;
    }
    arena_free(answer->arena);
}

static void send_answer(struct _u_response *response, struct answer *answer, struct connection *connection, bool last)
{
    for (size_t i = 0; i < answer->n_headers; i++)
        u_map_put(response->map_header, answer->headers[i].name, answer->headers[i].value);
    if (answer->close || last)
        u_map_put(response->map_header, "Connection", "close");
    if (answer->source.read || answer_length(answer) >= STREAM_FROM)
        send_stream(response, answer, connection);
    else
        send_copy(response, answer);
}

static int on_request(const struct _u_request *request, struct _u_response *response, void *data)
{
    struct edge *edge = data;
    void *ticket = NULL;
    if (sscanf(request->http_url, "/%p", &ticket) != 1)
        abort(); /* we wrote it ourselves */
    struct connection *connection = ticket;
    struct header headers[MAX_HEADERS];
    struct header_list list = { .headers = headers };
    set_phase(connection, PHASE_WORKING);
    struct answer answer = { .arena = arena_new() };
    struct message message = read_message(connection, request, &list);
    edge->options.handler(edge->options.context, &message, &answer);
    send_answer(response, &answer, connection, edge->is_draining);
    set_phase(connection, PHASE_SENDING);
    return U_CALLBACK_COMPLETE; /* anything else lets ulfius rewrite the answer */
}

/* ------------------------------------------------------------------ start and stop */

/* libmicrohttpd's messages may contain the client's bytes: only the fact is kept. */
static void on_mhd_log(void *data, const char *format, va_list arguments)
{
    (void)data, (void)format, (void)arguments;
    log_event(LOG_DEBUG_LEVEL, "http_library", NULL);
}

static int listen_on(const struct addrinfo *address)
{
    int on = 1, fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, address->ai_addr, address->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

static int open_socket(const struct edge_options *options, struct text *complaint)
{
    char port[8];
    snprintf(port, sizeof port, "%ld", options->port);
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICHOST };
    struct addrinfo *address;
    if (getaddrinfo(options->address, port, &hints, &address) != 0) {
        text_printf(complaint, "%s is not an IP address\n", options->address);
        return -1;
    }
    int fd = listen_on(address);
    if (fd < 0)
        text_printf(complaint, "cannot listen on %s port %s: %s%s\n", options->address, port, strerror(errno),
                    errno == EADDRINUSE ? " (another program has it; set ANZE_PORT or ANZE_ADMIN_PORT)" : "");
    freeaddrinfo(address);
    return fd;
}

static unsigned int thread_flags(long workers)
{
    return MHD_USE_INTERNAL_POLLING_THREAD |
           (workers ? (unsigned)MHD_USE_EPOLL : (unsigned)(MHD_USE_POLL | MHD_USE_THREAD_PER_CONNECTION));
}

static int start_instance(struct edge *edge)
{
    const struct config *config = edge->options.config;
    long workers = edge->options.listener == LISTENER_ADMIN ? 1 : config->workers;
    struct MHD_OptionItem items[] = {
        { MHD_OPTION_EXTERNAL_LOGGER, (intptr_t)on_mhd_log, NULL },
        { MHD_OPTION_LISTEN_SOCKET, edge->listen_socket, NULL },
        { MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)on_request_done, NULL },
        { MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)on_request_line, NULL },
        { MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)on_connection, edge },
        { MHD_OPTION_CONNECTION_LIMIT, (intptr_t)config->max_connections, NULL },
        { MHD_OPTION_PER_IP_CONNECTION_LIMIT, (intptr_t)config->max_connections_per_client, NULL },
        { MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY, NULL },
        { MHD_OPTION_CONNECTION_TIMEOUT, (intptr_t)(config->idle_timeout_s + 5), NULL },
        { MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL },
        { MHD_OPTION_THREAD_STACK_SIZE, THREAD_STACK, NULL },
        { workers > 1 ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END, (intptr_t)workers, NULL },
        { MHD_OPTION_END, 0, NULL },
    };
    return ulfius_start_framework_with_mhd_options(&edge->instance, thread_flags(workers), items);
}

struct edge *edge_open(const struct edge_options *options, struct text *complaint)
{
    int fd = open_socket(options, complaint);
    if (fd < 0)
        return NULL;
    struct edge *edge = calloc(1, sizeof *edge);
    if (!edge)
        abort();
    edge->options = *options;
    edge->listen_socket = fd;
    pthread_mutex_init(&edge->lock, NULL);
    ulfius_init_instance(&edge->instance, (unsigned)edge_port(edge), NULL, NULL);
    edge->instance.max_post_body_size = (size_t)options->config->max_body_bytes + 1;
    edge->instance.allowed_post_processor = U_POST_PROCESS_NONE;
    edge->instance.check_utf8 = 0; /* we read the headers ourselves */
    ulfius_add_endpoint_by_val(&edge->instance, "*", NULL, "*", 0, on_request, edge);
    if (start_instance(edge) != U_OK) {
        text_add_string(complaint, "the HTTP library did not start\n");
        ulfius_clean_instance(&edge->instance);
        close(fd);
        free(edge);
        return NULL;
    }
    edge->watchman = thread_start(watch, edge);
    return edge;
}

long edge_port(const struct edge *edge)
{
    struct sockaddr_storage address = { 0 };
    socklen_t length = sizeof address;
    getsockname(edge->listen_socket, (struct sockaddr *)&address, &length);
    return ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
                                               : ((struct sockaddr_in *)&address)->sin_port);
}

void edge_quiesce(struct edge *edge)
{
    edge->is_draining = true;
    MHD_socket fd = MHD_quiesce_daemon(edge->instance.mhd_daemon);
    if (fd != MHD_INVALID_SOCKET)
        close(fd);
}

static bool is_busy(struct edge *edge)
{
    bool busy = false;
    pthread_mutex_lock(&edge->lock);
    for (struct connection *c = edge->connections; c && !busy; c = c->next)
        busy = c->phase != PHASE_IDLE;
    pthread_mutex_unlock(&edge->lock);
    return busy;
}

void edge_drain(struct edge *edge, long timeout_s)
{
    int64_t end = clock_monotonic_us() + timeout_s * 1000000;
    while (is_busy(edge) && clock_monotonic_us() < end)
        clock_pause(10000);
}

void edge_close(struct edge *edge)
{
    edge->is_closing = true;
    pthread_join(edge->watchman, NULL);
    ulfius_stop_framework(&edge->instance);
    ulfius_clean_instance(&edge->instance);
    pthread_mutex_destroy(&edge->lock);
    free(edge);
}
