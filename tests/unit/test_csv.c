#include "anze/base/csv.h"
#include "anze/base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

/* All records as [a|b][c|d], then the fault. */
static const char *shown(struct arena *arena, struct slice text)
{
    struct text out = text_on(arena);
    struct csv csv = csv_open(arena, text);
    struct csv_record record;
    while (csv_next(&csv, &record)) {
        text_printf(&out, "%zu", record.line);
        for (size_t i = 0; i < record.n_fields; i++)
            text_printf(&out, "%c%.*s", i ? '|' : '[', (int)record.fields[i].length, record.fields[i].bytes);
        text_add_char(&out, ']');
    }
    if (csv.fault)
        text_printf(&out, "%zu %s", csv.line, csv.fault);
    return out.bytes ? out.bytes : "";
}

#define T(text, expected) { { (text), sizeof(text) - 1 }, (expected) }
static const struct {
    struct slice text;
    const char *expected;
} lines[] = {
    T("", ""), T("\n\r\n", ""), T("a,b\nc,d", "1[a|b]2[c|d]"), T("a,b\r\nc,d\r\n", "1[a|b]2[c|d]"),
    T("\xEF\xBB\xBF"
      "码,名\n",
      "1[码|名]"),
    T(",\n", "1[|]"), T("a,\"\",b", "1[a||b]"), T("\"a\"\"b\",\"c,d\"", "1[a\"b|c,d]"),
    T("\"a\nb\",c\nd", "1[a\nb|c]3[d]"), T("a\n\n\nb", "1[a]4[b]"),
    T("a\"b", "1 a quote inside an unquoted field"), T("\"a", "1 a quoted field has no end"),
    T("x\n\"a\"b", "1[x]2 text behind a closing quote, or a lone carriage return"),
    T("a\rb", "1 text behind a closing quote, or a lone carriage return"), T("a\0b", "1 a NUL byte"),
};

static void records_are_read_as_rfc_4180_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(lines); i++) {
        AUTO(arena_free_at_end) struct arena *arena = arena_new();
        assert_string_equal(shown(arena, lines[i].text), lines[i].expected);
    }
}

static void fields_are_limited(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    struct text text = text_on(arena);
    for (int i = 0; i < CSV_MAX_FIELDS; i++)
        text_add_char(&text, ',');
    assert_string_equal(shown(arena, text_slice(&text)), "1 too many fields");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_are_read_as_rfc_4180_says),
        cmocka_unit_test(fields_are_limited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
