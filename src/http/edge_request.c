#include "edge_inside.h"

#include <stdio.h>
#include <stdlib.h>

void request_begins(struct connection *connection, const char *target)
{
    connection_enter(connection, PHASE_RECEIVING);
    free(connection->target);
    connection->sent_target = target;
    connection->target = strdup(target);
    if (!connection->target)
        abort();
}

/* Bytes that were not asked for are taken and thrown away, so that the client reads its answer and may go on; but
 * not where their end cannot be trusted, or the client waits to hear whether it may send them. */
static bool is_answered_at_once(const struct request *request)
{
    return !request->exchange && (request->answer.close || message_header(&request->message, "Expect").bytes);
}

static enum MHD_Result refuse_unread(struct connection *connection)
{
    struct answer answer = connection->request->answer;
    connection->request = NULL;
    connection->is_unread = true;
    connection_enter(connection, PHASE_SENDING);
    return send_early(connection, &answer);
}

/* The head is there. What it decides is decided before any of the body is kept. */
static void head_is_there(struct connection *connection, const char *method, const char *version)
{
    struct edge *edge = connection->edge;
    struct arena *arena = arena_new();
    struct request *request = arena_new_of(arena, struct request);
    *request = (struct request){ .answer = { .arena = arena } };
    head_read(arena, connection, method, version, &request->message);
    request->exchange = edge->options.handler.head(edge->options.context, &request->message, &request->answer);
    connection->request = request;
}

/* ulfius knows the request by a ticket in place of its target: the address of the connection's record. */
static void *ticket_of(const struct connection *connection)
{
    char ticket[2 + 2 * sizeof(void *) + 2];
    snprintf(ticket, sizeof ticket, "/%p", (const void *)connection);
    return ulfius_uri_logger(NULL, ticket);
}

/* What ulfius keeps of this piece: it stops at one byte over the limit. */
static void keep_body(struct connection *connection, size_t length)
{
    size_t most = (size_t)connection->edge->options.config->max_body_bytes + 1;
    size_t room = most > connection->body_bytes ? most - connection->body_bytes : 0;
    connection_keep_body(connection, length < room ? length : room);
}

/* libmicrohttpd calls once for the head, once for each piece of the body, and once when the request is whole. */
enum MHD_Result request_arrives(void *data, struct MHD_Connection *mhd, const char *url, const char *method,
                                const char *version, const char *body, size_t *body_length, void **ulfius_record)
{
    struct edge *edge = data;
    struct connection *connection = connection_of(mhd);
    if (!connection->request) {
        head_is_there(connection, method, version);
        if (is_answered_at_once(connection->request))
            return refuse_unread(connection);
        *ulfius_record = connection->ulfius_record = ticket_of(connection);
    } else if (*body_length && !connection->request->exchange) {
        *body_length = 0;
        return MHD_YES;
    } else if (*body_length) {
        keep_body(connection, *body_length);
    }
    return edge->ulfius(&edge->instance, mhd, url, method, version, body, body_length, ulfius_record);
}

static void read_body(struct request *request, const struct _u_request *whole, size_t limit)
{
    size_t length = whole->binary_body_length;
    request->message.body =
        length ? (struct slice){ whole->binary_body, length < limit ? length : limit } : SLICE_NONE;
    request->message.body_cut = length > limit;
}

int request_is_whole(const struct _u_request *whole, struct _u_response *response, void *data)
{
    struct edge *edge = data;
    void *ticket = NULL;
    if (sscanf(whole->http_url, "/%p", &ticket) != 1)
        abort(); /* we wrote it ourselves */
    struct connection *connection = ticket;
    struct request *request = connection->request;
    connection_enter(connection, PHASE_WORKING);
    if (request->exchange) {
        read_body(request, whole, (size_t)edge->options.config->max_body_bytes);
        edge->options.handler.body(request->exchange);
    }
    struct answer answer = request->answer;
    connection->request = NULL;
    send_by_ulfius(connection, &answer, response);
    connection_enter(connection, PHASE_SENDING);
    return U_CALLBACK_COMPLETE; /* anything else lets ulfius rewrite the answer */
}

void request_forget(struct connection *connection)
{
    if (connection->ulfius_record)
        mhd_request_completed(NULL, connection->mhd, &connection->ulfius_record, MHD_REQUEST_TERMINATED_COMPLETED_OK);
    connection->ulfius_record = NULL;
    if (connection->request)
        arena_free(connection->request->answer.arena);
    connection->request = NULL;
    free(connection->target);
    connection->target = NULL;
}

/* Answered, or broken off on the way. */
void request_ends(void *unused, struct MHD_Connection *mhd, void **ulfius_record, enum MHD_RequestTerminationCode code)
{
    (void)unused;
    struct connection *connection = connection_of(mhd);
    *ulfius_record = NULL;
    request_forget(connection);
    connection_enter(connection, PHASE_IDLE);
    if (connection->is_unread || code == MHD_REQUEST_TERMINATED_WITH_ERROR)
        send_linger(connection);
}
