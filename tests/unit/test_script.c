#include "anze/db/migration.h"
#include "anze/db/script.h"

#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

static struct arena *house;

static int start(void **state)
{
    (void)state;
    house = arena_new();
    return 0;
}

static int stop(void **state)
{
    (void)state;
    arena_free(house);
    return 0;
}

static void assert_cut(const char *sql, const char *const *wanted, size_t n)
{
    struct script script = script_cut(house, slice_of(sql));
    assert_true(script.is_whole);
    assert_int_equal(script.n_statements, n);
    for (size_t i = 0; i < n; i++)
        assert_true(slice_equals(script.statements[i], wanted[i]));
}
#define CUT(sql, ...) \
    assert_cut(sql, (const char *const[]){ __VA_ARGS__ }, sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))

static void statements_end_where_psql_ends_them(void **state)
{
    (void)state;
    CUT("-- one; two\nselect 1; /* ; */ select ';' ;; select \";\"", "select 1", "select ';'", "select \";\"");
    CUT("do $$ begin; end $$; select $a$ $$;$$ $a$", "do $$ begin; end $$", "select $a$ $$;$$ $a$");
    CUT("select E'\\';'; select 2 -- end", "select E'\\';'", "select 2");
    CUT("create or replace function f() returns int begin atomic select case when true then 1 end; select 2; end; select 3",
        "create or replace function f() returns int begin atomic select case when true then 1 end; select 2; end",
        "select 3");
    CUT("begin; commit", "begin", "commit");
    assert_int_equal(script_cut(house, SLICE(" -- nothing\n")).n_statements, 0);
    assert_false(script_cut(house, SLICE("select 'open; select 2")).is_whole);
}

static void words_are_names_with_their_schema(void **state)
{
    (void)state;
    struct slice words[6];
    assert_int_equal(script_words(SLICE("create /* x */ function anze.\"F\"(a int)"), words, 6), 6);
    assert_true(slice_equals(words[2], "anze.\"F\""));
    assert_true(slice_equals(words[3], "("));
    assert_true(script_word_is(words[0], "create"));
}

static const char *header(const char *sql, struct step_header *ret_header)
{
    return step_header_read(house, slice_of(sql), ret_header);
}

static void a_header_says_when_and_how(void **state)
{
    (void)state;
    struct step_header h;
    assert_null(header("-- what it is for\ncreate table a ()", &h));
    assert_true(h.place == STEP_BEFORE && h.way == STEP_WHOLE);
    assert_null(header("-- anze: with-functions\nalter table a rename to b", &h));
    assert_true(h.place == STEP_WITH && h.way == STEP_WHOLE);
    assert_null(header("-- anze: no-transaction\n-- why\n-- anze: after-functions\ncreate index concurrently i on a (b)", &h));
    assert_true(h.place == STEP_AFTER && h.way == STEP_PIECEWISE);
    assert_null(header("-- anze: backfill anze.hazard\nselect anze.fill($1)", &h));
    assert_true(h.place == STEP_BEFORE && h.way == STEP_BACKFILL);
    assert_string_equal(h.table, "anze.hazard");
}

static void a_header_that_is_not_understood_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "-- anze: backfil anze.a\nselect $1", "-- anze:\nselect 1", "-- anze: backfill\nselect $1",
        "-- anze: no-transaction now\nselect 1", "-- anze: no-transaction\n-- anze: backfill a\nselect $1",
        "-- anze: with-functions\n-- anze: after-functions\nselect 1", "select 1;\n-- anze: no-transaction\n",
        "-- anze: with-functions\n-- anze: no-transaction\nselect 1", "-- anze: backfill a\nselect 1",
        "-- anze: backfill a\nselect $1; select 2", "select 'open",
    };
    struct step_header h;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (!header(wrong[i], &h))
            fail_msg("%s", wrong[i]);
    const struct embedded_file file = { "migrations/0001_a.sql", SLICE("-- anze: soon\nselect 1"), "" };
    assert_string_equal(migration_plan(house, &file, 1).fault,
                        "migrations/0001_a.sql: `-- anze: soon` is not understood");
}

static void what_a_file_moves_or_comments_stays_the_same_object(void **state)
{
    (void)state;
    const struct embedded_file old = { "functions/a.sql", SLICE("-- old\nset local x = 1;\ncreate or replace function anze.f()"
                                                                " returns int language sql return 1;\n"), "" };
    const struct embedded_file new = { "functions/b/c.sql",
                                       SLICE("create or replace function anze.f() returns int language sql return 1"), "" };
    struct migration_plan before = migration_plan(house, &old, 1), after = migration_plan(house, &new, 1);
    assert_int_equal(before.files[0].n_objects, 2);
    assert_null(before.files[0].objects[0].digest);
    assert_string_equal(before.files[0].objects[1].routine, "anze.f");
    const struct migration_record record = { NULL, before.files[0].objects[1].digest };
    assert_true(migration_state(&after.files[0], &record, 1) == MIGRATION_APPLIED);
}

static void a_call_is_another_when_its_function_is(void **state)
{
    (void)state;
    static const char call[] = "select anze.f(1);";
    struct embedded_file files[] = {
        { "functions/a.sql", SLICE("create or replace function anze.f(n int) returns int language sql return 1"), "" },
        { "functions/b.sql", { call, sizeof call - 1 }, "" },
    };
    const char *first = migration_plan(house, files, 2).files[1].objects[0].digest;
    files[0].content = SLICE("create or replace function anze.f(n int) returns int language sql return 2");
    assert_string_not_equal(first, migration_plan(house, files, 2).files[1].objects[0].digest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statements_end_where_psql_ends_them),
        cmocka_unit_test(words_are_names_with_their_schema),
        cmocka_unit_test(a_header_says_when_and_how),
        cmocka_unit_test(a_header_that_is_not_understood_is_refused),
        cmocka_unit_test(what_a_file_moves_or_comments_stays_the_same_object),
        cmocka_unit_test(a_call_is_another_when_its_function_is),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
