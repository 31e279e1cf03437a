#ifndef ANZE_HTTP_EDGE_H
#define ANZE_HTTP_EDGE_H

#include "anze/base/config.h"
#include "anze/http/message.h"

/* The socket: the only user of ulfius and libmicrohttpd. One catch-all endpoint per listener, started with our own
 * options and logger (ulfius' default start lets a client choose a format string), everything else is ours.
 *
 * ulfius never sees the request target: it gets a ticket in its place, by which the handler finds the connection's
 * own record and, through it, every header occurrence. So its decoding, joining and matching cannot mislead us.
 *
 * Threads: one per connection, or ANZE_WORKERS epoll workers. A watchman cuts connections that are idle, or whose
 * request or reading takes too long, since libmicrohttpd only knows inactivity. */
struct edge;

/* Called on a connection's thread. The answer comes with its arena; the edge frees it. */
typedef void edge_handler(void *context, const struct message *message, struct answer *answer);

struct edge_options {
    enum listener listener;
    const char *address;
    long port; /* 0: any free one */
    const struct config *config;
    edge_handler *handler;
    void *context;
};

/* NULL: `complaint` says why (port in use, no right to it, address not here). */
struct edge *edge_open(const struct edge_options *options, struct text *complaint) NODISCARD;
long edge_port(const struct edge *edge);

/* Takes no new connection; answers still running say Connection: close. */
void edge_quiesce(struct edge *edge);
/* Waits until no request is under way, at most timeout_s. */
void edge_drain(struct edge *edge, long timeout_s);
void edge_close(struct edge *edge);

#endif
