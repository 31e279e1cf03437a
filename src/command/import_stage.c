#include "import_stage.h"
#include "anze/base/literal.h"
#include "anze/base/text.h"

#include <stdlib.h>

enum { PIECE_BYTES = 256 << 10 };

/* Rows on their way to the server, and the memory of the records that they were made of: both begin anew with each
 * piece. */
struct piece {
    struct arena *arena;
    struct text rows;
};

static struct piece piece_begin(void)
{
    struct arena *arena = arena_new();
    return (struct piece){ arena, text_on(arena) };
}

static bool stage_fail(struct import_stage *stage, const char *why)
{
    stage->why = why;
    return false;
}

static bool piece_send(struct import_stage *stage, struct records *records, struct piece *piece)
{
    if (piece->rows.length && !session_copy_put(stage->session, text_slice(&piece->rows)))
        return stage_fail(stage, session_why(stage->session));
    arena_free(piece->arena);
    *piece = piece_begin();
    records->arena = piece->arena;
    return true;
}

/* A field of the text format of COPY. */
static void add_copy_field(struct text *rows, struct slice value)
{
    text_add_char(rows, '\t');
    if (!value.bytes) {
        text_add(rows, "\\N", 2);
        return;
    }
    for (size_t i = 0; i < value.length; i++)
        switch (value.bytes[i]) {
        case '\\': text_add(rows, "\\\\", 2); break;
        case '\n': text_add(rows, "\\n", 2); break;
        case '\t': text_add(rows, "\\t", 2); break;
        default: text_add_char(rows, value.bytes[i]);
        }
}

static bool values_are_right(struct import_stage *stage, struct arena *arena, const struct record *record)
{
    bool are_right = true;
    for (size_t i = 0; i < stage->kind->n_columns; i++) {
        const char *zh, *en;
        if (import_value_check(&stage->kind->columns[i], record->values[i], &zh, &en))
            continue;
        import_report_refuse(stage->report, record->line, stage->kind->columns[i].name,
                             arena_printf(arena, "%s。", zh), arena_printf(arena, "It %s.", en));
        are_right = false;
    }
    return are_right;
}

static void take_record(struct import_stage *stage, struct piece *piece, const struct record *record)
{
    stage->n_records++;
    stage->last_line = record->line;
    import_report_row(stage->report, record->line, record->row);
    if (record->fault.en) {
        import_report_refuse(stage->report, record->line, record->fault.column, record->fault.zh, record->fault.en);
        return;
    }
    if (!values_are_right(stage, piece->arena, record))
        return;
    text_printf(&piece->rows, "%zu", record->line);
    for (size_t i = 0; i < stage->kind->n_columns; i++)
        add_copy_field(&piece->rows, record->values[i]);
    text_add_char(&piece->rows, '\n');
}

static bool take_records(struct import_stage *stage, struct records *records, struct piece *piece)
{
    struct record record;
    while (records_next(records, &record)) {
        take_record(stage, piece, &record);
        progress_show(stage->progress, "read", stage->n_records, 0);
        if (piece->rows.length > PIECE_BYTES && !piece_send(stage, records, piece))
            return false;
    }
    if (records->fault.en)
        return stage_fail(stage, arena_printf(stage->arena, "line %zu: %s%s%s", records->line, records->fault.column,
                                              *records->fault.column ? ": " : "", records->fault.en));
    return piece_send(stage, records, piece);
}

static const char **column_names(const struct import_stage *stage)
{
    const char **names = arena_array_of(stage->arena, const char *, stage->kind->n_columns);
    for (size_t i = 0; i < stage->kind->n_columns; i++)
        names[i] = stage->kind->columns[i].name;
    return names;
}

static bool heading_is_right(struct import_stage *stage, const struct records *records)
{
    for (size_t i = 0; i < stage->kind->n_columns; i++)
        if (stage->kind->columns[i].is_required && !records_may_give(records, i))
            return stage_fail(stage,
                              arena_printf(stage->arena, "the column %s is missing", stage->kind->columns[i].name));
    return true;
}

/* The tables that sql/functions/core/import.sql works with. */
static bool tables_make(struct import_stage *stage)
{
    struct text names = text_on(stage->arena);
    for (size_t i = 0; i < stage->kind->n_columns; i++)
        literal_add_word(&names, "%s", stage->kind->columns[i].name);
    const char *values[] = { literal_end(&names) };
    return (session_query(stage->session, "select anze.import_begin($1::text[])", values, 1, NULL) &&
            session_copy_begin(stage->session, "copy pg_temp.staged from stdin")) ||
           stage_fail(stage, session_why(stage->session));
}

bool import_stage_file(struct import_stage *stage, struct slice text)
{
    struct records records;
    struct piece piece;
    if (!records_open(&records, stage->arena, text, stage->format, column_names(stage), stage->kind->n_columns))
        return stage_fail(stage, arena_printf(stage->arena, "line %zu: %s%s%s", records.line, records.fault.column,
                                              *records.fault.column ? ": " : "", records.fault.en));
    if (!heading_is_right(stage, &records) || !tables_make(stage))
        return false;
    piece = piece_begin();
    records.arena = piece.arena;
    bool done = take_records(stage, &records, &piece);
    arena_free(piece.arena);
    if (done && !session_copy_end(stage->session))
        return stage_fail(stage, session_why(stage->session));
    return done && (stage->n_records || stage_fail(stage, "the file has no records"));
}
