#include "import_report.h"
#include "anze/base/utf8.h"
#include "anze/contract/format.h"

#include <stdlib.h>

enum { MAX_ROW_BYTES = 2000 };

/* Room for one more: the array, moved to twice the room where it was full. */
static void *grown(struct arena *arena, void *items, size_t n, size_t *room, size_t size)
{
    if (n < *room)
        return items;
    *room = *room ? 2 * *room : 1024;
    void *more = arena_alloc(arena, *room * size);
    if (n)
        memcpy(more, items, n * size);
    return more;
}

void import_report_row(struct import_report *report, size_t line, struct slice text)
{
    report->rows = grown(report->arena, report->rows, report->n_rows, &report->row_room, sizeof *report->rows);
    report->rows[report->n_rows++] = (struct import_row){ line, text };
}

void import_report_refuse(struct import_report *report, size_t line, const char *column, const char *zh,
                          const char *en)
{
    report->refusals = grown(report->arena, report->refusals, report->n_refusals, &report->refusal_room,
                             sizeof *report->refusals);
    report->refusals[report->n_refusals] =
        (struct import_refusal){ line, report->n_refusals, arena_strdup(report->arena, column),
                                 arena_strdup(report->arena, zh), arena_strdup(report->arena, en) };
    report->n_refusals++;
}

static int compare_refusals(const void *a, const void *b)
{
    const struct import_refusal *x = a, *y = b;
    size_t left = x->line == y->line ? x->number : x->line, right = x->line == y->line ? y->number : y->line;
    return left < right ? -1 : left > right;
}

static int compare_rows(const void *a, const void *b)
{
    const struct import_row *x = a, *y = b;
    return x->line < y->line ? -1 : x->line > y->line;
}

size_t import_report_count(struct import_report *report)
{
    size_t n = 0;
    if (report->n_refusals)
        qsort(report->refusals, report->n_refusals, sizeof *report->refusals, compare_refusals);
    for (size_t i = 0; i < report->n_refusals; i++)
        n += i == 0 || report->refusals[i].line != report->refusals[i - 1].line;
    return n;
}

/* A quoted field. What is not text that a terminal shows as it is goes out as \xNN. */
static void write_field(FILE *out, struct slice text)
{
    format_check *is_shown = format_find("multiline-text");
    size_t length;
    fputc('"', out);
    for (size_t at = 0; at < text.length && at < MAX_ROW_BYTES; at += length) {
        uint32_t point;
        struct slice one = { text.bytes + at, text.length - at };
        length = utf8_next(one, &point);
        one.length = length;
        if (length && is_shown(one)) {
            fwrite(one.bytes, 1, length, out);
            fputs(*one.bytes == '"' ? "\"" : "", out);
            continue;
        }
        length = length ? length : 1;
        for (size_t i = 0; i < length; i++)
            fprintf(out, "\\x%02x", (unsigned)(unsigned char)one.bytes[i]);
    }
    fputs(text.length > MAX_ROW_BYTES ? "…\"" : "\"", out);
}

void import_report_write(const struct import_report *report, FILE *out)
{
    fputs("line,column,reason,row\n", out);
    for (size_t i = 0; i < report->n_refusals; i++) {
        const struct import_refusal *refusal = &report->refusals[i];
        const struct import_row key = { refusal->line, SLICE_NONE };
        const struct import_row *row =
            bsearch(&key, report->rows, report->n_rows, sizeof key, compare_rows);
        fprintf(out, "%zu,", refusal->line);
        write_field(out, slice_of(refusal->column));
        fputc(',', out);
        write_field(out, slice_of(arena_printf(report->arena, "%s | %s", refusal->zh, refusal->en)));
        fputc(',', out);
        write_field(out, row ? row->text : SLICE(""));
        fputc('\n', out);
    }
}
