#include "edge_inside.h"

#include <strings.h>

enum {
    MAX_HEADERS = 64,
    NOTE_BYTES = 64,    /* what libmicrohttpd keeps for each field, parameter and cookie */
    READ_AHEAD = 8,     /* it reads at most this part of what is free beyond a head */
    ANSWER_ROOM = 2048, /* the head of any answer, without what it repeats of the request */
    NEXT_ROOM = 1200,   /* a cursor, or a file's name */
};

struct field_list {
    struct header *headers;
    size_t count;
    bool is_cut;
};

static enum MHD_Result add_field(void *data, enum MHD_ValueKind kind, const char *name, size_t name_length,
                                 const char *value, size_t value_length)
{
    (void)kind;
    struct field_list *list = data;
    list->is_cut = list->count == MAX_HEADERS;
    if (list->is_cut)
        return MHD_NO;
    list->headers[list->count++] = (struct header){ { name, name_length }, { value ? value : "", value_length } };
    return MHD_YES;
}

/* ------------------------------------------------------------------ what libmicrohttpd overlooked */

static const char *end_of(struct slice text)
{
    return text.bytes + text.length;
}

/* A name, one colon (now a NUL), blanks, the value: the next one in memory. A folded line is glued to the name and
 * moved elsewhere. */
static bool is_plain_field(const struct header *field)
{
    const char *at = end_of(field->name);
    if (field->value.bytes <= at)
        return false;
    while (++at < field->value.bytes)
        if (*at != ' ' && *at != '\t')
            return false;
    return true;
}

static size_t head_bytes(struct connection *connection)
{
    return MHD_get_connection_info(connection->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE)->header_size;
}

/* From one line to the next only its end is passed: `line_end` bytes, the same for all lines. Bytes behind a NUL that
 * was sent would stand there, too; and a line that begins with its colon is an end of the head for libmicrohttpd. */
static bool shows_all_fields(const struct message *message, const char *head_end)
{
    const struct header *fields = message->headers;
    const char *at = end_of(message->version);
    const char *first = message->n_headers ? fields[0].name.bytes : at + (head_end - at) / 2;
    ptrdiff_t line_end = first - at;
    if (line_end != 1 && line_end != 2)
        return false;
    for (size_t i = 0; i < message->n_headers; i++) {
        if (fields[i].name.bytes != at + line_end || !is_plain_field(&fields[i]))
            return false;
        at = end_of(fields[i].value);
    }
    return message->headers_cut || head_end == at + 2 * line_end;
}

/* libmicrohttpd ends each part of the head by a NUL of its own and measures it up to the first NUL. The parts still
 * stand where they came, so that gaps show what a NUL, a second blank or a folded line hid. */
static bool shows_all(struct connection *connection, const struct message *message)
{
    const char *target = connection->sent_target;
    return target == end_of(message->method) + 1 &&
           message->version.bytes == target + strlen(connection->target) + 1 &&
           shows_all_fields(message, message->method.bytes + head_bytes(connection));
}

/* ------------------------------------------------------------------ room for the answer */

static size_t count_of(struct slice text, char wanted)
{
    size_t count = 0;
    for (size_t i = 0; i < text.length; i++)
        count += text.bytes[i] == wanted;
    return count;
}

static bool is_cookie(const struct header *field)
{
    return field->name.length == 6 && strncasecmp(field->name.bytes, "Cookie", 6) == 0;
}

/* Beside the head: notes, and a copy of the cookies. */
static size_t note_bytes(const struct message *message)
{
    size_t notes = message->n_headers + 1 + count_of(message->target, '&'), copies = 0;
    for (const struct header *field = message->headers; field < message->headers + message->n_headers; field++)
        if (is_cookie(field)) {
            notes += 1 + count_of(field->value, ';');
            copies += field->value.length + 1;
        }
    return notes * NOTE_BYTES + copies;
}

/* An answer may repeat origin, host and target. */
static size_t answer_bytes(const struct message *message)
{
    return ANSWER_ROOM + NEXT_ROOM + message_header(message, "Host").length +
           message_header(message, "Origin").length + message->target.length;
}

/* libmicrohttpd writes the head of the answer behind the request's own into one piece of memory, and ends a connection
 * where that does not fit: by then the work is done. So it is asked before. Half of the memory is for reading in any
 * case. */
static bool leaves_room(const struct message *message, size_t head)
{
    size_t room = CONNECTION_MEMORY;
    size_t reading = head + (room - head) / READ_AHEAD;
    reading = reading > room / 2 ? reading : room / 2;
    return reading + note_bytes(message) + answer_bytes(message) <= room;
}

void head_read(struct arena *arena, struct connection *connection, const char *method, const char *version,
               struct message *ret_message)
{
    struct field_list list = { .headers = arena_array_of(arena, struct header, MAX_HEADERS) };
    MHD_get_connection_values_n(connection->mhd, MHD_HEADER_KIND, add_field, &list);
    size_t length = strlen(connection->target);
    bool target_cut = length > MESSAGE_MAX_TARGET;
    *ret_message = (struct message){
        .listener = connection->edge->options.listener,
        .peer = connection->peer,
        .method = slice_of(method),
        .target = { connection->target, target_cut ? MESSAGE_MAX_TARGET : length },
        .version = slice_of(version),
        .headers = list.headers,
        .n_headers = list.count,
        .target_cut = target_cut,
        .headers_cut = list.is_cut,
    };
    ret_message->head_hides = !shows_all(connection, ret_message);
    ret_message->headers_cut = ret_message->headers_cut || !leaves_room(ret_message, head_bytes(connection));
}
