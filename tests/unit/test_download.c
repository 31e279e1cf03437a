#include "anze/http/download.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static const struct {
    const char *range;
    uint64_t length;
    enum range_verdict verdict;
    uint64_t first, n;
} cases[] = {
    { NULL, 10, RANGE_WHOLE, 0, 0 },
    { "", 10, RANGE_WHOLE, 0, 0 },
    { "bytes=0-0", 10, RANGE_PART, 0, 1 },
    { "bytes=0-9", 10, RANGE_PART, 0, 10 },
    { "bytes=3-5", 10, RANGE_PART, 3, 3 },
    { "Bytes=3-5", 10, RANGE_PART, 3, 3 },
    { "bytes=9-", 10, RANGE_PART, 9, 1 },
    { "bytes=3-99", 10, RANGE_PART, 3, 7 },
    { "bytes=3-10", 10, RANGE_PART, 3, 7 },
    { "bytes=-4", 10, RANGE_PART, 6, 4 },
    { "bytes=-99", 10, RANGE_PART, 0, 10 },
    { "bytes=0-18446744073709551615", 10, RANGE_PART, 0, 10 },
    { "bytes=-18446744073709551615", 10, RANGE_PART, 0, 10 },
    { "bytes=10-", 10, RANGE_OUTSIDE, 0, 0 },
    { "bytes=10-12", 10, RANGE_OUTSIDE, 0, 0 },
    { "bytes=18446744073709551615-", 10, RANGE_OUTSIDE, 0, 0 },
    { "bytes=-0", 10, RANGE_OUTSIDE, 0, 0 },
    { "bytes=5-3", 10, RANGE_WHOLE, 0, 0 },
    { "bytes=1-2,4-5", 10, RANGE_WHOLE, 0, 0 },
    { "bytes=18446744073709551616-", 10, RANGE_WHOLE, 0, 0 },
    { "bytes= 1-2", 10, RANGE_WHOLE, 0, 0 },
    { "bytes=1-2 ", 10, RANGE_WHOLE, 0, 0 },
    { "bytes=+1-2", 10, RANGE_WHOLE, 0, 0 },
    { "bytes=--1", 10, RANGE_WHOLE, 0, 0 },
    { "bytes=-", 10, RANGE_WHOLE, 0, 0 },
    { "bytes=", 10, RANGE_WHOLE, 0, 0 },
    { "bytes", 10, RANGE_WHOLE, 0, 0 },
    { "items=0-1", 10, RANGE_WHOLE, 0, 0 },
};

static void one_range_is_read_and_everything_else_is_all_or_outside(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct byte_range range = { 0, 0 };
        enum range_verdict verdict = range_read(slice_of(cases[i].range), cases[i].length, &range);
        if (verdict != cases[i].verdict || range.first != cases[i].first || range.length != cases[i].n)
            fail_msg("%s: %d, %llu bytes from %llu", cases[i].range, verdict, (unsigned long long)range.length,
                     (unsigned long long)range.first);
    }
}

static void a_range_counts_only_for_the_very_same_bytes(void **state)
{
    (void)state;
    assert_true(range_counts(SLICE_NONE, "abc"));
    assert_true(range_counts(SLICE("\"abc\""), "abc"));
    assert_false(range_counts(SLICE(""), "abc"));
    assert_false(range_counts(SLICE("\"abd\""), "abc"));
    assert_false(range_counts(SLICE("W/\"abc\""), "abc"));
    assert_false(range_counts(SLICE("abc"), "abc"));
    assert_false(range_counts(SLICE("\"abc\", \"abc\""), "abc"));
    assert_false(range_counts(SLICE("Fri, 20 Nov 2026 06:11:12 GMT"), "abc"));
}

static void a_name_is_given_in_ascii_and_in_utf8_and_ends_nothing(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    assert_string_equal(disposition_of(arena, "a b-1.pdf"), "attachment; filename=\"a b-1.pdf\"; filename*=UTF-8''a%20b-1.pdf");
    assert_string_equal(disposition_of(arena, "现场.jpg"),
                        "attachment; filename=\"__.jpg\"; filename*=UTF-8''%E7%8E%B0%E5%9C%BA.jpg");
    assert_string_equal(disposition_of(arena, "a\";\r\n%\\'"),
                        "attachment; filename=\"a_______\"; filename*=UTF-8''a%22%3B%0D%0A%25%5C%27");
    assert_string_equal(disposition_of(arena, ""), "attachment; filename=\"\"; filename*=UTF-8''");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_range_is_read_and_everything_else_is_all_or_outside),
        cmocka_unit_test(a_range_counts_only_for_the_very_same_bytes),
        cmocka_unit_test(a_name_is_given_in_ascii_and_in_utf8_and_ends_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
