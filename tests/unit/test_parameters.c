#include "contract_example.h"

#include <setjmp.h>
#include <strings.h>
#include <cmocka.h>

#define UUID "0190c8a0-7c5e-7b4a-9f00-0123456789ab"

/* Header fields of one request: name, value, …, NULL. */
struct fields {
    const char *pairs[8];
};

static struct slice field_of(void *context, const char *name)
{
    const struct fields *fields = context;
    for (size_t i = 0; fields->pairs[i]; i += 2)
        if (strcasecmp(fields->pairs[i], name) == 0)
            return slice_of(fields->pairs[i + 1]);
    return SLICE_NONE;
}

struct request {
    enum method method;
    const char *path;
    const char *query;
    struct fields fields;
    bool lenient;
};

/* "name=value, …" of all that were given, or "status: in pointer rule, …". */
static const char *read_request(struct arena *arena, const struct request *request, struct problem *problem)
{
    const struct contract *contract = example_contract(arena);
    struct route_match match;
    assert_true(route_find(arena, contract, LISTENER_PUBLIC, request->method, slice_of(request->path), &match, problem));
    assert_non_null(match.operation);
    const struct parameter_source source = { .match = &match, .query = slice_of(request->query), .header = field_of,
                                             .header_context = (void *)(uintptr_t)&request->fields,
                                             .lenient = request->lenient };
    const char *values[32];
    struct text text = text_on(arena);
    if (parameters_read(arena, match.operation, &source, values, problem)) {
        for (size_t i = 0; i < match.operation->n_parameters; i++)
            if (values[i])
                text_printf(&text, "%s%s=%s", text.length ? ", " : "", match.operation->parameters[i].name, values[i]);
        return text_slice(&text).bytes;
    }
    text_printf(&text, "%s", problem_kind(problem->code)->code);
    for (const struct fault *fault = problem->first; fault; fault = fault->next)
        text_printf(&text, "%s %s %s %s", fault == problem->first ? ":" : ",", fault->in, fault->pointer, fault->rule);
    return text.bytes;
}

#define LIST METHOD_GET, "/v1/things"
#define BAD "invalid-parameter: query "
static const struct line {
    struct request request;
    const char *outcome;
} lines[] = {
    { { LIST, NULL }, "limit=20" },
    { { LIST, "" }, "limit=20" },
    { { LIST, "limit=100&q=%E4%BA%8B%E6%95%85" }, "limit=100, q=事故" },
    { { LIST, "q=a+b" }, "limit=20, q=a b" },
    { { LIST, "q=a%2Bb" }, "limit=20, q=a+b" },
    { { LIST, "q=a=b" }, "limit=20, q=a=b" },
    { { LIST, "open=true&since=2026-02-28&ratio=-1.5e3" }, "limit=20, open=true, since=2026-02-28, ratio=-1.5e3" },
    /* limits */
    { { LIST, "limit=0" }, BAD "limit minimum" },
    { { LIST, "limit=-1" }, BAD "limit minimum" },
    { { LIST, "limit=101" }, BAD "limit maximum" },
    { { LIST, "limit=1e1" }, BAD "limit type" },
    { { LIST, "limit=1.0" }, BAD "limit type" },
    { { LIST, "limit=%D9%A3" }, BAD "limit type" },
    { { LIST, "limit=10%20" }, BAD "limit type" },
    { { LIST, "limit=%2B10" }, BAD "limit type" },
    { { LIST, "limit=+10" }, BAD "limit type" },
    { { LIST, "limit=0x10" }, BAD "limit type" },
    { { LIST, "limit=010" }, BAD "limit type" },
    { { LIST, "limit=99999999999999999999" }, BAD "limit type" },
    { { LIST, "limit=" }, BAD "limit type" },
    { { LIST, "limit" }, BAD "limit type" },
    { { LIST, "ratio=NaN" }, BAD "ratio type" },
    { { LIST, "ratio=1e999" }, BAD "ratio type" },
    { { LIST, "open=1" }, BAD "open type" },
    { { LIST, "open=TRUE" }, BAD "open type" },
    { { LIST, "since=2026-02-30" }, BAD "since format" },
    { { LIST, "since=infinity" }, BAD "since format" },
    { { LIST, "q=a" }, BAD "q minLength" },
    { { LIST, "q=%E4%BA%8B%E4%BA%8B%E4%BA%8B%E4%BA%8B%E4%BA%8B%E4%BA%8B%E4%BA%8B%E4%BA%8B%E4%BA%8B%E4%BA%8B" },
      "limit=20, q=事事事事事事事事事事" },
    /* names */
    { { LIST, "page=2" }, BAD "page unknown-parameter" },
    { { LIST, "Limit=2" }, BAD "Limit unknown-parameter" },
    { { LIST, "Prefer=x" }, BAD "Prefer unknown-parameter" },
    { { LIST, "page=2", .lenient = true }, "limit=20" },
    { { LIST, "limit=5&limit=5" }, BAD "limit repeated" },
    { { LIST, "limit=5&limit=5", .lenient = true }, BAD "limit repeated" },
    { { LIST, "limit=x&limit=5" }, BAD "limit type, query limit repeated" },
    { { LIST, "li%6Dit=5" }, "limit=5" },
    { { LIST, "limit=5&" }, BAD " unknown-parameter" },
    { { LIST, "=5" }, BAD " unknown-parameter" },
    { { METHOD_GET, "/v1/things/" UUID, "thing_id=999" }, BAD "thing_id unknown-parameter" },
    /* encodings */
    { { LIST, "q=%00ab" }, BAD "q malformed" },
    { { LIST, "q=%zz" }, BAD "q malformed" },
    { { LIST, "q=%f" }, BAD "q malformed" },
    { { LIST, "q=%ff%fe" }, BAD "q malformed" },
    { { LIST, "%ff=1" }, BAD " malformed" },
    { { LIST, "limit=0&q=a&page=1&open=x" },
      BAD "limit minimum, query q minLength, query page unknown-parameter, query open type" },
    /* arrays */
    { { LIST, "kind=a,b" }, "limit=20, kind={\"a\",\"b\"}" },
    { { LIST, "kind=a%2Cb" }, "limit=20, kind={\"a,b\"}" },
    { { LIST, "kind=%22%5C,%7B%7D" }, "limit=20, kind={\"\\\"\\\\\",\"{}\"}" },
    { { LIST, "kind=" }, "limit=20, kind={}" },
    { { LIST, "kind=," }, BAD "kind/1 uniqueItems" },
    { { LIST, "kind=a,a" }, BAD "kind/1 uniqueItems" },
    { { LIST, "kind=a,b,c,d" }, BAD "kind maxItems" },
    { { LIST, "kind=a,%ff" }, BAD "kind malformed" },
    { { LIST, "kind=a&kind=b" }, BAD "kind repeated" },
    { { LIST, "level=1,2" }, "limit=20, level={\"1\",\"2\"}" },
    { { LIST, "level=1,x" }, BAD "level/1 type" },
    /* what the path names and is no name is no resource */
    { { METHOD_GET, "/v1/things/abc", "page=1" }, "not-found" },
    { { METHOD_GET, "/v1/things/0190C8A0-7C5E-7B4A-9F00-0123456789AB", NULL }, "not-found" },
    { { METHOD_GET, "/v1/things/%7B" UUID "%7D", NULL }, "not-found" },
    { { METHOD_GET, "/v1/things/" UUID "/parts/0", NULL }, "not-found" },
    { { METHOD_GET, "/v1/things/" UUID "/parts/-1", NULL }, "not-found" },
    { { METHOD_GET, "/v1/things/" UUID "/parts/9223372036854775808", NULL }, "not-found" },
    { { METHOD_GET, "/v1/things/" UUID "/parts/7", "note=x" }, "thing_id=" UUID ", part=7, note=x" },
    /* headers */
    { { LIST, NULL, { { "prefer", "count=exact" } } }, "limit=20, Prefer=count=exact" },
    { { LIST, NULL, { { "Prefer", "a\x01" } } }, "invalid-parameter: header Prefer malformed" },
    { { LIST, NULL, { { "Prefer", "\xff" } } }, "invalid-parameter: header Prefer malformed" },
    { { METHOD_DELETE, "/v1/things/" UUID, NULL }, "precondition-required: header If-Match required" },
    { { METHOD_DELETE, "/v1/things/" UUID, NULL, { { "If-Match", "\"5\"" } } }, "thing_id=" UUID ", If-Match=5" },
    { { METHOD_DELETE, "/v1/things/" UUID, NULL, { { "If-Match", "\"5-gzip\"" } } }, "thing_id=" UUID ", If-Match=5" },
    { { METHOD_DELETE, "/v1/things/" UUID, NULL, { { "If-Match", "\"5.2-gzip\"" } } }, "thing_id=" UUID ", If-Match=5" },
    { { METHOD_DELETE, "/v1/things/" UUID, NULL, { { "If-Match", "*" } } }, "thing_id=" UUID ", If-Match=*" },
    { { METHOD_DELETE, "/v1/things/" UUID, NULL, { { "If-Match", "W/\"5\"" } } }, "thing_id=" UUID ", If-Match=-1" },
    { { METHOD_DELETE, "/v1/things/" UUID, NULL, { { "If-Match", "\"abc\"" } } }, "thing_id=" UUID ", If-Match=-1" },
    { { METHOD_DELETE, "/v1/things/" UUID, NULL, { { "If-Match", "\"05\"" } } }, "thing_id=" UUID ", If-Match=-1" },
    { { METHOD_DELETE, "/v1/things/" UUID, NULL, { { "If-Match", "\"1234567890123456789\"" } } },
      "thing_id=" UUID ", If-Match=-1" },
    { { METHOD_DELETE, "/v1/things/" UUID, NULL, { { "If-Match", "5" } } }, "invalid-parameter: header If-Match malformed" },
    { { METHOD_DELETE, "/v1/things/" UUID, NULL, { { "If-Match", "\"" } } }, "invalid-parameter: header If-Match malformed" },
    { { METHOD_DELETE, "/v1/things/" UUID, NULL, { { "If-Match", "" } } }, "invalid-parameter: header If-Match malformed" },
    { { METHOD_DELETE, "/v1/things/" UUID, NULL, { { "If-Match", "\"5\", W/\"7\",\"6.1\"" } } },
      "thing_id=" UUID ", If-Match=5,6" },
    { { METHOD_DELETE, "/v1/things/" UUID, NULL, { { "If-Match", "\"5\" \"6\"" } } },
      "invalid-parameter: header If-Match malformed" },
    { { METHOD_DELETE, "/v1/things/" UUID, NULL, { { "If-Match", "\"\xff\"" } } },
      "invalid-parameter: header If-Match malformed" },
    { { METHOD_PATCH, "/v1/things/" UUID, "reason=r", { { "If-Match", "*" } } }, "invalid-parameter: header If-Match pattern" },
    { { METHOD_PATCH, "/v1/things/" UUID, NULL },
      "invalid-parameter: header If-Match required, query reason required" },
    { { METHOD_POST, "/v1/things", NULL }, "idempotency-key-required: header Idempotency-Key required" },
    { { METHOD_POST, "/v1/things", NULL, { { "Idempotency-Key", "k-1" } } }, "Idempotency-Key=k-1" },
    { { METHOD_POST, "/v1/things", NULL, { { "Idempotency-Key", "\"k-1\"" } } }, "Idempotency-Key=k-1" },
    { { METHOD_POST, "/v1/things", NULL, { { "Idempotency-Key", "\"a\\\"\\\\b\"" } } }, "Idempotency-Key=a\"\\b" },
#define NO_KEY "invalid-parameter: header Idempotency-Key malformed"
    { { METHOD_POST, "/v1/things", NULL, { { "Idempotency-Key", "" } } }, NO_KEY },
    { { METHOD_POST, "/v1/things", NULL, { { "Idempotency-Key", "\"\"" } } }, NO_KEY },
    { { METHOD_POST, "/v1/things", NULL, { { "Idempotency-Key", "\"" } } }, NO_KEY },
    { { METHOD_POST, "/v1/things", NULL, { { "Idempotency-Key", "\"a\\\\\"b\"" } } }, NO_KEY },
    { { METHOD_POST, "/v1/things", NULL, { { "Idempotency-Key", "\"a\\\"" } } }, NO_KEY },
    { { METHOD_POST, "/v1/things", NULL, { { "Idempotency-Key", "\"a\\b\"" } } }, NO_KEY },
    { { METHOD_POST, "/v1/things", NULL, { { "Idempotency-Key", "\"a\"b\"" } } }, NO_KEY },
    { { METHOD_POST, "/v1/things", NULL, { { "Idempotency-Key", "a b" } } }, NO_KEY },
    { { METHOD_POST, "/v1/things", NULL, { { "Idempotency-Key", "a,b" } } }, NO_KEY },
    { { METHOD_POST, "/v1/things", NULL, { { "Idempotency-Key", "事" } } }, NO_KEY },
};

static void every_request_is_read_or_all_its_faults_are_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(lines); i++) {
        AUTO(arena_free_at_end) struct arena *arena = arena_new();
        struct problem problem = { 0 };
        const char *outcome = read_request(arena, &lines[i].request, &problem);
        if (strcmp(outcome, lines[i].outcome) != 0)
            fail_msg("line %zu %s?%s: [%s], expected [%s]", i, lines[i].request.path, lines[i].request.query, outcome,
                     lines[i].outcome);
    }
}

static void a_key_has_at_most_255_characters(void **state)
{
    (void)state;
    for (size_t length = 255; length <= 256; length++) {
        AUTO(arena_free_at_end) struct arena *arena = arena_new();
        struct problem problem = { 0 };
        char key[300] = "";
        memset(key, 'k', length);
        const struct request request = { METHOD_POST, "/v1/things", NULL, { { "Idempotency-Key", key } } };
        read_request(arena, &request, &problem);
        assert_int_equal(problem.n_faults, length == 256);
    }
}

static void a_value_is_not_repeated_in_its_fault(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    struct problem problem = { 0 };
    const struct request request = { LIST, "limit=secret&since=secret&open=secret" };
    read_request(arena, &request, &problem);
    assert_int_equal(problem.n_faults, 3);
    assert_null(strstr(problem_render(arena, &problem, LANGUAGE_EN, NULL, NULL).bytes, "secret"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_request_is_read_or_all_its_faults_are_named),
        cmocka_unit_test(a_key_has_at_most_255_characters),
        cmocka_unit_test(a_value_is_not_repeated_in_its_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
