#include "edge_inside.h"
#include "anze/base/clock.h"
#include "anze/base/log.h"
#include "anze/base/thread.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 1024, ADMIN_CONNECTIONS = 64, SPARE_DESCRIPTORS = 128 + 256 /* clients that linger */ };

/* ------------------------------------------------------------------ what libmicrohttpd calls */

static void on_connection(void *edge, struct MHD_Connection *mhd, void **record,
                          enum MHD_ConnectionNotificationCode what)
{
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        connection_opened(edge, mhd, record);
    } else {
        request_forget(*record);
        connection_closed(edge, *record);
    }
}

/* The first that is known of a request. ulfius learns of it when the head is there and good. */
static void *on_request_line(void *unused, const char *target, struct MHD_Connection *mhd)
{
    (void)unused;
    request_begins(connection_of(mhd), target ? target : "");
    return NULL;
}

/* libmicrohttpd's messages may contain the client's bytes: only the fact is kept. */
static void on_mhd_log(void *data, const char *format, va_list arguments)
{
    (void)data, (void)format, (void)arguments;
    log_event(LOG_DEBUG_LEVEL, "http_library", NULL);
}

/* ------------------------------------------------------------------ start and stop */

static int listen_on(const struct addrinfo *address)
{
    int on = 1, fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
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

/* ulfius offers no place between a request's head and its body. This stands before libmicrohttpd's function of that
 * name (the program's symbols come before a library's), so that ulfius, when it starts, has our function called first;
 * that calls ulfius' own. */
struct MHD_Daemon *MHD_start_daemon(unsigned int flags, uint16_t port, MHD_AcceptPolicyCallback accept,
                                    void *accept_context, MHD_AccessHandlerCallback ulfius, void *instance, ...)
{
    struct edge *edge = (struct edge *)((char *)instance - offsetof(struct edge, instance));
    edge->ulfius = ulfius;
    va_list options;
    va_start(options, instance);
    struct MHD_Daemon *daemon =
        MHD_start_daemon_va(flags, port, accept, accept_context, request_arrives, edge, options);
    va_end(options);
    return daemon;
}

/* ---- the event thread ---- */

static void do_nothing(void *unused)
{
    (void)unused;
}

/* A turn: libmicrohttpd takes and sends what it can. */
static int64_t run_stack(void *data)
{
    const struct edge *edge = data;
    MHD_UNSIGNED_LONG_LONG wait_ms;
    MHD_run(edge->instance.mhd_daemon);
    if (MHD_get_timeout(edge->instance.mhd_daemon, &wait_ms) == MHD_NO)
        return INT64_MAX;
    return wait_ms ? clock_monotonic_us() + (int64_t)wait_ms * 1000 : 0;
}

static void quiesce(void *data)
{
    const struct edge *edge = data;
    MHD_socket fd = MHD_quiesce_daemon(edge->instance.mhd_daemon);
    if (fd != MHD_INVALID_SOCKET)
        close(fd);
}

/* The first thing on the loop that knows of the end. */
static void let_go(void *data)
{
    struct edge *edge = data;
    edge->options.handler.close(edge->options.context);
    edge->has_let_go = true;
}

static void *run_loop(void *data)
{
    const struct edge *edge = data;
    loop_run(edge->loop);
    return NULL;
}

static bool is_admin(const struct edge *edge)
{
    return edge->options.listener == LISTENER_ADMIN;
}

static long part_of(const struct edge *edge, long most)
{
    return (most + edge->options.n_sharing - 1) / edge->options.n_sharing;
}

/* One address has at most half, unless it was said otherwise, so that it never keeps out all others. */
static long share_of_address(const struct edge *edge)
{
    const struct config *config = edge->options.config;
    long half = (config->max_connections + 1) / 2;
    return part_of(edge, config->max_connections_per_client ? config->max_connections_per_client : half);
}

static int start_instance(struct edge *edge)
{
    const struct config *config = edge->options.config;
    long most = is_admin(edge) ? ADMIN_CONNECTIONS : part_of(edge, config->max_connections);
    struct MHD_OptionItem items[] = {
        { MHD_OPTION_EXTERNAL_LOGGER, (intptr_t)on_mhd_log, NULL },
        { MHD_OPTION_LISTEN_SOCKET, edge->listen_socket, NULL },
        { MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)request_ends, NULL },
        { MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)on_request_line, NULL },
        { MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)on_connection, edge },
        { MHD_OPTION_CONNECTION_LIMIT, (intptr_t)most, NULL },
        { MHD_OPTION_PER_IP_CONNECTION_LIMIT, is_admin(edge) ? 0 : (intptr_t)share_of_address(edge), NULL },
        { MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY, NULL },
        { MHD_OPTION_CONNECTION_TIMEOUT, (intptr_t)(config->idle_timeout_s + 5), NULL },
        { MHD_OPTION_END, 0, NULL },
    };
    return ulfius_start_framework_with_mhd_options(&edge->instance, MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, items);
}

bool edge_has_descriptors(const struct config *config, struct text *complaint)
{
    long needed = config->max_connections + ADMIN_CONNECTIONS + 2 * config->pool_size + SPARE_DESCRIPTORS;
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur >= (rlim_t)needed)
        return true;
    if (limit.rlim_max < (rlim_t)needed) {
        text_printf(complaint, "%ld connections need %ld file descriptors and this process may have %llu: lower "
                    "ANZE_MAX_CONNECTIONS or raise the limit (LimitNOFILE of the unit, ulimit -n)\n",
                    config->max_connections, needed, (unsigned long long)limit.rlim_max);
        return false;
    }
    limit.rlim_cur = (rlim_t)needed;
    return setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

/* libmicrohttpd is called in each turn; its epoll only ends the wait. */
static void start_loop(struct edge *edge)
{
    struct MHD_Daemon *daemon = edge->instance.mhd_daemon;
    edge->stack_watch = (struct loop_watch){ do_nothing, NULL,
                                             MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd };
    edge->stack_turn = (struct loop_turn){ .run = run_stack, .context = edge };
    edge->watch_turn = (struct loop_turn){ .run = connections_watch, .context = edge };
    edge->linger_turn = (struct loop_turn){ .run = linger_watch, .context = edge };
    edge->ended_turn = (struct loop_turn){ .run = connections_that_ended, .context = edge };
    edge->quiesce = (struct loop_post){ .run = quiesce, .context = edge };
    edge->let_go = (struct loop_post){ .run = let_go, .context = edge };
    loop_watch(edge->loop, &edge->stack_watch);
    loop_add_turn(edge->loop, &edge->watch_turn);
    loop_add_turn(edge->loop, &edge->linger_turn);
    loop_add_turn(edge->loop, &edge->stack_turn);
    loop_add_turn(edge->loop, &edge->ended_turn);
    edge->thread = thread_start(run_loop, edge);
}

static struct edge *new_edge(const struct edge_options *options, int fd)
{
    struct edge *edge = calloc(1, sizeof *edge);
    if (!edge)
        abort();
    edge->options = *options;
    edge->listen_socket = fd;
    edge->loop = options->loop;
    edge->crew = crew_new((size_t)(is_admin(edge) ? ADMIN_CONNECTIONS : options->config->max_connections));
    ulfius_init_instance(&edge->instance, (unsigned)edge_port(edge), NULL, NULL);
    edge->instance.allowed_post_processor = U_POST_PROCESS_NONE;
    edge->instance.check_utf8 = 0; /* we read the headers ourselves */
    ulfius_add_endpoint_by_val(&edge->instance, "*", NULL, "*", 0, request_is_answered, NULL);
    return edge;
}

static void free_edge(struct edge *edge)
{
    ulfius_clean_instance(&edge->instance);
    loop_free(edge->loop);
    free(edge);
}

struct edge *edge_open(const struct edge_options *options, struct text *complaint)
{
    int fd = options->beside ? fcntl(options->beside->listen_socket, F_DUPFD_CLOEXEC, 0)
                             : open_socket(options, complaint);
    if (fd < 0) {
        loop_free(options->loop);
        return NULL;
    }
    struct edge *edge = new_edge(options, fd);
    if (start_instance(edge) != U_OK || !edge->ulfius) {
        text_add_string(complaint, "the HTTP library did not start\n");
        crew_free(edge->crew);
        free_edge(edge);
        close(fd);
        return NULL;
    }
    start_loop(edge);
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
    loop_post(edge->loop, &edge->quiesce);
}

void edge_drain(struct edge *edge, int64_t end_us)
{
    while (atomic_load(&edge->n_busy) && clock_monotonic_us() < end_us)
        clock_pause(10000);
}

/* Nothing begins any more; then the crew ends; what waited for it is resumed by the loop's last turn. */
void edge_close(struct edge *edge)
{
    edge->is_closing = true;
    loop_post(edge->loop, &edge->let_go);
    while (!edge->has_let_go)
        clock_pause(1000);
    crew_free(edge->crew);
    loop_stop(edge->loop);
    pthread_join(edge->thread, NULL);
    ulfius_stop_framework(&edge->instance);
    linger_end_all(edge); /* closing its connections begins some, too */
    free_edge(edge);
}
