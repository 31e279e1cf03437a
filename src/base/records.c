#include "anze/base/records.h"
#include "anze/base/json.h"
#include "anze/base/text.h"
#include "anze/base/utf8.h"

static bool end_with(struct records *records, size_t line, const char *column, const char *zh, const char *en)
{
    records->fault = (struct records_fault){ column, zh, en };
    records->line = line;
    return false;
}

static bool refuse_record(struct record *record, const char *column, const char *zh, const char *en)
{
    record->fault = (struct records_fault){ column, zh, en };
    return false;
}

static bool column_find(const struct records *records, struct slice name, size_t *ret_column)
{
    for (size_t i = 0; i < records->n_columns; i++)
        if (slice_equals(name, records->columns[i])) {
            *ret_column = i;
            return true;
        }
    return false;
}

/* A name that somebody wrote, short enough to be shown. */
static const char *shown(struct arena *arena, struct slice name)
{
    struct slice cut = utf8_cut((struct slice){ name.bytes, utf8_valid_length(name) }, 64);
    return arena_strndup(arena, cut.bytes, cut.length);
}

/* ---- CSV ---- */

static bool csv_end(struct records *records)
{
    if (records->csv.fault)
        return end_with(records, records->csv.line, "", "CSV 格式错误，此处之后无法读取。",
                        arena_printf(records->arena, "From here on this is not CSV: %s.", records->csv.fault));
    return false;
}

static bool heading_read(struct records *records)
{
    struct csv_record heading;
    if (!csv_next(&records->csv, &heading)) {
        if (!records->csv.fault)
            return end_with(records, 1, "", "文件为空。", "The file is empty.");
        return csv_end(records);
    }
    records->n_fields = heading.n_fields;
    for (size_t i = 0; i < heading.n_fields; i++) {
        const char *name = shown(records->arena, heading.fields[i]);
        if (!column_find(records, heading.fields[i], &records->column_of[i]))
            return end_with(records, heading.line, name, "没有这一列。", "There is no such column.");
        for (size_t earlier = 0; earlier < i; earlier++)
            if (records->column_of[earlier] == records->column_of[i])
                return end_with(records, heading.line, name, "该列出现两次。", "The column stands there twice.");
    }
    return true;
}

static struct slice without_line_ends(const char *begin, const char *end)
{
    while (begin < end && (*begin == '\n' || *begin == '\r'))
        begin++;
    while (end > begin && (end[-1] == '\n' || end[-1] == '\r'))
        end--;
    return (struct slice){ begin, (size_t)(end - begin) };
}

static bool csv_record_read(struct records *records, struct record *record)
{
    struct csv_record fields;
    const char *begin = records->csv.rest.bytes;
    records->csv.arena = records->arena;
    if (!csv_next(&records->csv, &fields))
        return csv_end(records);
    record->line = fields.line;
    record->row = without_line_ends(begin, records->csv.rest.bytes);
    if (fields.n_fields != records->n_fields)
        refuse_record(
            record, "",
            arena_printf(records->arena, "此行有 %zu 列，表头有 %zu 列。", fields.n_fields, records->n_fields),
            arena_printf(records->arena, "There are %zu fields where the heading has %zu.", fields.n_fields,
                         records->n_fields));
    else
        for (size_t i = 0; i < fields.n_fields; i++)
            record->values[records->column_of[i]] = fields.fields[i];
    return true;
}

/* ---- NDJSON ---- */

static bool list_read(struct records *records, struct record *record, size_t column, const json_t *array)
{
    struct text text = text_on(records->arena);
    text_add(&text, "", 0);
    for (size_t i = 0; i < json_array_size(array); i++) {
        const json_t *one = json_array_get(array, i);
        if (!json_is_string(one) || strchr(json_string_value(one), ';'))
            return refuse_record(record, records->columns[column], "列表的每一项应为不含分号的文字。",
                                 "Each item of a list is a string without semicolons.");
        if (i)
            text_add_char(&text, ';');
        text_add(&text, json_string_value(one), json_string_length(one));
    }
    record->values[column] = text_slice(&text);
    return true;
}

static bool member_read(struct records *records, struct record *record, size_t column, const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_STRING:
        record->values[column] = (struct slice){ json_string_value(value), json_string_length(value) };
        return true;
    case JSON_NULL: record->values[column] = SLICE(""); return true;
    case JSON_TRUE: record->values[column] = SLICE("true"); return true;
    case JSON_FALSE: record->values[column] = SLICE("false"); return true;
    case JSON_ARRAY: return list_read(records, record, column, value);
    default:
        return refuse_record(record, records->columns[column], "应为文字，数字也写成文字。",
                             "Must be a string; numbers are written as strings too.");
    }
}

static bool read_record_object(struct records *records, struct record *record, json_t *object)
{
    const char *name;
    json_t *value;
    if (!json_is_object(object))
        return refuse_record(record, "", "此行不是 JSON 对象。", "The line is JSON, but no object.");
    json_object_foreach(object, name, value) {
        size_t column;
        if (!column_find(records, slice_of(name), &column))
            return refuse_record(record, shown(records->arena, slice_of(name)), "没有这一列。",
                                 "There is no such column.");
        if (!member_read(records, record, column, value))
            return false;
    }
    return true;
}

static bool json_record_read(struct records *records, struct record *record)
{
    struct slice *rest = &records->csv.rest;
    while (rest->length) {
        const char *newline = memchr(rest->bytes, '\n', rest->length);
        const char *end = newline ? newline : rest->bytes + rest->length;
        const char *begin = rest->bytes;
        rest->length -= (size_t)(end - begin) + (newline != NULL);
        rest->bytes = end + (newline != NULL);
        record->line = records->csv.line++;
        record->row = without_line_ends(begin, end);
        if (!record->row.length)
            continue;
        struct problem problem = { 0 };
        json_t *value;
        if (json_read(records->arena, record->row, &value, &problem))
            read_record_object(records, record, value);
        else
            refuse_record(record, "", arena_printf(records->arena, "%s。", problem.first->zh),
                          arena_printf(records->arena, "Not read as JSON: %s.", problem.first->en));
        return true;
    }
    return false;
}

bool records_open(struct records *records, struct arena *arena, struct slice text, enum records_format format,
                  const char *const *columns, size_t n_columns)
{
    *records = (struct records){ .arena = arena, .format = format, .columns = columns, .n_columns = n_columns };
    records->csv = csv_open(arena, text);
    return format == RECORDS_NDJSON || heading_read(records);
}

bool records_may_give(const struct records *records, size_t column)
{
    for (size_t i = 0; i < records->n_fields; i++)
        if (records->column_of[i] == column)
            return true;
    return records->format == RECORDS_NDJSON;
}

bool records_next(struct records *records, struct record *ret_record)
{
    *ret_record = (struct record){ .fault = { "", NULL, NULL } };
    return records->format == RECORDS_CSV ? csv_record_read(records, ret_record)
                                          : json_record_read(records, ret_record);
}
