#include "anze/http/message.h"
#include "anze/base/text.h"

#include <assert.h>
#include <strings.h>

static bool is_named(const struct header *header, const char *name, size_t length)
{
    return header->name.length == length && strncasecmp(header->name.bytes, name, length) == 0;
}

/* Fields that we read. Lines of a list belong together (RFC 9110 5.3); whoever reads a single one twice may read it
 * differently from us. */
static const struct {
    const char *name;
    enum header_form form;
} forms[] = {
    { "Accept", HEADER_LIST },          { "Accept-Encoding", HEADER_LIST },    { "Accept-Language", HEADER_LIST },
    { "If-Match", HEADER_LIST },        { "If-None-Match", HEADER_LIST },      { "Prefer", HEADER_LIST },
    { "X-Forwarded-For", HEADER_LIST },
    { "Authorization", HEADER_SINGLE }, { "Content-Digest", HEADER_SINGLE },   { "Content-Encoding", HEADER_SINGLE },
    { "Content-Length", HEADER_SINGLE }, { "Content-Type", HEADER_SINGLE },    { "Expect", HEADER_SINGLE },
    { "Host", HEADER_SINGLE },          { "Idempotency-Key", HEADER_SINGLE },  { "If-Range", HEADER_SINGLE },
    { "Origin", HEADER_SINGLE },        { "Range", HEADER_SINGLE },            { "traceparent", HEADER_SINGLE },
    { "Transfer-Encoding", HEADER_SINGLE }, { "X-Request-Id", HEADER_SINGLE },
};

enum header_form message_form(struct slice name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(forms); i++)
        if (strlen(forms[i].name) == name.length && strncasecmp(forms[i].name, name.bytes, name.length) == 0)
            return forms[i].form;
    return HEADER_UNREAD;
}

static struct slice first_value(const struct message *message, const char *name)
{
    size_t length = strlen(name);
    for (size_t i = 0; i < message->n_headers; i++)
        if (is_named(&message->headers[i], name, length))
            return message->headers[i].value;
    return SLICE_NONE;
}

struct slice message_header(const struct message *message, const char *name)
{
    assert(message_form(slice_of(name)) == HEADER_SINGLE);
    return first_value(message, name);
}

struct slice message_list(const struct message *message, struct arena *arena, const char *name)
{
    assert(message_form(slice_of(name)) == HEADER_LIST);
    if (message_header_count(message, name) < 2)
        return first_value(message, name);
    struct text all = text_on(arena);
    for (size_t i = 0; i < message->n_headers; i++)
        if (is_named(&message->headers[i], name, strlen(name)))
            text_printf(&all, "%s%.*s", all.bytes ? ", " : "", (int)message->headers[i].value.length,
                        message->headers[i].value.bytes);
    return text_slice(&all);
}

struct slice message_field(const struct message *message, struct arena *arena, const char *name)
{
    return message_form(slice_of(name)) == HEADER_LIST ? message_list(message, arena, name)
                                                       : message_header(message, name);
}

size_t message_header_count(const struct message *message, const char *name)
{
    size_t length = strlen(name), count = 0;
    for (size_t i = 0; i < message->n_headers; i++)
        count += is_named(&message->headers[i], name, length);
    return count;
}

void answer_header(struct answer *answer, const char *name, const char *value)
{
    assert(answer->n_headers < ANSWER_MAX_HEADERS);
    answer->headers[answer->n_headers].name = name;
    answer->headers[answer->n_headers++].value = value;
}

size_t answer_length(const struct answer *answer)
{
    size_t length = answer->source.read ? (size_t)answer->source.length : 0;
    for (size_t i = 0; i < answer->n_parts; i++)
        length += answer->parts[i].length;
    return length;
}
