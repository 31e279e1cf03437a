#include "anze/base/json.h"
#include "anze/base/text.h"
#include "anze/base/utf8.h"

#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

/* The rule that refuses the text, or "ok". */
static const char *verdict(struct arena *arena, struct slice text, struct problem *problem)
{
    json_t *value = NULL;
    if (json_read(arena, text, &value, problem))
        return "ok";
    assert_int_equal(problem->code, PROBLEM_INVALID_JSON);
    assert_non_null(problem->extra);
    assert_memory_equal(problem->extra, "\"offset\":", 9);
    assert_int_equal(problem->n_faults, 1);
    return problem->first->rule;
}

#define T(text, rule) { { (text), sizeof(text) - 1 }, (rule) }
static const struct line {
    struct slice text;
    const char *rule;
} lines[] = {
    T("{}", "ok"), T("{\"a\":[1,-2,3.5e3,\"\\u4e2d\\ud83d\\ude00\",true,false,null]}", "ok"), T(" [ ] \n", "ok"),
    /* foreign encodings */
    T("\xef\xbb\xbf{}", "utf8"), T("\xff\xfe{\0}\0", "nul"), T("{\"a\":\"\xd6\xd0\"}", "utf8"),
    /* not one document */
    T("{\"a\":1", "syntax"), T("{\"a\":\"b", "syntax"), T("{} x", "syntax"), T("{}\0", "nul"), T("123\0", "nul"),
    T("{}{}", "syntax"), T("", "empty"), T(" \t\r\n ", "empty"),
    /* what other dialects allow */
    T("{/* a */}", "syntax"), T("{\"a\":1 // b\n}", "syntax"), T("{'a':1}", "syntax"), T("{a:1}", "syntax"),
    T("[NaN]", "syntax"), T("[Infinity]", "syntax"), T("[-Infinity]", "syntax"), T("[+1]", "syntax"),
    T("[01]", "syntax"), T("[.5]", "syntax"), T("[1.]", "syntax"), T("[0x10]", "syntax"), T("[1,]", "syntax"),
    T("{\"a\":1,}", "syntax"), T("[,1]", "syntax"), T("{\"a\" 1}", "syntax"), T("[tru]", "syntax"), T("]", "empty"),
    /* names */
    T("{\"a\":1,\"a\":2}", "duplicate-key"), T("{\"a\":1,\"\\u0061\":2}", "duplicate-key"),
    T("{\"x\":{\"a\":1,\"a\":1}}", "duplicate-key"),
    /* U+0000 and broken characters */
    T("{\"a\":\"\\u0000\"}", "nul"), T("{\"\\u0000\":1}", "nul"), T("{\"a\":\"b\0c\"}", "nul"),
    T("[\"\\ud800\"]", "utf8"), T("[\"\\udc00\"]", "utf8"), T("[\"\\ud800\\u0041\"]", "utf8"),
    T("[\"\\ud800", "utf8"), T("[\"\\ud83dx\"]", "utf8"), T("[\"\xc0\xaf\"]", "utf8"), T("[\"\xe0\x80\xaf\"]", "utf8"),
    T("[\"\xed\xa0\x80\"]", "utf8"), T("[\"\xf4\x90\x80\x80\"]", "utf8"), T("[\"\xf5\x80\x80\x80\"]", "utf8"),
    T("[\"\xe4\xb8\"]", "utf8"), T("[\"\\x41\"]", "syntax"), T("[\"\\u00\"]", "syntax"), T("[\"\\", "syntax"),
    T("[\"a\nb\"]", "syntax"), T("[\"a\tb\"]", "syntax"),
    /* numbers */
    T("[9223372036854775807,-9223372036854775808]", "ok"), T("[9223372036854775808]", "number-range"),
    T("[-9223372036854775809]", "number-range"), T("[1e400]", "number-range"), T("[-1e400]", "number-range"),
    T("[1e-400]", "ok"),
    T("[0.1234567890123456789012345678901234567890123456789012345678901]", "ok"),
    T("[0.12345678901234567890123456789012345678901234567890123456789012345]", "number-range"),
    /* any value may stand at the top: the caller asks for the object */
    T("null", "ok"), T("\"a\"", "ok"), T("[]", "ok"), T("1", "ok"),
};

static void every_line_is_read_or_refused_by_its_rule(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(lines); i++) {
        AUTO(arena_free_at_end) struct arena *arena = arena_new();
        struct problem problem = { 0 };
        char *exact = malloc(lines[i].text.length + 1); /* ends where the text ends, so that reading on is seen */
        char *copy = memcpy(exact + 1, lines[i].text.bytes, lines[i].text.length);
        const char *rule = verdict(arena, (struct slice){ copy, lines[i].text.length }, &problem);
        if (strcmp(rule, lines[i].rule) != 0)
            fail_msg("line %zu %s: %s, expected %s", i, lines[i].text.bytes, rule, lines[i].rule);
        free(exact);
    }
}

static void the_offset_names_the_byte(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    struct problem problem = { 0 };
    assert_string_equal(verdict(arena, SLICE("{\"a\":\"b\\u0000\"}"), &problem), "nul");
    assert_string_equal(problem.extra, "\"offset\":7");
    assert_non_null(strstr(problem.en, "byte 7"));
    assert_non_null(strstr(problem.zh, "7"));
}

static void the_refusal_says_nothing_of_the_text(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    struct problem problem = { 0 };
    verdict(arena, SLICE("{\"a\": secret}"), &problem);
    struct slice reply = problem_render(arena, &problem, LANGUAGE_EN, "/v1/x", NULL);
    assert_null(strstr(reply.bytes, "secret"));
    assert_null(strstr(reply.bytes, "near"));
}

static const char *repeated(struct arena *arena, const char *before, const char *piece, size_t n, const char *after)
{
    struct text text = text_on(arena);
    text_add_string(&text, before);
    for (size_t i = 0; i < n; i++)
        text_add_string(&text, piece);
    text_add_string(&text, after);
    return text.bytes;
}

static const struct limit {
    const char *before, *piece;
    size_t n;
    const char *rule;
} limits[] = {
    { "", "[", 33, "depth" },
    { "", "[", 2049, "depth" },
    { "", "[", 1000000, "depth" },
    { "", "{\"a\":", 33, "depth" },
    { "[0", ",0", 9998, "syntax" }, /* 10,000 values, but the array has no end */
    { "[0", ",0", 9999, "nodes" },
    { "[0", ",0", 200000, "nodes" },
    { "{\"a\":0", ",\"b\":0", 200000, "nodes" },
    { "[\"", "aaaaaaaaaaaaaaaa", 65536, "syntax" }, /* long strings are the body limit's concern */
    { "[", "9", 1000000, "number-range" },
};

static void depth_nodes_and_digits_are_limited_before_parsing(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(limits); i++) {
        AUTO(arena_free_at_end) struct arena *arena = arena_new();
        struct problem problem = { 0 };
        const char *text = repeated(arena, limits[i].before, limits[i].piece, limits[i].n, "");
        if (strcmp(verdict(arena, slice_of(text), &problem), limits[i].rule) != 0)
            fail_msg("limit %zu: %s, expected %s", i, problem.first ? problem.first->rule : "ok", limits[i].rule);
    }
}

static void exactly_the_limit_is_accepted(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    struct problem problem = { 0 };
    const char *deep = repeated(arena, repeated(arena, "", "[", 32, ""), "]", 32, "");
    assert_string_equal(verdict(arena, slice_of(deep), &problem), "ok");
    const char *many = repeated(arena, "[0", ",0", JSON_MAX_NODES - 2, "]");
    assert_string_equal(verdict(arena, slice_of(many), &problem), "ok");
    const char *members = repeated(arena, "[{\"a\":0,\"b\":0}", ",{\"a\":0,\"b\":0}", 3332, "]");
    assert_string_equal(verdict(arena, slice_of(members), &problem), "ok");
}

static void trusted_text_has_no_limits_but_the_same_grammar(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    json_t *value = NULL;
    size_t offset = 0;
    const char *many = repeated(arena, "[0", ",0", 20000, "]");
    assert_true(json_read_trusted(arena, slice_of(many), &value, &offset));
    assert_int_equal(json_array_size(value), 20001);
    assert_false(json_read_trusted(arena, SLICE("{\"a\":1,\"a\":2}"), &value, &offset));
    assert_in_range(offset, 8, 11);
}

static void text_is_cut_between_code_points(void **state)
{
    (void)state;
    assert_int_equal(utf8_count(SLICE("事故a😀")), 4);
    assert_int_equal(utf8_cut(SLICE("事故"), 5).length, 3);
    assert_int_equal(utf8_cut(SLICE("事故"), 6).length, 6);
    assert_int_equal(utf8_valid_length(SLICE("ab\xff")), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_line_is_read_or_refused_by_its_rule),
        cmocka_unit_test(the_offset_names_the_byte),
        cmocka_unit_test(the_refusal_says_nothing_of_the_text),
        cmocka_unit_test(depth_nodes_and_digits_are_limited_before_parsing),
        cmocka_unit_test(exactly_the_limit_is_accepted),
        cmocka_unit_test(trusted_text_has_no_limits_but_the_same_grammar),
        cmocka_unit_test(text_is_cut_between_code_points),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
