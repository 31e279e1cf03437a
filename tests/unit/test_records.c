#include "anze/base/records.h"
#include "anze/base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

static const char *const columns[] = { "a", "b", "list" };

/* All records as 2[x|-|y] (-: not given) or 2!column: sentence!, then the fault that ended the reading. */
static const char *shown(struct arena *arena, struct slice text, enum records_format format)
{
    struct text out = text_on(arena);
    struct records records;
    struct record record;
    text_add(&out, "", 0);
    if (records_open(&records, arena, text, format, columns, ARRAY_LENGTH(columns)))
        while (records_next(&records, &record)) {
            text_printf(&out, "%zu", record.line);
            if (record.fault.en)
                text_printf(&out, "!%s: %s!", record.fault.column, record.fault.en);
            for (size_t i = 0; !record.fault.en && i < ARRAY_LENGTH(columns); i++) {
                struct slice value = record.values[i].bytes ? record.values[i] : SLICE("-");
                text_printf(&out, "%c%.*s%s", i ? '|' : '[', (int)value.length, value.bytes,
                            i + 1 == ARRAY_LENGTH(columns) ? "]" : "");
            }
        }
    if (records.fault.en)
        text_printf(&out, "%zu?%s: %s", records.line, records.fault.column, records.fault.en);
    return out.bytes;
}

#define T(format, text, expected) { format, { (text), sizeof(text) - 1 }, (expected) }
#define C RECORDS_CSV
#define J RECORDS_NDJSON
static const struct {
    enum records_format format;
    struct slice text;
    const char *expected;
} cases[] = {
    T(C, "b,a\n1,2\n\n,\"x\ny\"\n3,4", "2[2|1|-]4[x\ny||-]6[4|3|-]"),
    T(C, "\xEF\xBB\xBFlist\r\nx;y\r\n", "2[-|-|x;y]"),
    T(C, "", "1?: The file is empty."),
    T(C, "a\n", ""),
    T(C, "a,c\n", "1?c: There is no such column."),
    T(C, "a,a\n", "1?a: The column stands there twice."),
    T(C, "a,b\n1\n2,3\n", "2!: There are 1 fields where the heading has 2.!3[2|3|-]"),
    T(C, "a\n1\n\"2", "2[1|-|-]3?: From here on this is not CSV: a quoted field has no end."),
    T(J, "", ""),
    T(J, "\xEF\xBB\xBF{\"a\":\"1\",\"b\":null}\r\n\n{\"list\":[\"x\",\"y\"],\"a\":true,\"b\":false}", "1[1||-]3[true|false|x;y]"),
    T(J, "{\"list\":[]}", "1[-|-|]"),
    T(J, "7\n{\"a\":7}\n{\"c\":\"\"}\n{\"list\":[1]}\n{\"a\":\"1\"}",
      "1!: The line is JSON, but no object.!2!a: Must be a string; numbers are written as strings too.!"
      "3!c: There is no such column.!4!list: Each item of a list is a string without semicolons.!5[1|-|-]"),
    T(J, "{\"a\":\"1\",\"a\":\"2\"}", "1!: Not read as JSON: an object has two members of the same name.!"),
    T(J, "{\"a\":\n\"1\"}", "1!: Not read as JSON: this is not JSON.!2!: Not read as JSON: this is not JSON.!"),
};

static void records_are_read_by_the_names_of_their_columns(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        AUTO(arena_free_at_end) struct arena *arena = arena_new();
        assert_string_equal(shown(arena, cases[i].text, cases[i].format), cases[i].expected);
    }
}

static void a_row_is_shown_as_it_stands_in_the_text(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    struct records records;
    struct record record;
    assert_true(records_open(&records, arena, SLICE("a,b\n\n\"x\"\"\",1\r\n"), C, columns, ARRAY_LENGTH(columns)));
    assert_true(records_next(&records, &record));
    assert_true(slice_equals(record.row, "\"x\"\"\",1"));
    assert_true(records_may_give(&records, 1));
    assert_false(records_may_give(&records, 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_are_read_by_the_names_of_their_columns),
        cmocka_unit_test(a_row_is_shown_as_it_stands_in_the_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
