#include "anze/base/csv.h"
#include "anze/base/text.h"

struct csv csv_open(struct arena *arena, struct slice text)
{
    if (text.length >= 3 && memcmp(text.bytes, "\xEF\xBB\xBF", 3) == 0)
        text = (struct slice){ text.bytes + 3, text.length - 3 };
    return (struct csv){ .arena = arena, .rest = text, .line = 1 };
}

static void csv_skip(struct csv *csv, size_t n)
{
    csv->rest.bytes += n;
    csv->rest.length -= n;
}

static bool is_at_byte(const struct csv *csv, char c)
{
    return csv->rest.length && *csv->rest.bytes == c;
}

/* Passes over a line's end; false: there is none here. */
static bool end_line(struct csv *csv)
{
    size_t n = is_at_byte(csv, '\n') ? 1 : csv->rest.length > 1 && memcmp(csv->rest.bytes, "\r\n", 2) == 0 ? 2 : 0;
    csv_skip(csv, n);
    csv->line += n > 0;
    return n;
}

static bool csv_fail(struct csv *csv, const char *fault)
{
    csv->fault = fault;
    return false;
}

static bool read_quoted(struct csv *csv, struct slice *ret_field)
{
    struct text text = text_on(csv->arena);
    text_add(&text, "", 0);
    for (csv_skip(csv, 1); csv->rest.length; csv_skip(csv, 1)) {
        char c = *csv->rest.bytes;
        if (c == '"') {
            csv_skip(csv, 1);
            if (!is_at_byte(csv, '"')) {
                *ret_field = text.bytes ? text_slice(&text) : SLICE("");
                return true;
            }
        }
        csv->line += c == '\n';
        text_add_char(&text, c);
    }
    return csv_fail(csv, "a quoted field has no end");
}

static bool read_plain(struct csv *csv, struct slice *ret_field)
{
    size_t n = 0;
    for (; n < csv->rest.length && !strchr(",\n\r", csv->rest.bytes[n]); n++)
        if (csv->rest.bytes[n] == '"')
            return csv_fail(csv, "a quote inside an unquoted field");
    if (n < csv->rest.length && csv->rest.bytes[n] == '\0')
        return csv_fail(csv, "a NUL byte");
    *ret_field = (struct slice){ csv->rest.bytes, n };
    csv_skip(csv, n);
    return true;
}

bool csv_next(struct csv *csv, struct csv_record *ret_record)
{
    while (end_line(csv))
        ;
    if (!csv->rest.length || csv->fault)
        return false;
    ret_record->line = csv->line;
    ret_record->n_fields = 0;
    for (;;) {
        if (ret_record->n_fields == CSV_MAX_FIELDS)
            return csv_fail(csv, "too many fields");
        struct slice *field = &ret_record->fields[ret_record->n_fields++];
        if (!(is_at_byte(csv, '"') ? read_quoted(csv, field) : read_plain(csv, field)))
            return false;
        if (!csv->rest.length || end_line(csv))
            return true;
        if (!is_at_byte(csv, ','))
            return csv_fail(csv, "text behind a closing quote, or a lone carriage return");
        csv_skip(csv, 1);
    }
}
