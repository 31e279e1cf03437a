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
    *request = (struct request){ .connection = connection, .answer = { .arena = arena } };
    head_read(arena, connection, method, version, &request->message);
    request->exchange = edge->options.handler.head(edge->options.context, &request->message, &request->answer);
    connection->request = request;
}

static void free_body(void *data)
{
    struct request *request = data;
    free(request->body);
}

static void make_body_room(struct request *request, size_t length, size_t most)
{
    if (!request->body)
        arena_defer(request->answer.arena, free_body, request);
    request->body_room = 2 * length < most ? 2 * length : most;
    request->body = realloc(request->body, request->body_room);
    if (!request->body)
        abort();
}

/* Up to one byte over the limit, so that it is seen. */
static void keep_body(struct connection *connection, const char *bytes, size_t length)
{
    struct request *request = connection->request;
    size_t most = (size_t)connection->edge->options.config->max_body_bytes + 1, room = most - request->body_length;
    length = length < room ? length : room;
    if (request->body_length + length > request->body_room)
        make_body_room(request, request->body_length + length, most);
    memcpy(request->body + request->body_length, bytes, length);
    request->body_length += length;
    connection_keep_body(connection, length);
}

/* ------------------------------------------------------------------ working */

static void read_body(struct request *request, size_t limit)
{
    size_t length = request->body_length;
    request->message.body = length ? (struct slice){ request->body, length < limit ? length : limit } : SLICE_NONE;
    request->message.body_cut = length > limit;
}

static void answer_is_there(void *data)
{
    struct request *request = data;
    request->exchange = NULL;
    MHD_resume_connection(request->connection->mhd);
}

/* On the crew. */
static void work(void *data)
{
    struct request *request = data;
    struct edge *edge = request->connection->edge;
    edge->options.handler.body(request->exchange);
    loop_post(edge->loop, &request->done);
}

/* The answer was had without waiting; or nothing came of that. */
static void begin_is_over(void *data, bool is_answered)
{
    struct request *request = data;
    if (is_answered)
        answer_is_there(request);
    else
        crew_do(request->connection->edge->crew, &request->work);
}

static enum MHD_Result begin_work(struct connection *connection)
{
    struct edge *edge = connection->edge;
    struct request *request = connection->request;
    if (edge->is_closing)
        return MHD_NO;
    request->is_begun = true;
    read_body(request, (size_t)edge->options.config->max_body_bytes);
    request->work = (struct crew_job){ .run = work, .context = request };
    request->done = (struct loop_post){ .run = answer_is_there, .context = request };
    connection_enter(connection, PHASE_WORKING);
    MHD_suspend_connection(connection->mhd);
    const struct answer_wait wait = { begin_is_over, request };
    if (!edge->options.handler.begin(request->exchange, &wait))
        begin_is_over(request, false);
    return MHD_YES;
}

/* ------------------------------------------------------------------ answering */

/* ulfius knows the request by a ticket in place of its target: the address of the connection's record. */
static void *ticket_of(const struct connection *connection)
{
    char ticket[2 + 2 * sizeof(void *) + 2];
    snprintf(ticket, sizeof ticket, "/%p", (const void *)connection);
    return ulfius_uri_logger(NULL, ticket);
}

int request_is_answered(const struct _u_request *known, struct _u_response *response, void *unused)
{
    (void)unused;
    void *ticket = NULL;
    if (sscanf(known->http_url, "/%p", &ticket) != 1)
        abort(); /* we wrote it ourselves */
    struct connection *connection = ticket;
    struct request *request = connection->request;
    struct answer answer = request->answer;
    connection->request = NULL;
    send_by_ulfius(connection, &answer, response);
    connection_enter(connection, PHASE_SENDING);
    return U_CALLBACK_COMPLETE; /* anything else lets ulfius rewrite the answer */
}

/* ulfius hears of a request when its answer is there: first of its head, then of its end. */
static enum MHD_Result answer_by_ulfius(struct connection *connection, const char *url, const char *method,
                                        const char *version, void **record)
{
    struct edge *edge = connection->edge;
    size_t none = 0;
    *record = connection->ulfius_record = ticket_of(connection);
    return edge->ulfius(&edge->instance, connection->mhd, url, method, version, NULL, &none, record) == MHD_YES
               ? edge->ulfius(&edge->instance, connection->mhd, url, method, version, NULL, &none, record)
               : MHD_NO;
}

/* libmicrohttpd calls once for the head, once for each piece of the body, once when the request is whole, and again
 * when the connection was resumed. */
enum MHD_Result request_arrives(void *unused, struct MHD_Connection *mhd, const char *url, const char *method,
                                const char *version, const char *body, size_t *body_length, void **ulfius_record)
{
    (void)unused;
    struct connection *connection = connection_of(mhd);
    struct request *request = connection->request;
    if (!request) {
        head_is_there(connection, method, version);
        return is_answered_at_once(connection->request) ? refuse_unread(connection) : MHD_YES;
    }
    if (*body_length) {
        if (request->exchange)
            keep_body(connection, body, *body_length);
        *body_length = 0;
        return MHD_YES;
    }
    if (request->exchange)
        return request->is_begun ? MHD_YES : begin_work(connection);
    return answer_by_ulfius(connection, url, method, version, ulfius_record);
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
        linger_begin(connection);
}
