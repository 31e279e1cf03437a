#include "anze/base/arena.h"
#include "anze/contract/format.h"
#include "anze/contract/instant.h"
#include "anze/base/attributes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

static const struct line {
    const char *format, *text;
    bool fits;
} lines[] = {
    { "date", "2026-02-28", true },      { "date", "2028-02-29", true },      { "date", "2000-02-29", true },
    { "date", "1900-01-01", true },      { "date", "2199-12-31", true },      { "date", "2026-02-30", false },
    { "date", "2026-02-29", false },     { "date", "2100-02-29", false },     { "date", "2026-13-01", false },
    { "date", "2026-00-01", false },     { "date", "2026-01-00", false },     { "date", "2026-04-31", false },
    { "date", "infinity", false },       { "date", "now", false },            { "date", "10000-01-01", false },
    { "date", "1899-12-31", false },     { "date", "2200-01-01", false },     { "date", "2026-1-1", false },
    { "date", "20260101", false },       { "date", "2026-01-01 ", false },    { "date", "", false },
    { "date", "２026-01-01", false },
    { "date-time", "2026-07-01T08:30:00+08:00", true },         { "date-time", "2026-07-01T08:30:00Z", true },
    { "date-time", "2026-07-01t08:30:00z", true },              { "date-time", "2026-07-01T23:59:59.123456-03:30", true },
    { "date-time", "2026-07-01T08:30:00", false },              { "date-time", "2026-07-01T08:30:00+99:00", false },
    { "date-time", "2026-07-01T08:30:00+16:00", false },        { "date-time", "2026-07-01T08:30:00+08:60", false },
    { "date-time", "2026-07-01T23:59:60Z", false },             { "date-time", "2026-07-01T24:00:00Z", false },
    { "date-time", "2026-07-01T08:60:00Z", false },             { "date-time", "2026-07-01T08:30:00.1234567890Z", false },
    { "date-time", "2026-07-01T08:30:00.1234567+08:00", true }, { "date-time", "2026-07-01T08:30:00.123456789Z", true },
    { "date-time", "2026-07-01T08:30:00.Z", false },            { "date-time", "2026-07-01 08:30:00Z", false },
    { "date-time", "2026-02-30T08:30:00Z", false },             { "date-time", "2026-07-01T08:30Z", false },
    { "date-time", "2026-07-01T08:30:00+0800", false },         { "date-time", "2026-07-01T08:30:00Zx", false },
    { "uuid", "0190c8a0-7c5e-7b4a-9f00-0123456789ab", true },   { "uuid", "0190C8A0-7C5E-7B4A-9F00-0123456789AB", false },
    { "uuid", "{0190c8a0-7c5e-7b4a-9f00-0123456789ab}", false }, { "uuid", "0190c8a07c5e7b4a9f000123456789ab", false },
    { "uuid", "0190c8a0-7c5e-7b4a-9f00-0123456789ag", false },  { "uuid", "0190c8a0-7c5e-7b4a-9f000-123456789ab", false },
    { "email", "li.wei@ordos.gov.cn", true },                   { "email", "a+b@x.cn", true },
    { "email", "2962", false },                                 { "email", "@x.cn", false },
    { "email", "a@", false },                                   { "email", "a..b@x.cn", false },
    { "email", ".a@x.cn", false },                              { "email", "a@-x.cn", false },
    { "email", "a b@x.cn", false },                             { "email", "a@x..cn", false },
    { "uri", "https://ordos.gov.cn/a?b=c#d", true },            { "uri", "urn:anze:problem:not-found", true },
    { "uri", "http://[2001:db8::1]:8080/", true },              { "uri", "/relative", false },
    { "uri", "http://a b", false },                             { "uri", "http://a/%zz", false },
    { "uri", "http://a/%4", false },                            { "uri", "1http://a", false },
    { "uri", "http://a/<b>", false },                           { "uri", "http://[::1", false },
    { "credit-code", "91350100M000100Y43", true },              { "credit-code", "91350203M0001QKT19", true },
    { "credit-code", "91350100m000100y43", false },             { "credit-code", "91350100M000100Y4", false },
    { "credit-code", "91350100M000100YI3", false },             { "credit-code", "9135O100M000100Y43", false },
    { "credit-code", "12100000400000624D", true },              { "credit-code", "A1110108MA0000001A", true },
    { "credit-code", "94350100M000100Y43", false },             { "credit-code", "B1350100M000100Y43", false },
    { "credit-code", "91990100M000100Y43", false },             { "credit-code", "91369900M000100Y43", false },
    { "credit-code", "369999190002300738", false },             { "credit-code", "110101199003070739", false },
    { "credit-code", "511123199003070739", false },             { "credit-code", "522101199003070738", false },
    { "credit-code", "", false },
    { "region-code", "15", true },            { "region-code", "1506", true },          { "region-code", "150622", true },
    { "region-code", "150622101", true },     { "region-code", "150622101001", true },  { "region-code", "150", false },
    { "region-code", "1506221", false },      { "region-code", "05", false },           { "region-code", "15062x", false },
    { "plain-text", "准格尔旗某煤矿 (No. 3)", true },   { "plain-text", "", true },
    { "plain-text", "a\nb", false },          { "plain-text", "a\tb", false },          { "plain-text", "a\x7f", false },
    { "plain-text", "a\xc2\x85", false },     { "plain-text", "\xe2\x80\xae" "abc", false }, { "plain-text", "a\xe2\x80\x8b", false },
    { "plain-text", "a\xe2\x81\xa6", false }, { "plain-text", "\xef\xbb\xbf" "a", false }, { "plain-text", "a\xef\xbf\xbe", false },
    { "plain-text", "a\xef\xbf\xbf", false }, { "plain-text", "a\xf0\x9f\xbf\xbf", false }, { "plain-text", "a😀", true },
    { "plain-text", "ᠣᠷᠳᠣᠰ\xe1\xa0\x8b", true },
    { "plain-text", "👷🏻\xe2\x80\x8d♂️", true },   { "plain-text", "a\xe2\x80\x8f", false },
    { "multiline-text", "👷🏻\xe2\x80\x8d♂️\xe2\x80\x8b到场\xef\xbb\xbf", true },
    { "multiline-text", "a\xe2\x80\xae" "b", false }, { "multiline-text", "a\xe2\x81\xa6" "b", false },
    { "multiline-text", "第一行\n\t第二行", true }, { "multiline-text", "a\rb", false }, { "multiline-text", "a\x1b[0m", false },
};

static void every_text_fits_its_format_or_not(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(lines); i++)
        if (format_find(lines[i].format)(slice_of(lines[i].text)) != lines[i].fits)
            fail_msg("%s \"%s\": expected %s", lines[i].format, lines[i].text, lines[i].fits ? "to fit" : "not to fit");
}

/* What is cut is the rest of an instant, never a text that only has one in it. */
static void instants_lose_what_cannot_be_stored(void **state)
{
    (void)state;
    static const char *const cuts[][2] = {
        { "{\"at\": \"2026-07-01T23:59:59.9999999+08:00\", \"n\": 1.5}", "{\"at\": \"2026-07-01T23:59:59.999999+08:00\", \"n\": 1.5}" },
        { "[\"2026-07-01T08:30:00.123456789Z\",\"2026-07-01T08:30:00.1234567Z\"]",
          "[\"2026-07-01T08:30:00.123456Z\",\"2026-07-01T08:30:00.123456Z\"]" },
        { "{\"a\":\"2026-07-01T08:30:00.1234567Z to noon\"}", "{\"a\":\"2026-07-01T08:30:00.1234567Z to noon\"}" },
        { "{\"a\":\"\\\"2026-07-01T08:30:00.1234567Z\\\"\"}", "{\"a\":\"\\\"2026-07-01T08:30:00.1234567Z\\\"\"}" },
        { "{\"a\":\"2026-07-01T08:30:00.123Z\"}", "{\"a\":\"2026-07-01T08:30:00.123Z\"}" },
        { ".", "." },
    };
    struct arena *arena = arena_new();
    for (size_t i = 0; i < ARRAY_LENGTH(cuts); i++)
        assert_true(slice_equals(instants_cut(arena, slice_of(cuts[i][0])), cuts[i][1]));
    arena_free(arena);
}

static void an_unknown_format_is_not_found(void **state)
{
    (void)state;
    assert_null(format_find("regex"));
    assert_null(format_find("Date"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_text_fits_its_format_or_not),
        cmocka_unit_test(instants_lose_what_cannot_be_stored),
        cmocka_unit_test(an_unknown_format_is_not_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
