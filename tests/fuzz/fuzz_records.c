/* Any bytes as a file to import, as CSV and as NDJSON: lines only grow, a row lies within the text, and a record has
 * either a fault or values; reading ends. */
#include "anze/base/records.h"

#include <stdint.h>
#include <stdlib.h>

static const char *const columns[] = { "a", "b", "list" };

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void read_all(struct slice text, enum records_format format)
{
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    struct records records;
    struct record record;
    size_t line = 0;
    if (!records_open(&records, arena, text, format, columns, ARRAY_LENGTH(columns))) {
        must(records.fault.en && records.fault.zh && records.fault.column && records.line >= 1);
        return;
    }
    while (records_next(&records, &record)) {
        must(record.line > line);
        line = record.line;
        must(record.row.bytes >= text.bytes && record.row.bytes + record.row.length <= text.bytes + text.length);
        must(!record.fault.en == !record.fault.zh);
        for (size_t i = 0; i < ARRAY_LENGTH(columns); i++)
            must(record.values[i].bytes || !record.values[i].length);
    }
    must(records.fault.en ? records.line >= line : !records.csv.rest.length);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = { (const char *)data, size };
    if (!size)
        return 0;
    read_all(text, RECORDS_CSV);
    read_all(text, RECORDS_NDJSON);
    return 0;
}
