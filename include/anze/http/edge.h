#ifndef ANZE_HTTP_EDGE_H
#define ANZE_HTTP_EDGE_H

#include "anze/base/config.h"
#include "anze/http/message.h"

/* The socket: the only user of ulfius and libmicrohttpd. One catch-all endpoint per listener, started with our own
 * options and logger (ulfius' default start lets a client choose a format string), everything else is ours.
 *
 * ulfius never sees the request target: it gets a ticket in its place, by which the handler finds the connection's
 * own record and, through it, every header occurrence. So its decoding, joining and matching cannot mislead us. It gets
 * it when the head is whole and good: heads that break off, or are refused, leave nothing behind.
 *
 * Threads: one per connection, or ANZE_WORKERS epoll workers. A watchman cuts connections that are idle, or whose
 * request, work or reading takes too long, since libmicrohttpd only knows inactivity; and of the bodies under way those
 * that began first, when all together are more than the budget. */
struct edge;

/* Called on a connection's thread. `head` when the head is there and nothing of the body was taken: it returns what
 * `body` gets when the message is whole (the same message, then with its body), or NULL when `answer` is a refusal
 * already; no body is kept then. The answer comes with its arena; the edge frees it. */
struct edge_handler {
    void *(*head)(void *context, const struct message *message, struct answer *answer);
    void (*body)(void *exchange);
};

struct edge_options {
    enum listener listener;
    const char *address;
    long port; /* 0: any free one */
    const struct config *config;
    struct edge_handler handler;
    void *context;
};

/* Raises the limit of open files to what the configured connections need, with a reserve for the admin listener, the
 * database and keys. False: it cannot be raised so far; `complaint` says what to do. */
bool edge_has_descriptors(const struct config *config, struct text *complaint) NODISCARD;

/* NULL: `complaint` says why (port in use, no right to it, address not here). */
struct edge *edge_open(const struct edge_options *options, struct text *complaint) NODISCARD;
long edge_port(const struct edge *edge);

/* Takes no new connection; answers still running say Connection: close. */
void edge_quiesce(struct edge *edge);
/* Waits until no request is under way, at most timeout_s. */
void edge_drain(struct edge *edge, long timeout_s);
void edge_close(struct edge *edge);

#endif
