#include "anze/base/json.h"
#include "anze/op/cursor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static const struct slice key = SLICE("a secret of at least sixteen characters");
static const uint8_t binding[CRYPTO_DIGEST_BYTES] = { 1, 2, 3 };
static const struct slice parts = SLICE("[\"2026-11-23T08:00:00Z\",\"事故\",\"7\"]");
enum { NOW_S = 1800000000 };

static enum problem_code opened(struct arena *arena, const uint8_t *with, struct slice text, int64_t now_s)
{
    const char *ret_parts[CURSOR_MAX_PARTS];
    struct problem problem = { 0 };
    bool good = cursor_open(arena, key, with, text, now_s, ret_parts, &problem);
    assert_int_equal(good, problem.code == PROBLEM_NONE);
    return problem.code;
}

static void what_was_sealed_comes_back(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    const char *text = cursor_seal(arena, key, binding, parts, NOW_S), *back[CURSOR_MAX_PARTS];
    struct problem problem = { 0 };
    assert_true(cursor_open(arena, key, binding, slice_of(text), NOW_S + 60, back, &problem));
    assert_string_equal(back[0], "2026-11-23T08:00:00Z");
    assert_string_equal(back[1], "事故");
    assert_string_equal(back[2], "7");
}

static void parts_that_are_not_there_are_null(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    const char *text = cursor_seal(arena, key, binding, SLICE("[\"x\"]"), NOW_S), *back[CURSOR_MAX_PARTS];
    struct problem problem = { 0 };
    assert_true(cursor_open(arena, key, binding, slice_of(text), NOW_S, back, &problem));
    assert_string_equal(back[0], "x");
    assert_null(back[1]);
    assert_null(back[2]);
}

static void every_flipped_bit_and_every_cut_is_refused(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    const char *text = cursor_seal(arena, key, binding, parts, NOW_S);
    struct slice raw;
    assert_true(crypto_base64url_decode(arena, slice_of(text), &raw));
    for (size_t bit = 0; bit < 8 * raw.length; bit++) {
        char *changed = arena_strndup(arena, raw.bytes, raw.length);
        changed[bit / 8] = (char)(changed[bit / 8] ^ 1 << bit % 8);
        const char *other = crypto_base64url(arena, changed, raw.length);
        assert_int_equal(opened(arena, binding, slice_of(other), NOW_S), PROBLEM_INVALID_CURSOR);
    }
    for (size_t length = 0; length < strlen(text); length++)
        assert_int_equal(opened(arena, binding, (struct slice){ text, length }, NOW_S), PROBLEM_INVALID_CURSOR);
}

static void a_cursor_of_another_list_or_caller_or_key_is_refused(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    const uint8_t other[CRYPTO_DIGEST_BYTES] = { 1, 2, 4 };
    struct slice text = slice_of(cursor_seal(arena, key, binding, parts, NOW_S));
    assert_int_equal(opened(arena, other, text, NOW_S), PROBLEM_INVALID_CURSOR);
    struct slice foreign = slice_of(cursor_seal(arena, SLICE("another secret, long enough"), binding, parts, NOW_S));
    assert_int_equal(opened(arena, binding, foreign, NOW_S), PROBLEM_INVALID_CURSOR);
}

static void a_cursor_lives_for_a_day_and_not_a_second_longer(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    struct slice text = slice_of(cursor_seal(arena, key, binding, parts, NOW_S));
    assert_int_equal(opened(arena, binding, text, NOW_S + CURSOR_LIFETIME_S), PROBLEM_NONE);
    assert_int_equal(opened(arena, binding, text, NOW_S + CURSOR_LIFETIME_S + 1), PROBLEM_GONE);
}

static void a_forged_old_cursor_is_invalid_and_not_gone(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    struct slice forged = slice_of(cursor_seal(arena, SLICE("another secret, long enough"), binding, parts, 0));
    assert_int_equal(opened(arena, binding, forged, NOW_S), PROBLEM_INVALID_CURSOR);
}

static void foreign_text_is_refused(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    static const char *const bad[] = { "", "A", "AA==", "not a cursor", "%00", "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" };
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++)
        assert_int_equal(opened(arena, binding, slice_of(bad[i]), NOW_S), PROBLEM_INVALID_CURSOR);
    assert_int_equal(opened(arena, binding, SLICE_NONE, NOW_S), PROBLEM_INVALID_CURSOR);
    char *longest = arena_alloc(arena, CURSOR_MAX_LENGTH + 2);
    memset(longest, 'A', CURSOR_MAX_LENGTH + 1);
    assert_int_equal(opened(arena, binding, slice_of(longest), NOW_S), PROBLEM_INVALID_CURSOR);
}

static void parts_of_another_form_are_refused_even_when_signed(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    static const char *const bad[] = { "[]", "{}", "\"x\"", "[1]", "[null]", "[\"1\",\"2\",\"3\",\"4\"]", "[\"1\"" };
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        const char *text = cursor_seal(arena, key, binding, slice_of(bad[i]), NOW_S);
        assert_int_equal(opened(arena, binding, slice_of(text), NOW_S), PROBLEM_INVALID_CURSOR);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_sealed_comes_back),
        cmocka_unit_test(parts_that_are_not_there_are_null),
        cmocka_unit_test(every_flipped_bit_and_every_cut_is_refused),
        cmocka_unit_test(a_cursor_of_another_list_or_caller_or_key_is_refused),
        cmocka_unit_test(a_cursor_lives_for_a_day_and_not_a_second_longer),
        cmocka_unit_test(a_forged_old_cursor_is_invalid_and_not_gone),
        cmocka_unit_test(foreign_text_is_refused),
        cmocka_unit_test(parts_of_another_form_are_refused_even_when_signed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
