#include "reader.h"

#include <ctype.h>
#include <strings.h>

struct reader {
    const char *at, *end;
    int line_end; /* bytes, of the last line */
    bool is_doubtful;
};

static bool is_token(struct slice text)
{
    for (size_t i = 0; i < text.length; i++)
        if (!text.bytes[i] || (!isalnum((unsigned char)text.bytes[i]) && !strchr("!#$%&'*+-.^_`|~", text.bytes[i])))
            return false;
    return text.length > 0;
}

static bool is_word(struct slice text, const char *word)
{
    return text.length == strlen(word) && strncasecmp(text.bytes, word, text.length) == 0;
}

/* libmicrohttpd writes a NUL over each carriage return, so that one sent in its place is none to the edge. */
static bool read_line(struct reader *reader, struct slice *ret_line)
{
    const char *feed = reader->at < reader->end ? memchr(reader->at, '\n', (size_t)(reader->end - reader->at)) : NULL;
    if (!feed)
        return false;
    int length = feed > reader->at && (feed[-1] == '\r' || !feed[-1]) ? 2 : 1;
    *ret_line = (struct slice){ reader->at, (size_t)(feed + 1 - length - reader->at) };
    reader->at = feed + 1;
    reader->line_end = length;
    return true;
}

static bool has_controls(struct slice text, unsigned char most)
{
    for (size_t i = 0; i < text.length; i++) {
        unsigned char c = (unsigned char)text.bytes[i];
        if ((c <= most && c != '\t') || c == 0x7f)
            return true;
    }
    return false;
}

static bool read_field(struct slice line, struct slice *ret_name, struct slice *ret_value)
{
    const char *colon = line.length ? memchr(line.bytes, ':', line.length) : NULL;
    if (!colon)
        return false;
    const char *from = colon + 1, *to = line.bytes + line.length;
    while (from < to && (*from == ' ' || *from == '\t'))
        from++;
    while (to > from && (to[-1] == ' ' || to[-1] == '\t'))
        to--;
    *ret_name = (struct slice){ line.bytes, (size_t)(colon - line.bytes) };
    *ret_value = (struct slice){ from, (size_t)(to - from) };
    return is_token(*ret_name) && !has_controls(*ret_value, 0x1f);
}

struct framing {
    bool has_length, is_chunked, closes, keeps;
    size_t length;
};

static bool read_number(struct slice text, size_t *ret_number)
{
    *ret_number = 0;
    for (size_t i = 0; i < text.length; i++) {
        if (!isdigit((unsigned char)text.bytes[i]))
            return false;
        *ret_number = *ret_number * 10 + (size_t)(text.bytes[i] - '0');
    }
    return text.length && text.length <= 18;
}

static void read_options(struct slice list, struct framing *framing)
{
    while (list.length) {
        const char *comma = memchr(list.bytes, ',', list.length);
        size_t taken = comma ? (size_t)(comma - list.bytes) : list.length;
        struct slice word = { list.bytes, taken };
        while (word.length && (*word.bytes == ' ' || *word.bytes == '\t'))
            word.bytes++, word.length--;
        while (word.length && (word.bytes[word.length - 1] == ' ' || word.bytes[word.length - 1] == '\t'))
            word.length--;
        framing->closes = framing->closes || is_word(word, "close");
        framing->keeps = framing->keeps || is_word(word, "keep-alive");
        taken += comma != NULL;
        list = (struct slice){ list.bytes + taken, list.length - taken };
    }
}

static bool read_framing(struct slice name, struct slice value, struct framing *framing)
{
    if (is_word(name, "Connection"))
        read_options(value, framing);
    bool is_length = is_word(name, "Content-Length"), is_coding = is_word(name, "Transfer-Encoding");
    if (!is_length && !is_coding)
        return true;
    if (framing->has_length || framing->is_chunked)
        return false;
    framing->has_length = is_length;
    framing->is_chunked = is_coding;
    return is_length ? read_number(value, &framing->length) : is_word(value, "chunked");
}

/* libmicrohttpd takes a line that begins with its colon for an end. The edge sees by its length that it is none, but for
 * this one in a head, and but for those among a trailer's. */
static bool is_end_for_the_library(struct slice line, int this_end, int line_end)
{
    return line.length && line.bytes[0] == ':' && (!line_end || (line.length == 1 && this_end == 1 && line_end == 2));
}

/* Up to the empty line, all lines with the same end. */
static bool read_head(struct reader *reader, int line_end, struct framing *framing)
{
    struct slice line, name, value;
    while (read_line(reader, &line)) {
        reader->is_doubtful = is_end_for_the_library(line, reader->line_end, line_end);
        if (line_end != reader->line_end || !line.length)
            return line_end == reader->line_end;
        if (!read_field(line, &name, &value) || !read_framing(name, value, framing))
            return false;
    }
    return false;
}

/* Nobody reads what a trailer says. */
static bool read_trailer(struct reader *reader)
{
    struct slice line;
    while (read_line(reader, &line) && !reader->is_doubtful) {
        reader->is_doubtful = is_end_for_the_library(line, reader->line_end, 0);
        if (!line.length)
            return true;
        if (!memchr(line.bytes, ':', line.length))
            return false;
    }
    return false;
}

static bool read_request_line(struct slice line, struct slice *ret_method, struct slice *ret_target, bool *ret_old)
{
    const char *first = line.length ? memchr(line.bytes, ' ', line.length) : NULL;
    const char *last = line.length ? memrchr(line.bytes, ' ', line.length) : NULL;
    if (!first || first == last)
        return false;
    struct slice version = { last + 1, line.length - (size_t)(last + 1 - line.bytes) };
    *ret_method = (struct slice){ line.bytes, (size_t)(first - line.bytes) };
    *ret_target = (struct slice){ first + 1, (size_t)(last - first - 1) };
    *ret_old = slice_equals(version, "HTTP/1.0");
    return is_token(*ret_method) && ret_target->length && !has_controls(*ret_target, ' ') &&
           !memchr(ret_target->bytes, '\t', ret_target->length) && (*ret_old || slice_equals(version, "HTTP/1.1"));
}

static bool skip(struct reader *reader, size_t length)
{
    if ((size_t)(reader->end - reader->at) < length)
        return false;
    reader->at += length;
    return true;
}

static bool read_chunk_size(struct slice line, size_t *ret_size)
{
    size_t i = 0;
    for (*ret_size = 0; i < line.length && isxdigit((unsigned char)line.bytes[i]); i++) {
        int c = tolower((unsigned char)line.bytes[i]);
        *ret_size = *ret_size * 16 + (size_t)(isdigit(c) ? c - '0' : c - 'a' + 10);
    }
    return i > 0 && i <= 15 && (i == line.length || line.bytes[i] == ';');
}

static bool read_chunks(struct reader *reader)
{
    struct slice line;
    size_t size;
    while (read_line(reader, &line) && read_chunk_size(line, &size)) {
        if (!size)
            return read_trailer(reader);
        if (!skip(reader, size) || !read_line(reader, &line) || line.length)
            return false;
    }
    return false;
}

/* One whole request. */
static bool read_request(struct reader *reader, struct reading *reading)
{
    struct slice line, *method = &reading->requests[reading->n].method, *target = &reading->requests[reading->n].target;
    const char *begin = reader->at;
    struct framing framing = { 0 };
    bool is_old;
    if (!read_line(reader, &line) || !read_request_line(line, method, target, &is_old) ||
        !read_head(reader, reader->line_end, &framing))
        return false;
    reading->requests[reading->n].head_bytes = (size_t)(reader->at - begin);
    if (framing.is_chunked ? !read_chunks(reader) : !skip(reader, framing.length))
        return false;
    reading->is_closed = framing.closes || (is_old && !framing.keeps);
    return true;
}

static void skip_empty_lines(struct reader *reader)
{
    while (reader->at < reader->end &&
           (*reader->at == '\n' || (*reader->at == '\r' && reader->at + 1 < reader->end && reader->at[1] == '\n')))
        reader->at += *reader->at == '\n' ? 1 : 2;
}

struct reading *reader_read(struct arena *arena, struct slice bytes)
{
    struct reader reader = { .at = bytes.bytes, .end = bytes.bytes + bytes.length };
    struct reading *reading = arena_new_of(arena, struct reading);
    reading->n = 0;
    reading->is_closed = reading->is_stuck = reading->is_doubtful = false;
    while (!reading->is_closed && !reading->is_stuck && reading->n < READER_MOST) {
        skip_empty_lines(&reader);
        if (reader.at == reader.end)
            return reading;
        reading->is_stuck = !read_request(&reader, reading);
        reading->is_doubtful = reader.is_doubtful;
        reading->n += !reading->is_stuck;
    }
    return reading;
}

