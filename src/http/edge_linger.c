#include "edge_inside.h"
#include "anze/base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BLOCK = 16 * 1024, MOST_BYTES = 8 * 1024 * 1024, LONGEST_US = 1000 * 1000, MOST_CLIENTS = 256 };

/* Another name of the client's socket, so that it stays open when libmicrohttpd closes its own. */
struct farewell {
    struct edge *edge;
    struct farewell *previous, *next;
    struct loop_watch watch;
    int64_t until_us;
    size_t taken;
};

static void linger_end(struct farewell *farewell)
{
    struct edge *edge = farewell->edge;
    loop_unwatch(edge->loop, &farewell->watch);
    close(farewell->watch.fd);
    if (farewell->previous)
        farewell->previous->next = farewell->next;
    else
        edge->lingering = farewell->next;
    if (farewell->next)
        farewell->next->previous = farewell->previous;
    edge->n_lingering--;
    free(farewell);
}

static void take_rest(void *context)
{
    struct farewell *farewell = context;
    char rest[BLOCK];
    ssize_t n = recv(farewell->watch.fd, rest, sizeof rest, MSG_DONTWAIT);
    if (n > 0)
        farewell->taken += (size_t)n;
    if (n == 0 || (n < 0 && errno != EAGAIN) || farewell->taken > MOST_BYTES)
        linger_end(farewell);
}

void linger_begin(const struct connection *connection)
{
    struct edge *edge = connection->edge;
    shutdown(connection->socket, SHUT_WR);
    int fd = edge->n_lingering < MOST_CLIENTS ? fcntl(connection->socket, F_DUPFD_CLOEXEC, 0) : -1;
    if (fd < 0)
        return;
    struct farewell *farewell = calloc(1, sizeof *farewell);
    if (!farewell)
        abort();
    *farewell = (struct farewell){ .edge = edge,
                                   .next = edge->lingering,
                                   .watch = { take_rest, farewell, fd },
                                   .until_us = clock_monotonic_us() + LONGEST_US };
    if (farewell->next)
        farewell->next->previous = farewell;
    edge->lingering = farewell;
    edge->n_lingering++;
    loop_watch(edge->loop, &farewell->watch);
}

int64_t linger_watch(void *data)
{
    struct edge *edge = data;
    int64_t now_us = clock_monotonic_us(), due_us = INT64_MAX;
    for (struct farewell *farewell = edge->lingering, *next; farewell; farewell = next) {
        next = farewell->next;
        if (farewell->until_us <= now_us)
            linger_end(farewell);
        else if (farewell->until_us < due_us)
            due_us = farewell->until_us;
    }
    return due_us;
}

void linger_end_all(struct edge *edge)
{
    while (edge->lingering)
        linger_end(edge->lingering);
}
