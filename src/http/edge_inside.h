#ifndef ANZE_HTTP_EDGE_INSIDE_H
#define ANZE_HTTP_EDGE_INSIDE_H

#include "anze/base/crew.h"
#include "anze/base/loop.h"
#include "anze/http/edge.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <ulfius.h>

/* What the edge's files share. edge.c starts and stops; edge_request.c takes one request from head to answer;
 * edge_head.c reads the head; edge_send.c hands answers to the stack; edge_connection.c keeps the records;
 * edge_linger.c sees refused clients off.
 *
 * Everything here runs on the event thread, but what is said to run on the crew. A connection on which the crew works
 * is suspended, so that libmicrohttpd calls nothing of it and closes nothing meanwhile. */

/* What libmicrohttpd has for one connection: the head as it came, what it notes of each field, and the head of the
 * answer. Heads that leave no room for their answer are refused (edge_head.c); what does not fit at all gets
 * libmicrohttpd's own 431. It is written over after each request, so that all of it is resident. */
enum { CONNECTION_MEMORY = 16 * 1024 };

/* What a connection is doing; the watchman's limits depend on it. */
enum phase { PHASE_IDLE, PHASE_RECEIVING, PHASE_WORKING, PHASE_SENDING };

/* From the end of its head to its answer; on the answer's arena. */
struct request {
    struct connection *connection;
    struct message message;
    struct answer answer;
    void *exchange; /* the handler's; NULL: the answer is there, what comes of the body is thrown away */
    char *body;     /* goes with the arena */
    size_t body_length, body_room;
    bool is_begun;  /* the handler has the whole of it */
    struct crew_job work;
    struct loop_post done;
};

/* Ours, one per connection, from libmicrohttpd's first notice of it to its last. */
struct connection {
    struct edge *edge;
    struct connection *previous, *next;
    struct MHD_Connection *mhd;
    int socket;
    struct address peer;
    enum phase phase;
    int64_t since_us; /* when the phase began */
    bool is_cut;
    struct loop_watch hangup;
    struct connection *next_ended; /* of those whose client sends no more */
    bool has_ended, is_at_end;     /* nothing of it is left to read */
    size_t body_bytes;      /* taken from the budget of bodies under way */
    const char *sent_target; /* where the target stood in libmicrohttpd's memory, which it changes later */
    char *target;           /* of the request under way, as sent; owned */
    struct request *request;
    void *ulfius_record;    /* ulfius' own of that request */
    bool is_unread;         /* answered before the body was read */
};

struct edge {
    struct edge_options options;
    struct _u_instance instance;
    MHD_AccessHandlerCallback ulfius; /* what ulfius would have libmicrohttpd call */
    int listen_socket;
    struct loop *loop;
    struct loop_watch stack_watch; /* libmicrohttpd's own epoll */
    struct loop_turn stack_turn, watch_turn, ended_turn, linger_turn;
    struct loop_post quiesce, let_go;
    struct crew *crew;
    pthread_t thread;
    _Atomic bool is_draining;
    _Atomic bool is_closing, has_let_go;
    atomic_int n_busy; /* connections with a request */
    struct connection *connections, *ended;
    size_t body_bytes; /* of all connections */
    int64_t watched_us;
    struct farewell *lingering;
    int n_lingering;
};

/* ---- edge_connection.c */
void connection_opened(struct edge *edge, struct MHD_Connection *mhd, void **record);
void connection_closed(struct edge *edge, struct connection *connection);
struct connection *connection_of(struct MHD_Connection *mhd) RETURNS_NONNULL;
void connection_enter(struct connection *connection, enum phase phase);
/* So much more of a body is kept. When all bodies are more than the budget, those that began first are cut. */
void connection_keep_body(struct connection *connection, size_t bytes);
int64_t connections_watch(void *edge);     /* a turn */
int64_t connections_that_ended(void *edge); /* another, after libmicrohttpd's */

/* ---- edge_head.c */
/* On `arena`; body and body_cut come later. */
void head_read(struct arena *arena, struct connection *connection, const char *method, const char *version,
               struct message *ret_message);

/* ---- edge_send.c: both hand the answer's arena over */
void send_by_ulfius(struct connection *connection, struct answer *answer, struct _u_response *response);
/* Before the body was read: the connection ends with it. */
enum MHD_Result send_early(struct connection *connection, struct answer *answer);

/* ---- edge_linger.c */
/* Takes what a client still sends, so that the answer which it has not read yet is not lost by a reset. The connection
 * may be closed meanwhile. */
void linger_begin(const struct connection *connection);
int64_t linger_watch(void *edge); /* a turn */
void linger_end_all(struct edge *edge);

/* ---- edge_request.c */
void request_begins(struct connection *connection, const char *target);
enum MHD_Result request_arrives(void *unused, struct MHD_Connection *mhd, const char *url, const char *method,
                                const char *version, const char *body, size_t *body_length, void **ulfius_record);
int request_is_answered(const struct _u_request *known, struct _u_response *response, void *unused);
/* Gives back what is left of the request: libmicrohttpd ends some connections without a word about their request. */
void request_forget(struct connection *connection);
void request_ends(void *unused, struct MHD_Connection *mhd, void **ulfius_record, enum MHD_RequestTerminationCode code);

#endif
