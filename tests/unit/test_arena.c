#include "anze/base/arena.h"
#include "anze/base/problem.h"
#include "anze/base/text.h"

#include <malloc.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

static int order[3], n_disposed;

static void dispose(void *object)
{
    order[n_disposed++] = *(int *)object;
}

static void deferred_functions_run_in_reverse_order(void **state)
{
    (void)state;
    static int numbers[] = { 1, 2, 3 };
    struct arena *arena = arena_new();
    for (int i = 0; i < 3; i++)
        arena_defer(arena, dispose, &numbers[i]);
    arena_free(arena);
    assert_int_equal(n_disposed, 3);
    assert_int_equal(order[0], 3);
    assert_int_equal(order[2], 1);
}

static void memory_is_zeroed_and_pieces_do_not_overlap(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    char *pieces[200];
    for (size_t i = 0; i < 200; i++) {
        size_t size = i * 37 % 5000 + 1;
        pieces[i] = arena_alloc(arena, size);
        for (size_t k = 0; k < size; k++)
            assert_int_equal(pieces[i][k], 0);
        memset(pieces[i], (int)i + 1, size);
    }
    for (size_t i = 0; i < 200; i++)
        assert_int_equal((unsigned char)pieces[i][0], (unsigned char)(i + 1));
}

/* What is given back to the system is looked at on its way: see the wrapped free of meson.build. */
static const char secret[] = "correct horse battery staple";
static const char *watched[2];
static int n_freed, n_seen;

void __real_free(void *memory);
void __wrap_free(void *memory);
void __wrap_free(void *memory)
{
    for (size_t i = 0; memory && i < ARRAY_LENGTH(watched); i++) {
        const char *begin = memory;
        if (!watched[i] || watched[i] < begin || watched[i] >= begin + malloc_usable_size(memory))
            continue;
        n_seen += memcmp(watched[i], secret, sizeof secret) == 0;
        n_freed++;
        watched[i] = NULL;
    }
    __real_free(memory);
}

static void free_watched(struct arena *arena)
{
    char *large = arena_alloc(arena, 100000);
    watched[0] = arena_strdup(arena, secret);
    watched[1] = memcpy(large + 99000, secret, sizeof secret);
    n_freed = n_seen = 0;
    arena_free(arena);
    assert_int_equal(n_freed, 2);
}

static void a_secret_arena_gives_its_memory_back_overwritten(void **state)
{
    (void)state;
    free_watched(arena_new_secret());
    assert_int_equal(n_seen, 0);
    free_watched(arena_new());
    assert_int_equal(n_seen, 2); /* so that it would have been seen */
}

static void text_escapes_json(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    struct text text = text_on(arena);
    text_add_json(&text, "a\"b\\c\n\x01 事故");
    assert_string_equal(text.bytes, "\"a\\\"b\\\\c\\n\\u0001 事故\"");
}

static void a_problem_keeps_every_fault_and_400_outweighs_422(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    struct problem problem = { 0 };
    problem_fault(arena, &problem, PROBLEM_VALIDATION_FAILED, "body", "/a", "type", "必须是整数", "must be an integer");
    problem_fault(arena, &problem, PROBLEM_INVALID_PARAMETER, "query", "q", "unknown", "未知参数", "unknown parameter");
    problem_fault(arena, &problem, PROBLEM_VALIDATION_FAILED, "body", "/b", "type", "%d", "%d", 7);
    assert_int_equal(problem.code, PROBLEM_INVALID_PARAMETER);
    assert_int_equal(problem.n_faults, 3);
    struct slice english = problem_render(arena, &problem, LANGUAGE_EN, "/v1/x", "t1");
    assert_non_null(strstr(english.bytes, "\"status\":400"));
    assert_non_null(strstr(english.bytes, "{\"in\":\"body\",\"pointer\":\"/a\",\"code\":\"type\",\"detail\":\"must be an integer\"}"));
    struct slice chinese = problem_render(arena, &problem, LANGUAGE_ZH, "/v1/x", "t1");
    assert_non_null(strstr(chinese.bytes, "请求参数不符合约定"));
}

static void faults_beyond_the_limit_are_counted_and_said(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    struct problem problem = { 0 };
    for (int i = 0; i < PROBLEM_MAX_FAULTS + 1; i++)
        problem_fault(arena, &problem, PROBLEM_VALIDATION_FAILED, "body", "/a", "type", "错", "wrong");
    struct slice text = problem_render(arena, &problem, LANGUAGE_EN, NULL, NULL);
    assert_non_null(strstr(text.bytes, "\"truncated\":true"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deferred_functions_run_in_reverse_order),
        cmocka_unit_test(memory_is_zeroed_and_pieces_do_not_overlap),
        cmocka_unit_test(a_secret_arena_gives_its_memory_back_overwritten),
        cmocka_unit_test(text_escapes_json),
        cmocka_unit_test(a_problem_keeps_every_fault_and_400_outweighs_422),
        cmocka_unit_test(faults_beyond_the_limit_are_counted_and_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
