#include "anze/base/csv.h"
#include "anze/base/json.h"
#include "anze/base/utf8.h"
#include "anze/command/command.h"
#include "anze/db/session.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char usage_import[] =
    "usage: anze import regions FILE.csv\n\n"
    "Loads an official table of administrative divisions (行政区划). FILE is CSV in UTF-8 with the columns\n"
    "code,name,parent: codes of 6, 9 or 12 digits (GB/T 2260 and the statistics bureau's), the parent a code of this\n"
    "file or of the database; a province has none.\n\n"
    "All rows are checked first. If any is refused, all refusals are listed by line and nothing is written.\n"
    "Run again, it adds and renames what differs; it never deletes.\n\n"
    "Works as the schema's owner: ANZE_OWNER_DATABASE_URL.\n";

enum { MAX_FILE_BYTES = 256 << 20, MAX_NAME = 100, ROWS_PER_STEP = 5000 };

struct region_row {
    const char *code, *name, *parent; /* parent "": none */
    size_t line;
    int level;                        /* 0 province … 4 village */
};

struct import {
    struct command_context *context;
    struct arena *arena;
    struct region_row *rows;
    size_t n_rows, room;
    json_t *lines;    /* code -> line in the file */
    size_t n_refused;
};

static void refuse(struct import *import, size_t line, const char *format, ...) FORMAT(3, 4);

static void refuse(struct import *import, size_t line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "line %zu: ", line);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    import->n_refused++;
}

/* ---- reading and checking ---- */

static bool file_read(struct arena *arena, const char *path, struct slice *ret_text)
{
    FILE *file = fopen(path, "re");
    struct text text = text_on(arena);
    char block[65536];
    size_t n;
    if (!file)
        return false;
    while ((n = fread(block, 1, sizeof block, file)) > 0 && text.length <= MAX_FILE_BYTES)
        text_add(&text, block, n);
    bool was_read = !ferror(file) && text.length <= MAX_FILE_BYTES;
    fclose(file);
    *ret_text = text_slice(&text);
    return was_read;
}

static bool code_is_valid(const char *code)
{
    size_t length = strlen(code);
    return (length == 6 || length == 9 || length == 12) && strspn(code, "0123456789") == length && *code != '0';
}

static int level_of(const char *code)
{
    size_t length = strlen(code);
    if (length > 6)
        return length == 9 ? 3 : 4;
    return strcmp(code + 2, "0000") == 0 ? 0 : strcmp(code + 4, "00") == 0 ? 1 : 2;
}

/* How much of a parent's code its children share. */
static size_t prefix_length(const char *code)
{
    static const size_t lengths[] = { 2, 4, 6, 9, 12 };
    return lengths[level_of(code)];
}

static bool name_is_valid(struct slice name)
{
    size_t n = utf8_count(name);
    for (size_t i = 0; i < name.length; i++)
        if (iscntrl((unsigned char)name.bytes[i]))
            return false;
    return n >= 1 && n <= MAX_NAME && !isspace((unsigned char)*name.bytes) &&
           !isspace((unsigned char)name.bytes[name.length - 1]);
}

static void check_parent(struct import *import, const struct region_row *row)
{
    if (!*row->parent) {
        if (row->level != 0)
            refuse(import, row->line, "%s has no parent; only a province has none", row->code);
        return;
    }
    if (!code_is_valid(row->parent))
        refuse(import, row->line, "the parent %.20s is not a division code", row->parent);
    else if (level_of(row->parent) >= row->level ||
             strncmp(row->code, row->parent, prefix_length(row->parent)) != 0)
        refuse(import, row->line, "%s does not lie within its parent %s", row->code, row->parent);
}

static void add_row(struct import *import, const struct region_row *row)
{
    if (import->n_rows == import->room) {
        size_t room = import->room ? 2 * import->room : 1024;
        struct region_row *rows = arena_array_of(import->arena, struct region_row, room);
        if (import->n_rows)
            memcpy(rows, import->rows, import->n_rows * sizeof *rows);
        import->rows = rows;
        import->room = room;
    }
    import->rows[import->n_rows++] = *row;
}

static char *field_text(struct import *import, struct slice field)
{
    return arena_strndup(import->arena, field.bytes, field.length);
}

static void check_row(struct import *import, const struct csv_record *record)
{
    if (record->n_fields != 3) {
        refuse(import, record->line, "there are %zu fields instead of 3", record->n_fields);
        return;
    }
    struct region_row row = { .code = field_text(import, record->fields[0]),
                              .name = field_text(import, record->fields[1]),
                              .parent = field_text(import, record->fields[2]),
                              .line = record->line };
    if (!code_is_valid(row.code)) {
        refuse(import, row.line, "%.20s is not a division code of 6, 9 or 12 digits", row.code);
        return;
    }
    row.level = level_of(row.code);
    const json_t *before = json_object_get(import->lines, row.code);
    if (before) {
        refuse(import, row.line, "%s stands in line %lld already", row.code, (long long)json_integer_value(before));
        return;
    }
    if (!name_is_valid(record->fields[1]))
        refuse(import, row.line, "the name of %s is empty, too long, or has characters that no name has", row.code);
    check_parent(import, &row);
    json_object_set_new(import->lines, row.code, json_integer((json_int_t)row.line));
    add_row(import, &row);
}

static bool header_is_right(const struct csv_record *record)
{
    return record->n_fields == 3 && slice_equals(record->fields[0], "code") &&
           slice_equals(record->fields[1], "name") && slice_equals(record->fields[2], "parent");
}

static size_t line_at(struct slice text, size_t position)
{
    size_t line = 1;
    for (size_t i = 0; i < position; i++)
        line += text.bytes[i] == '\n';
    return line;
}

static void read_rows(struct import *import, struct slice text)
{
    size_t valid = utf8_valid_length(text);
    struct csv csv = csv_open(import->arena, text);
    struct csv_record record;
    if (valid < text.length) {
        refuse(import, line_at(text, valid), "the file is not UTF-8 from here on");
        return;
    }
    if (!csv_next(&csv, &record) || !header_is_right(&record)) {
        refuse(import, 1, "the first line must be code,name,parent");
        return;
    }
    while (csv_next(&csv, &record))
        check_row(import, &record);
    if (csv.fault)
        refuse(import, csv.line, "%s", csv.fault);
    else if (!import->n_rows && !import->n_refused)
        refuse(import, csv.line, "the file has no rows");
}

/* ---- the database ---- */

/* Parents that the file itself does not have must be there already. */
static bool check_known_parents(struct import *import, struct session *session)
{
    const struct session_rows *known;
    json_t *codes = json_keep(import->arena, json_object());
    for (size_t i = 0; i < import->n_rows; i++)
        if (*import->rows[i].parent && !json_object_get(import->lines, import->rows[i].parent))
            json_object_set_new(codes, import->rows[i].parent, json_true());
    char *text = json_dumps(codes, JSON_COMPACT);
    const char *values[] = { text };
    bool done = session_query(session,
                              "select c.code from jsonb_object_keys($1::jsonb) c(code)"
                              " where exists (select from anze.region r where r.code = c.code)",
                              values, 1, &known);
    free(text);
    for (size_t i = 0; done && i < session_count(known); i++)
        json_object_del(codes, session_value(known, i, 0));
    for (size_t i = 0; done && i < import->n_rows; i++)
        if (json_object_get(codes, import->rows[i].parent))
            refuse(import, import->rows[i].line, "the parent %s of %s is neither in the file nor in the database",
                   import->rows[i].parent, import->rows[i].code);
    return done;
}

static int compare_level(const void *a, const void *b)
{
    const struct region_row *x = a, *y = b;
    return x->level != y->level ? x->level - y->level : strcmp(x->code, y->code);
}

static char *rows_json(const struct region_row *rows, size_t n)
{
    json_t *array = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(array, json_pack("{s:s, s:s, s:s?}", "code", rows[i].code, "name", rows[i].name,
                                               "parent_code", *rows[i].parent ? rows[i].parent : NULL));
    char *text = json_dumps(array, JSON_COMPACT);
    json_decref(array);
    return text;
}

struct tally {
    long long added, changed, unchanged;
};

static bool write_step(struct session *session, const struct region_row *rows, size_t n, struct tally *tally)
{
    const struct session_rows *counts;
    char *text = rows_json(rows, n);
    const char *values[] = { text };
    bool done = session_query(session, "select added, changed, unchanged from anze.import_regions($1::jsonb)", values,
                              1, &counts);
    free(text);
    if (!done)
        return false;
    tally->added += atoll(session_value(counts, 0, 0));
    tally->changed += atoll(session_value(counts, 0, 1));
    tally->unchanged += atoll(session_value(counts, 0, 2));
    return true;
}

/* Parents first, so that each step stands by itself; all steps are one transaction. */
static bool write_rows(struct import *import, struct session *session, struct tally *tally)
{
    qsort(import->rows, import->n_rows, sizeof *import->rows, compare_level);
    for (size_t at = 0; at < import->n_rows; at += ROWS_PER_STEP) {
        size_t left = import->n_rows - at;
        if (!write_step(session, import->rows + at, left < ROWS_PER_STEP ? left : ROWS_PER_STEP, tally))
            return false;
        if (left > ROWS_PER_STEP)
            fprintf(stderr, "%zu of %zu regions\n", at + ROWS_PER_STEP, import->n_rows);
    }
    return session_script(session, "commit");
}

static int import_rows(struct import *import)
{
    const char *why = "";
    struct tally tally = { 0, 0, 0 };
    struct session *session =
        session_open(import->arena, import->context->config->owner_database_url, "importRegions", &why);
    if (!session)
        return command_failure(import->context, "cannot connect: %s", why);
    if (!session_script(session, "begin; set local lock_timeout = '10s'") || !check_known_parents(import, session))
        return command_failure(import->context, "cannot read the regions: %s", session_why(session));
    if (import->n_refused)
        return command_failure(import->context, "%zu rows were refused, nothing was written", import->n_refused);
    if (!write_rows(import, session, &tally))
        return command_failure(import->context, "nothing was written: %s", session_why(session));
    printf("%zu regions: %lld added, %lld changed, %lld unchanged\n", import->n_rows, tally.added, tally.changed,
           tally.unchanged);
    return COMMAND_OK;
}

int command_import(struct command_context *context, int argc, char **argv)
{
    struct import import = { .context = context, .arena = context->arena };
    struct slice text = SLICE_NONE;
    if (argc != 3 || strcmp(argv[1], "regions") != 0)
        return command_misuse(context, "what is to be imported? anze import regions FILE.csv");
    if (!*context->config->owner_database_url)
        return command_misuse(context, "ANZE_OWNER_DATABASE_URL is not set");
    if (!file_read(context->arena, argv[2], &text))
        return command_failure(context, "cannot read %s (at most 256 MiB)", argv[2]);
    import.lines = json_keep(context->arena, json_object());
    read_rows(&import, text);
    if (import.n_refused)
        return command_failure(context, "%zu rows were refused, nothing was written", import.n_refused);
    return import_rows(&import);
}
