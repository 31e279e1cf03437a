#include "anze/db/statement.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

enum { A, B, LIMIT, SORT, N_SLOTS };
static const char *const names[N_SLOTS] = { "a", "b", "limit", "sort" };

static int slot_of(void *context, const char *name, size_t length)
{
    (void)context;
    for (int i = 0; i < N_SLOTS; i++)
        if (strlen(names[i]) == length && memcmp(names[i], name, length) == 0)
            return i;
    return -1;
}

static struct arena *arena;

static int start(void **state)
{
    (void)state;
    arena = arena_new();
    return 0;
}

static int stop(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static struct statement *compile(const char *sql, const char **ret_complaints)
{
    const struct statement_options options = { .name = "op", .keeps_reply = true, .slot_of = slot_of };
    struct text complaints = text_on(arena);
    struct statement *statement = statement_compile(arena, slice_of(sql), &options, &complaints);
    *ret_complaints = complaints.bytes ? complaints.bytes : "";
    return statement;
}

static const struct statement_variant *variant(const char *sql, const char *const *values)
{
    const char *complaints;
    struct statement *statement = compile(sql, &complaints);
    if (!statement)
        fail_msg("%s: %s", sql, complaints);
    return statement_variant(statement, arena, values, false);
}

static const char *const none[N_SLOTS];

static void parameters_are_seen_only_where_they_are_parameters(void **state)
{
    (void)state;
    static const struct {
        const char *sql, *expected;
    } lines[] = {
        { "select :a, :b, :a", "select $1, $2, $1" },
        { "select :a::int", "select $1::int" },
        { "select x::a", "select x::a" },
        { "select ':a', E'\\':a', \"b:a\"", "select ':a', E'\\':a', \"b:a\"" },
        { "select 'it''s :a', :b", "select 'it''s :a', $1" },
        { "select 'back\\', :a", "select 'back\\', $1" },
        { "select type'x:a\\', :a", "select type'x:a\\', $1" },
        { "select $$ :a ' $$, $t$ :a $$ $t$, :a", "select $$ :a ' $$, $t$ :a $$ $t$, $1" },
        { "select a$b$ || :a", "select a$b$ || $1" },
        { "select /* :a /* :b */ ' */ :a", "select   $1" },
        { "select :a -- :b 'x", "select $1 " },
        { "select v[1 : 2], :a", "select v[1 : 2], $1" },
        { "select x - -1, :a / 2 * 3", "select x - -1, $1 / 2 * 3" },
        { "call f(x := :a)", "call f(x := $1)" },
        { "select :a;", "select $1" },
        { "select :a; -- done\n", "select $1 \n" },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(lines); i++)
        assert_string_equal(variant(lines[i].sql, none)->sql, lines[i].expected);
}

static void slots_are_numbered_in_the_order_of_the_variant(void **state)
{
    (void)state;
    const char *const values[N_SLOTS] = { [B] = "x" };
    const struct statement_variant *v = variant("select 1\nwhere a = :a --? a\nand b = :b --? b\nlimit :limit", values);
    assert_int_equal(v->n_slots, 2);
    assert_int_equal(v->slots[0], B);
    assert_int_equal(v->slots[1], LIMIT);
}

static void a_line_is_there_when_its_condition_holds(void **state)
{
    (void)state;
    static const char sql[] = "s\n[a] --? a\n[no a] --? !a\n[up]   --? sort=up  \n[down] --?sort=down\n";
    const char *const with_a[N_SLOTS] = { [A] = "", [SORT] = "down" };
    const char *const upward[N_SLOTS] = { [SORT] = "up" };
    assert_string_equal(variant(sql, none)->sql, "s\n\n[no a] \n\n\n");
    assert_string_equal(variant(sql, with_a)->sql, "s\n[a] \n\n\n[down] \n");
    assert_string_equal(variant(sql, upward)->sql, "s\n\n[no a] \n[up]   \n\n");
}

static void what_is_wrong_is_named_with_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *sql, *complaint;
    } lines[] = {
        { "select 1,\n:c", "line 2: no such parameter: c" },
        { "select $1", "line 1: parameters have names, not numbers: $1" },
        { "select 1\n--? c", "line 2: no such parameter: c" },
        { "select v[1:a]", "line 1: a parameter must stand apart" },
        { "select $:a$", "line 1: a parameter must stand apart" },
        { "select 1 --? ", "line 1: not a condition:" },
        { "select 1 --? a b", "line 1: not a condition: a b" },
        { "select '\n", "line 1: a string or comment has no end" },
        { "select $x$\n$y$", "a string or comment has no end" },
        { "select /* /* */", "a string or comment has no end" },
        { "select 'x\ny' --? a", "line 2: a conditional line shares" },
        { "select 1; select 2", "more than one statement" },
        { "-- nothing", "there is no statement" },
        { "", "there is no statement" },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(lines); i++) {
        const char *complaints;
        assert_null(compile(lines[i].sql, &complaints));
        if (!strstr(complaints, lines[i].complaint))
            fail_msg("%s: %s", lines[i].sql, complaints);
    }
}

static void limits_of_parameters_and_conditions_hold(void **state)
{
    (void)state;
    const char *complaints;
    struct text sql = text_on(arena);
    text_add_string(&sql, "select 1");
    for (int i = 0; i <= STATEMENT_MAX_CONDITIONS; i++)
        text_printf(&sql, "\n, %d --? sort=%d", i, i);
    assert_null(compile(sql.bytes, &complaints));
    assert_non_null(strstr(complaints, "line 34: too many conditions"));
}

static void a_variant_is_made_once(void **state)
{
    (void)state;
    const char *complaints;
    struct statement *statement = compile("select 1 where a = :a --? a", &complaints);
    const char *const values[N_SLOTS] = { [A] = "1" }, *const others[N_SLOTS] = { [A] = "2" };
    const struct statement_variant *v = statement_variant(statement, arena, values, false);
    assert_ptr_equal(v, statement_variant(statement, arena, others, false));
    assert_ptr_not_equal(v, statement_variant(statement, arena, none, false));
    assert_true(v->number >= STATEMENT_FIRST_NUMBER);
}

static void odd_combinations_do_not_fill_the_memory(void **state)
{
    (void)state;
    const char *complaints;
    struct text sql = text_on(arena);
    text_add_string(&sql, "select 1");
    for (int i = 0; i < 9; i++)
        text_printf(&sql, "\n, %d --? sort=%d\n, %d --? %c", i, i, i, i % 2 ? 'a' : 'b');
    struct statement *statement = compile(sql.bytes, &complaints);
    size_t n_prepared = 0;
    for (int i = 0; i < 40; i++)
        for (int j = 0; j < 4; j++) {
            const char *const values[N_SLOTS] = { [A] = j & 1 ? "" : NULL, [B] = j & 2 ? "" : NULL,
                                                  [SORT] = arena_printf(arena, "%d", i) };
            n_prepared += statement_variant(statement, arena, values, false)->number > 0;
            n_prepared += statement_variant(statement, arena, values, true)->number > 0;
        }
    assert_int_equal(n_prepared, STATEMENT_MAX_KEPT_VARIANTS);
    const char *const late[N_SLOTS] = { [A] = "", [B] = "", [SORT] = "8" };
    const struct statement_variant *v = statement_variant(statement, arena, late, true);
    assert_int_equal(v->number, 0);
    assert_non_null(strstr(v->sql, ", 8 "));
}

static void a_kept_reply_is_stored_by_the_same_statement(void **state)
{
    (void)state;
    const char *complaints;
    struct statement *statement = compile("select :b from f(:a); -- end", &complaints);
    const struct statement_variant *v = statement_variant(statement, arena, none, true);
    assert_int_equal(strncmp(v->sql, "with reply as materialized (select $1 from f($2) ), kept as (insert", 66), 0);
    assert_int_equal(v->n_slots, 4);
    assert_int_equal(v->slots[2], STATEMENT_KEY);
    assert_int_equal(v->slots[3], STATEMENT_HASH);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
    const struct CMUnitTest tests[] = {
        TEST(parameters_are_seen_only_where_they_are_parameters),
        TEST(slots_are_numbered_in_the_order_of_the_variant),
        TEST(a_line_is_there_when_its_condition_holds),
        TEST(what_is_wrong_is_named_with_its_line),
        TEST(limits_of_parameters_and_conditions_hold),
        TEST(a_variant_is_made_once),
        TEST(odd_combinations_do_not_fill_the_memory),
        TEST(a_kept_reply_is_stored_by_the_same_statement),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
