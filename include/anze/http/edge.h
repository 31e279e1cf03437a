#ifndef ANZE_HTTP_EDGE_H
#define ANZE_HTTP_EDGE_H

#include "anze/base/config.h"
#include "anze/base/loop.h"
#include "anze/http/message.h"

/* The socket: the only user of ulfius and libmicrohttpd. One catch-all endpoint per listener, started with our own
 * options and logger (ulfius' default start lets a client choose a format string), everything else is ours.
 *
 * ulfius never sees the request target: it gets a ticket in its place, by which the handler finds the connection's
 * own record and, through it, every header occurrence. So its decoding, joining and matching cannot mislead us. It
 * gets it when the answer is there: what breaks off before leaves nothing behind.
 *
 * Threads: one event thread (its loop) takes requests and sends answers for all connections and never waits; what may
 * wait for the database is done by a crew, one thread for each request at work. Connections that are idle, or whose
 * request, work or reading takes too long, are cut, since libmicrohttpd only knows inactivity; and of the bodies under
 * way those that began first, when all together are more than the budget. */
struct edge;

/* `head` when the head is there and nothing of the body was taken: it returns what `begin` and `body` get when the
 * message is whole (the same message, then with its body), or NULL when `answer` is a refusal already; no body is
 * kept then. The answer comes with its arena; the edge frees it.
 *
 * `begin` may start what needs no waiting: true means that it calls `wait` later, on the same thread. If it is false,
 * or nothing came of it, `body` makes the answer, on the crew. All others are called on the event thread; `close` when
 * the edge ends: what was begun is let go at once. */
struct edge_handler {
    void *(*head)(void *context, const struct message *message, struct answer *answer);
    bool (*begin)(void *exchange, const struct answer_wait *wait);
    void (*body)(void *exchange);
    void (*close)(void *context);
};

struct edge_options {
    enum listener listener;
    const char *address;
    long port; /* 0: any free one */
    const struct config *config;
    struct edge_handler handler;
    void *context;
    struct loop *loop;         /* the edge's from now on */
    const struct edge *beside; /* it takes from the same socket; NULL: it opens its own */
    long n_sharing;            /* so many take from it, and have each their part of its connections */
};

/* Raises the limit of open files to what the configured connections need, with a reserve for the admin listener, the
 * database and keys. False: it cannot be raised so far; `complaint` says what to do. */
bool edge_has_descriptors(const struct config *config, struct text *complaint) NODISCARD;

/* NULL: `complaint` says why (port in use, no right to it, address not here). */
struct edge *edge_open(const struct edge_options *options, struct text *complaint) NODISCARD;
long edge_port(const struct edge *edge);

/* Takes no new connection; answers still running say Connection: close. */
void edge_quiesce(struct edge *edge);
/* Waits until no request is under way, at most until that instant (monotonic microseconds). */
void edge_drain(struct edge *edge, int64_t end_us);
void edge_close(struct edge *edge);

#endif
