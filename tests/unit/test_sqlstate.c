#include "anze/db/sqlstate.h"

#include <glob.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

static struct problem raise(struct arena *arena, const char *sqlstate, const char *message)
{
    const struct sql_refusal refusal = { sqlstate, message, "", "", "" };
    struct problem problem = { 0 };
    assert_false(sqlstate_raise(arena, &refusal, NULL, NULL, &problem));
    assert_non_null(problem.zh);
    assert_non_null(problem.en);
    return problem;
}

/* What each class means to the caller; a class that PostgreSQL gains must be thought about here. */
static const struct {
    const char *class;
    int statuses[4];
} classes[] = {
    { "00", { 500 } }, { "01", { 500 } }, { "02", { 500 } }, { "03", { 500 } }, { "08", { 503 } }, { "09", { 500 } },
    { "0A", { 500 } }, { "0B", { 500 } }, { "0F", { 500 } }, { "0L", { 500 } }, { "0P", { 500 } }, { "0Z", { 500 } },
    { "20", { 500 } }, { "21", { 500 } }, { "22", { 422, 400, 500 } }, { "23", { 422, 409 } }, { "24", { 500 } },
    { "25", { 500, 503 } }, { "26", { 500 } }, { "27", { 500 } }, { "28", { 503 } }, { "2B", { 500 } },
    { "2D", { 500 } }, { "2F", { 500 } }, { "34", { 500 } }, { "38", { 500 } }, { "39", { 500 } }, { "3B", { 500 } },
    { "3D", { 500 } }, { "3F", { 500 } }, { "40", { 503, 422 } }, { "42", { 500, 403 } }, { "44", { 403 } },
    { "53", { 503 } }, { "54", { 400 } }, { "55", { 500, 503 } }, { "57", { 503 } }, { "58", { 503 } },
    { "72", { 500 } }, { "F0", { 500 } }, { "HV", { 500 } }, { "P0", { 500 } }, { "XX", { 500 } },
};

static void assert_known(const char *sqlstate, int status)
{
    for (size_t i = 0; i < ARRAY_LENGTH(classes); i++)
        for (int j = 0; strncmp(classes[i].class, sqlstate, 2) == 0 && j < 4; j++)
            if (classes[i].statuses[j] == status)
                return;
    fail_msg("%s -> %d is not in the table", sqlstate, status);
}

static void every_code_of_postgresql_has_its_status(void **state)
{
    (void)state;
    glob_t found;
    assert_int_equal(glob("/usr/share/postgresql/*/errcodes.txt", 0, NULL, &found), 0);
    FILE *file = fopen(found.gl_pathv[found.gl_pathc - 1], "r");
    assert_non_null(file);
    char line[500], sqlstate[6];
    int n = 0;
    while (fgets(line, sizeof line, file)) {
        char kind;
        if (sscanf(line, "%5[0-9A-Z] %c", sqlstate, &kind) != 2 || strlen(sqlstate) != 5 || !strchr("EWS", kind))
            continue;
        AUTO(arena_free_at_end) struct arena *arena = arena_new();
        struct problem problem = raise(arena, sqlstate, "secret");
        assert_known(sqlstate, problem_kind(problem.code)->status);
        assert_string_equal(problem.cause, sqlstate);
        assert_null(strstr(problem.en, "secret"));
        n++;
    }
    fclose(file);
    globfree(&found);
    assert_true(n > 240);
}

static void codes_that_matter_are_what_the_contract_says(void **state)
{
    (void)state;
    static const struct {
        const char *sqlstate;
        enum problem_code code;
        bool may_come_back;
    } lines[] = {
        { "57014", PROBLEM_TIMEOUT, true },            { "55P03", PROBLEM_UNAVAILABLE, true },
        { "40001", PROBLEM_UNAVAILABLE, true },        { "40P01", PROBLEM_UNAVAILABLE, true },
        { "40003", PROBLEM_OUTCOME_UNKNOWN, true },    { "53100", PROBLEM_UNAVAILABLE, true },
        { "53300", PROBLEM_UNAVAILABLE, true },        { "57P01", PROBLEM_UNAVAILABLE, true },
        { "57P02", PROBLEM_UNAVAILABLE, true },        { "57P03", PROBLEM_UNAVAILABLE, true },
        { "08006", PROBLEM_UNAVAILABLE, true },        { "25006", PROBLEM_UNAVAILABLE, true },
        { "22P02", PROBLEM_VALIDATION_FAILED, false }, { "22007", PROBLEM_VALIDATION_FAILED, false },
        { "22008", PROBLEM_VALIDATION_FAILED, false }, { "22003", PROBLEM_VALIDATION_FAILED, false },
        { "22021", PROBLEM_BAD_REQUEST, false },       { "22P05", PROBLEM_BAD_REQUEST, false },
        { "23505", PROBLEM_DUPLICATE, false },         { "23P01", PROBLEM_DUPLICATE, false },
        { "23503", PROBLEM_VALIDATION_FAILED, false }, { "23502", PROBLEM_VALIDATION_FAILED, false },
        { "23514", PROBLEM_VALIDATION_FAILED, false }, { "42501", PROBLEM_FORBIDDEN, false },
        { "54001", PROBLEM_BAD_REQUEST, false },       { "XX000", PROBLEM_INTERNAL, false },
        { "42P01", PROBLEM_INTERNAL, false },          { "P0001", PROBLEM_INTERNAL, false },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(lines); i++) {
        AUTO(arena_free_at_end) struct arena *arena = arena_new();
        struct problem problem = raise(arena, lines[i].sqlstate, "");
        if (problem.code != lines[i].code || (problem.retry_after_s > 0) != lines[i].may_come_back)
            fail_msg("%s -> %s", lines[i].sqlstate, problem_kind(problem.code)->code);
    }
}

static void our_own_refusals_carry_their_sentences(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    struct problem p = raise(arena, "AZ409", "{\"zh\":\"已核实\",\"en\":\"Verified 100%s\",\"allowed\":[\"close\"]}");
    assert_int_equal(p.code, PROBLEM_STATE_CONFLICT);
    assert_string_equal(p.zh, "已核实");
    assert_string_equal(p.en, "Verified 100%s");
    assert_string_equal(p.extra, "\"allowed\":[\"close\"]");
    p = raise(arena, "AZ412", "{\"etag\":\"4\"}");
    assert_int_equal(p.code, PROBLEM_PRECONDITION_FAILED);
    assert_string_equal(p.etag, "4");
    p = raise(arena, "AZ422", "{\"faults\":[{\"pointer\":\"/unit_id\",\"rule\":\"unknown-reference\",\"zh\":\"无\",\"en\":"
                              "\"None\"},{\"in\":\"query\",\"pointer\":\"from\",\"zh\":\"晚\",\"en\":\"Late\"}]}");
    assert_int_equal(p.n_faults, 2);
    assert_string_equal(p.first->pointer, "/unit_id");
    assert_string_equal(p.first->rule, "unknown-reference");
    assert_string_equal(p.first->in, "body");
    assert_string_equal(p.last->in, "query");
    assert_string_equal(p.last->zh, "晚");
    p = raise(arena, "AZ400", "{\"faults\":[{\"in\":\"header\",\"pointer\":\"Content-Digest\"}]}");
    assert_int_equal(p.code, PROBLEM_INVALID_PARAMETER);
    assert_string_equal(p.first->in, "header");
    assert_int_equal(raise(arena, "AZ002", "{}").code, PROBLEM_KEY_REUSED);
    assert_int_equal(raise(arena, "AZ003", "{}").retry_after_s, 1);
    assert_int_equal(raise(arena, "AZ422", "not JSON").code, PROBLEM_INTERNAL);
    assert_int_equal(raise(arena, "AZ999", "{}").code, PROBLEM_INTERNAL);
}

static void what_is_used_up_says_how_much_and_until_when(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    struct problem p = raise(arena, "AZ429", "{\"allowed\":[],\"quota\":{\"code\":\"unit-day\"},"
                                          "\"retry_after\":9999999999}");
    assert_int_equal(p.code, PROBLEM_QUOTA_EXCEEDED);
    assert_string_equal(p.extra, "\"allowed\":[],\"quota\":{\"code\":\"unit-day\"}");
    assert_int_equal(p.retry_after_s, INT_MAX);
    assert_int_equal(raise(arena, "AZ507", "{\"retry_after\":60}").retry_after_s, 60);
}

static bool sentences(const void *context, const char *table, const char *constraint, struct constraint_text *ret_text)
{
    (void)context;
    assert_string_equal(table, "unit");
    assert_string_equal(constraint, "unit_code");
    *ret_text = (struct constraint_text){ "代码已用", "The code is taken", "/code" };
    return true;
}

static void constraints_name_the_place_in_the_body(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    const struct sql_refusal taken = { "23505", "", "unit", "", "unit_code" }, empty = { "23502", "", "unit", "name", "" };
    struct problem p = { 0 }, q = { 0 };
    assert_false(sqlstate_raise(arena, &taken, sentences, NULL, &p));
    assert_string_equal(p.first->pointer, "/code");
    assert_string_equal(p.zh, "代码已用");
    assert_string_equal(p.cause, "23505 unit_code");
    assert_false(sqlstate_raise(arena, &empty, sentences, NULL, &q));
    assert_string_equal(q.first->pointer, "/name");
    assert_string_equal(q.first->rule, "required");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_of_postgresql_has_its_status),
        cmocka_unit_test(codes_that_matter_are_what_the_contract_says),
        cmocka_unit_test(our_own_refusals_carry_their_sentences),
        cmocka_unit_test(what_is_used_up_says_how_much_and_until_when),
        cmocka_unit_test(constraints_name_the_place_in_the_body),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
