#ifndef ANZE_HTTP_EDGE_INSIDE_H
#define ANZE_HTTP_EDGE_INSIDE_H

#include "anze/http/edge.h"

#include <microhttpd.h>
#include <pthread.h>
#include <ulfius.h>

/* What the edge's files share. edge.c starts and stops; edge_request.c takes one request from head to answer;
 * edge_head.c reads the head; edge_send.c hands answers to the stack; edge_connection.c keeps the records. */

/* What libmicrohttpd has for one connection: the head as it came, what it notes of each field, and the head of the
 * answer. Heads that leave no room for their answer are refused (edge_head.c); what does not fit at all gets
 * libmicrohttpd's own 431. It is written over after each request, so that all of it is resident. */
enum { CONNECTION_MEMORY = 16 * 1024 };

/* What a connection is doing; the watchman's limits depend on it. */
enum phase { PHASE_IDLE, PHASE_RECEIVING, PHASE_WORKING, PHASE_SENDING };

/* From the end of its head to its answer; on the answer's arena. */
struct request {
    struct message message;
    struct answer answer;
    void *exchange; /* the handler's; NULL: the answer is there, what comes of the body is thrown away */
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
    _Atomic bool is_draining;
    _Atomic bool is_closing;
    pthread_t watchman;
    pthread_mutex_t lock;
    struct connection *connections;
    size_t body_bytes; /* of all connections */
};

/* ---- edge_connection.c */
void connection_opened(struct edge *edge, struct MHD_Connection *mhd, void **record);
void connection_closed(struct edge *edge, struct connection *connection);
struct connection *connection_of(struct MHD_Connection *mhd) RETURNS_NONNULL;
void connection_enter(struct connection *connection, enum phase phase);
/* So much more of a body is kept. When all bodies are more than the budget, those that began first are cut. */
void connection_keep_body(struct connection *connection, size_t bytes);
void *connections_watch(void *edge);
bool connections_are_busy(struct edge *edge);

/* ---- edge_head.c */
/* On `arena`; body and body_cut come later. */
void head_read(struct arena *arena, struct connection *connection, const char *method, const char *version,
               struct message *ret_message);

/* ---- edge_send.c: both hand the answer's arena over */
void send_by_ulfius(struct connection *connection, struct answer *answer, struct _u_response *response);
/* Before the body was read: the connection ends with it. */
enum MHD_Result send_early(struct connection *connection, struct answer *answer);
/* Takes what a client still sends, so that the answer which it has not read yet is not lost by a reset. */
void send_linger(const struct connection *connection);

/* ---- edge_request.c */
void request_begins(struct connection *connection, const char *target);
enum MHD_Result request_arrives(void *edge, struct MHD_Connection *mhd, const char *url, const char *method,
                                const char *version, const char *body, size_t *body_length, void **ulfius_record);
int request_is_whole(const struct _u_request *request, struct _u_response *response, void *edge);
/* Gives back what is left of the request: libmicrohttpd ends some connections without a word about their request. */
void request_forget(struct connection *connection);
void request_ends(void *unused, struct MHD_Connection *mhd, void **ulfius_record, enum MHD_RequestTerminationCode code);

#endif
