#include "edge_inside.h"

#include <stdlib.h>

enum {
    STREAM_FROM = 64 * 1024, /* bodies from this size on are streamed from their arena, not copied */
    STREAM_BLOCK = 32 * 1024,
    STREAM_STEP = 512 * 1024, /* who took so much has the time of sending anew */
};

/* ------------------------------------------------------------------ streams */

struct stream {
    struct arena *arena;
    size_t n_parts;
    struct slice parts[ANSWER_MAX_PARTS];
    struct body_source source;
    uint64_t source_from;
    uint64_t step_end; /* of the STREAM_STEP under way */
    uint64_t piece_at; /* where the piece at hand begins */
    struct slice piece;
    bool is_broken;
    struct crew_job work;
    struct loop_post fetched;
    struct connection *connection;
};

static void fetch_piece(void *data)
{
    struct stream *stream = data;
    stream->is_broken = !stream->source.read(stream->source.context, stream->source_from + stream->piece_at,
                                             &stream->piece);
    loop_post(stream->connection->edge->loop, &stream->fetched);
}

static void piece_is_here(void *data)
{
    const struct stream *stream = data;
    MHD_resume_connection(stream->connection->mhd);
}

/* On the crew: the database is asked. */
static ssize_t wait_for_piece(struct stream *stream, uint64_t offset)
{
    stream->piece_at = offset;
    stream->piece = SLICE_NONE;
    stream->work = (struct crew_job){ .run = fetch_piece, .context = stream };
    stream->fetched = (struct loop_post){ .run = piece_is_here, .context = stream };
    MHD_suspend_connection(stream->connection->mhd);
    crew_do(stream->connection->edge->crew, &stream->work);
    return 0;
}

/* What breaks on the way ends the connection short of its Content-Length, so that nobody takes it for the whole. */
static ssize_t source_read(void *data, uint64_t offset, char *out, size_t max)
{
    struct stream *stream = data;
    if (offset >= stream->source.length)
        return (ssize_t)MHD_CONTENT_READER_END_OF_STREAM;
    if (stream->is_broken || stream->connection->edge->is_closing)
        return (ssize_t)MHD_CONTENT_READER_END_WITH_ERROR;
    if (offset < stream->piece_at || offset - stream->piece_at >= stream->piece.length)
        return wait_for_piece(stream, offset);
    if (offset >= stream->step_end) {
        stream->step_end = offset + STREAM_STEP;
        connection_enter(stream->connection, PHASE_SENDING);
    }
    size_t skip = (size_t)(offset - stream->piece_at), n = stream->piece.length - skip;
    uint64_t left = stream->source.length - offset;
    n = n < max ? n : max;
    n = left < n ? (size_t)left : n;
    memcpy(out, stream->piece.bytes + skip, n);
    return (ssize_t)n;
}

static ssize_t stream_read(void *data, uint64_t offset, char *out, size_t max)
{
    struct stream *stream = data;
    size_t written = 0, start = 0;
    for (size_t i = 0; i < stream->n_parts && written < max; i++) {
        struct slice part = stream->parts[i];
        size_t at = (size_t)offset + written;
        if (at < start + part.length) {
            size_t skip = at - start, n = part.length - skip < max - written ? part.length - skip : max - written;
            memcpy(out + written, part.bytes + skip, n);
            written += n;
        }
        start += part.length;
    }
    return written ? (ssize_t)written : (ssize_t)MHD_CONTENT_READER_END_OF_STREAM;
}

static void stream_free(void *data)
{
    struct stream *stream = data;
    arena_free(stream->arena);
}

/* Hands the answer's arena over to the stream. */
static void send_stream(struct _u_response *response, struct answer *answer, struct connection *connection)
{
    struct stream *stream = arena_new_of(answer->arena, struct stream);
    *stream = (struct stream){ .arena = answer->arena, .n_parts = answer->n_parts, .source = answer->source,
                               .source_from = answer->source_from, .connection = connection };
    memcpy(stream->parts, answer->parts, sizeof stream->parts);
    ulfius_set_stream_response(response, (unsigned int)answer->status, answer->source.read ? source_read : stream_read,
                               stream_free, answer_length(answer), STREAM_BLOCK, stream);
}

/* ------------------------------------------------------------------ whole answers */

static char *copy_parts(const struct answer *answer)
{
    size_t at = 0;
    char *body = malloc(answer_length(answer) + 1);
    if (!body)
        abort();
    for (size_t i = 0; i < answer->n_parts; at += answer->parts[i++].length)
        memcpy(body + at, answer->parts[i].bytes, answer->parts[i].length);
    return body;
}

static void send_copy(struct _u_response *response, const struct answer *answer)
{
    response->status = answer->status;
    response->binary_body_length = answer_length(answer);
    if (response->binary_body_length)
        response->binary_body = copy_parts(answer);
    arena_free(answer->arena);
}

void send_by_ulfius(struct connection *connection, struct answer *answer, struct _u_response *response)
{
    for (size_t i = 0; i < answer->n_headers; i++)
        u_map_put(response->map_header, answer->headers[i].name, answer->headers[i].value);
    if (answer->close || connection->edge->is_draining)
        u_map_put(response->map_header, "Connection", "close");
    if (answer->source.read || answer_length(answer) >= STREAM_FROM)
        send_stream(response, answer, connection);
    else
        send_copy(response, answer);
}

enum MHD_Result send_early(struct connection *connection, struct answer *answer)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(answer_length(answer), copy_parts(answer), MHD_RESPMEM_MUST_FREE);
    if (!response)
        abort();
    for (size_t i = 0; i < answer->n_headers; i++)
        MHD_add_response_header(response, answer->headers[i].name, answer->headers[i].value);
    MHD_add_response_header(response, "Connection", "close");
    enum MHD_Result queued = MHD_queue_response(connection->mhd, (unsigned int)answer->status, response);
    MHD_destroy_response(response);
    arena_free(answer->arena);
    return queued;
}
