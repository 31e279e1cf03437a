#include "edge_inside.h"
#include "anze/base/clock.h"
#include "anze/base/log.h"
#include "anze/base/thread.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { THREAD_STACK = 512 * 1024, BACKLOG = 1024, ADMIN_CONNECTIONS = 64, SPARE_DESCRIPTORS = 128 };

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
    /* Without its own channel a daemon that may not accept is not woken by what ends, nor by a stop. */
    return MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_ITC |
           (workers ? (unsigned)MHD_USE_EPOLL : (unsigned)(MHD_USE_POLL | MHD_USE_THREAD_PER_CONNECTION));
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

static bool is_admin(const struct edge *edge)
{
    return edge->options.listener == LISTENER_ADMIN;
}

/* One address has at most half, unless it was said otherwise, so that it never keeps out all others. */
static long share_of_address(const struct config *config)
{
    long half = (config->max_connections + 1) / 2;
    return config->max_connections_per_client ? config->max_connections_per_client : half;
}

static int start_instance(struct edge *edge)
{
    const struct config *config = edge->options.config;
    long workers = is_admin(edge) ? 1 : config->workers;
    long most = is_admin(edge) ? ADMIN_CONNECTIONS : config->max_connections;
    struct MHD_OptionItem items[] = {
        { MHD_OPTION_EXTERNAL_LOGGER, (intptr_t)on_mhd_log, NULL },
        { MHD_OPTION_LISTEN_SOCKET, edge->listen_socket, NULL },
        { MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)request_ends, NULL },
        { MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)on_request_line, NULL },
        { MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)on_connection, edge },
        { MHD_OPTION_CONNECTION_LIMIT, (intptr_t)most, NULL },
        { MHD_OPTION_PER_IP_CONNECTION_LIMIT, is_admin(edge) ? 0 : (intptr_t)share_of_address(config), NULL },
        { MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY, NULL },
        { MHD_OPTION_CONNECTION_TIMEOUT, (intptr_t)(config->idle_timeout_s + 5), NULL },
        { MHD_OPTION_THREAD_STACK_SIZE, THREAD_STACK, NULL },
        { workers > 1 ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END, (intptr_t)workers, NULL },
        { MHD_OPTION_END, 0, NULL },
    };
    return ulfius_start_framework_with_mhd_options(&edge->instance, thread_flags(workers), items);
}

bool edge_has_descriptors(const struct config *config, struct text *complaint)
{
    long needed = config->max_connections + ADMIN_CONNECTIONS + 2 * config->pool_size + config->workers +
                  SPARE_DESCRIPTORS;
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
    ulfius_add_endpoint_by_val(&edge->instance, "*", NULL, "*", 0, request_is_whole, edge);
    if (start_instance(edge) != U_OK || !edge->ulfius) {
        text_add_string(complaint, "the HTTP library did not start\n");
        ulfius_clean_instance(&edge->instance);
        close(fd);
        free(edge);
        return NULL;
    }
    edge->watchman = thread_start(connections_watch, edge);
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

void edge_drain(struct edge *edge, long timeout_s)
{
    int64_t end = clock_monotonic_us() + timeout_s * 1000000;
    while (connections_are_busy(edge) && clock_monotonic_us() < end)
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
