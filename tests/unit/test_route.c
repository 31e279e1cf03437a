#include "contract_example.h"

#include <setjmp.h>
#include <cmocka.h>

#define UUID "0190c8a0-7c5e-7b4a-9f00-0123456789ab"

/* operationId; "404", "405" or "400" where there is none. */
static const char *find(struct arena *arena, enum listener listener, enum method method, struct slice path,
                        struct route_match *match)
{
    static const struct contract *contract;
    static struct arena *kept;
    struct problem problem = { 0 };
    if (!contract)
        contract = example_contract(kept = arena_new());
    if (!path.bytes) {
        arena_free(kept);
        return NULL;
    }
    if (!route_find(arena, contract, listener, method, path, match, &problem)) {
        assert_int_equal(problem.code, PROBLEM_BAD_REQUEST);
        return "400";
    }
    return match->operation ? match->operation->id : match->allowed ? "405" : "404";
}

#define P(text) { (text), sizeof(text) - 1 }
static const struct line {
    enum method method;
    struct slice path;
    const char *found;
} lines[] = {
    { METHOD_GET, P("/v1/things"), "listThings" },
    { METHOD_HEAD, P("/v1/things"), "listThings" },
    { METHOD_POST, P("/v1/things"), "addThing" },
    { METHOD_DELETE, P("/v1/things"), "405" },
    { METHOD_OPTIONS, P("/v1/things"), "405" }, /* allowed, but nobody's operation */
    { METHOD_GET, P("/v1/things/newest"), "newestThing" },
    { METHOD_PATCH, P("/v1/things/newest"), "405" },
    { METHOD_GET, P("/v1/things/" UUID), "getThing" },
    { METHOD_DELETE, P("/v1/things/" UUID), "removeThing" },
    { METHOD_GET, P("/v1/things/" UUID "/parts/7"), "getPart" },
    { METHOD_GET, P("/v1/things/newest/parts/7"), "getPart" }, /* the literal leads nowhere from here */
    { METHOD_GET, P("/v1/things/" UUID "/parts"), "404" },
    /* nothing is normalised */
    { METHOD_GET, P("/"), "404" },
    { METHOD_GET, P(""), "404" },
    { METHOD_GET, P("*"), "404" },
    { METHOD_GET, P("v1/things"), "404" },
    { METHOD_GET, P("//v1/things"), "404" },
    { METHOD_GET, P("/v1//things"), "404" },
    { METHOD_GET, P("/v1/things/"), "404" },
    { METHOD_GET, P("/v1/./things"), "404" },
    { METHOD_GET, P("/v1/x/../things"), "404" },
    { METHOD_GET, P("/v1/things/."), "404" },
    { METHOD_GET, P("/v1/things/.."), "404" },
    { METHOD_GET, P("/v1/things/%2e%2e"), "404" },
    { METHOD_GET, P("/v1/things/%2e%2e%2f"), "404" },
    { METHOD_GET, P("/v1/things/a%2Fb"), "404" },
    { METHOD_GET, P("/v1/%74hings"), "404" },
    { METHOD_GET, P("/V1/things"), "404" },
    { METHOD_GET, P("/v1/things;a=b"), "404" },
    { METHOD_GET, P("/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r"), "404" },
    /* what cannot be read */
    { METHOD_GET, P("/v1/things/%00"), "400" },
    { METHOD_GET, P("/v1/things/a\0b"), "400" },
    { METHOD_GET, P("/v1/things/%zz"), "400" },
    { METHOD_GET, P("/v1/things/%f"), "400" },
    { METHOD_GET, P("/v1/things/%"), "400" },
    { METHOD_GET, P("/v1/things/%ff"), "400" },
    { METHOD_GET, P("/v1/things/%c0%af"), "400" },
    { METHOD_GET, P("/v1/things/\xff"), "400" },
    { METHOD_GET, P("/v1/things/%ed%a0%80"), "400" },
    { METHOD_GET, P("/nowhere/%zz"), "400" },
    /* the other listener's */
    { METHOD_GET, P("/healthz"), "404" },
};

static void every_path_leads_to_its_operation_or_to_its_refusal(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(lines); i++) {
        AUTO(arena_free_at_end) struct arena *arena = arena_new();
        struct route_match match;
        const char *found = find(arena, LISTENER_PUBLIC, lines[i].method, lines[i].path, &match);
        if (strcmp(found, lines[i].found) != 0)
            fail_msg("%s %s: %s, expected %s", method_name(lines[i].method), lines[i].path.bytes, found, lines[i].found);
    }
}

static void each_listener_has_its_own_paths(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    struct route_match match;
    assert_string_equal(find(arena, LISTENER_ADMIN, METHOD_GET, SLICE("/healthz"), &match), "health");
    assert_string_equal(find(arena, LISTENER_ADMIN, METHOD_GET, SLICE("/v1/things"), &match), "404");
}

static void captures_are_decoded_in_the_order_of_the_template(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    struct route_match match;
    find(arena, LISTENER_PUBLIC, METHOD_GET, SLICE("/v1/things/%E4%BA%8B+%26/parts/7"), &match);
    assert_string_equal(match.captures[0].bytes, "事+&");
    assert_string_equal(match.captures[1].bytes, "7");
    assert_null(match.captures[2].bytes);
}

static void allow_lists_what_the_path_takes(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    struct route_match match;
    find(arena, LISTENER_PUBLIC, METHOD_PUT, SLICE("/v1/things"), &match);
    assert_string_equal(route_allow(arena, match.allowed), "GET, HEAD, POST, OPTIONS");
    find(arena, LISTENER_PUBLIC, METHOD_PUT, SLICE("/v1/things/x"), &match);
    assert_string_equal(route_allow(arena, match.allowed), "GET, HEAD, PATCH, DELETE, OPTIONS");
    assert_string_equal(route_allow(arena, 0), "");
}

static void methods_are_known_by_their_exact_names(void **state)
{
    (void)state;
    enum method method;
    assert_true(method_from_name("PATCH", &method));
    assert_int_equal(method, METHOD_PATCH);
    assert_false(method_from_name("get", &method));
    assert_false(method_from_name("TRACE", &method));
}

static int forget(void **state)
{
    (void)state;
    find(NULL, LISTENER_PUBLIC, METHOD_GET, SLICE_NONE, NULL);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_path_leads_to_its_operation_or_to_its_refusal),
        cmocka_unit_test(each_listener_has_its_own_paths),
        cmocka_unit_test(captures_are_decoded_in_the_order_of_the_template),
        cmocka_unit_test(allow_lists_what_the_path_takes),
        cmocka_unit_test(methods_are_known_by_their_exact_names),
    };
    return cmocka_run_group_tests(tests, NULL, forget);
}
