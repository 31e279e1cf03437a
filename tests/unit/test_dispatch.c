/* Whole messages through the dispatcher, by the example contract and runners of the test's own: what the contract says
 * of an operation's answers and errors is what comes. */
#include "anze/base/embedded.h"
#include "anze/base/metrics.h"
#include "anze/http/dispatch.h"
#include "anze/op/bind.h"
#include "contract_example.h"

#include <setjmp.h>
#include <cmocka.h>

/* The program's own files are not in this one. */
const struct embedded_file embedded_openapi[1], embedded_sql[1];
const size_t n_embedded_openapi = 0, n_embedded_sql = 0;

static struct scene {
    struct arena *arena;
    struct config config;
    struct service service;
    struct limits limits; /* none */
    struct dispatcher dispatcher;
} scene;

static bool read_event(void *context, uint64_t at, struct slice *ret_bytes)
{
    (void)context, (void)at;
    *ret_bytes = SLICE("data: 1\n\n");
    return true;
}

static bool watch_things(struct call *call)
{
    if (strcmp(call->media, MEDIA_EVENTS) == 0)
        call->reply->source = (struct body_source){ read_event, NULL, 9 };
    else
        reply_add(call->reply, SLICE("{}"));
    return true;
}

static bool ask_token(struct call *call)
{
    static const char good[] = "{\"grant_type\":\"client_credentials\",\"scope\":\"good\"}";
    if (slice_equals(call->body, good))
        reply_add(call->reply, SLICE("{\"access_token\":\"t\"}"));
    else if (strstr(call->body.bytes, "busy"))
        return problem_raise(call->arena, call->problem, PROBLEM_UNAVAILABLE, "忙", "Busy");
    else
        return problem_raise(call->arena, call->problem, PROBLEM_UNAUTHENTICATED, "不是客户端 %s", "No client \"%s\" é", "x");
    return true;
}

static int open_scene(void **state)
{
    (void)state;
    scene.arena = arena_new();
    struct text complaint = text_on(scene.arena);
    if (!config_load(scene.arena, &scene.config, &complaint))
        return -1;
    scene.config.log_requests = false;
    struct contract *contract = example_contract(scene.arena);
    struct op_binding *bindings = arena_array_of(scene.arena, struct op_binding, contract->n_operations);
    bindings[contract_operation(contract, "watchThings")->index].run = watch_things;
    bindings[contract_operation(contract, "askToken")->index].run = ask_token;
    scene.service = (struct service){ .config = &scene.config, .contract = contract, .bindings = bindings };
    scene.dispatcher = (struct dispatcher){ .service = &scene.service, .limits = &scene.limits };
    metrics_open(NULL, 0, "test");
    return 0;
}

static int close_scene(void **state)
{
    (void)state;
    metrics_close();
    arena_free(scene.arena);
    return 0;
}

/* The answer, on an arena of its own. */
static struct answer ask(const char *method, const char *target, const char *field, const char *value, const char *body)
{
    const struct header headers[] = { { SLICE("Host"), SLICE("a") }, { slice_of(field), slice_of(value) } };
    const struct message message = {
        .listener = LISTENER_PUBLIC, .method = slice_of(method), .target = slice_of(target), .version = SLICE("HTTP/1.1"),
        .headers = headers, .n_headers = ARRAY_LENGTH(headers), .body = body ? slice_of(body) : SLICE_NONE,
    };
    struct answer answer = { .arena = arena_new() };
    void *exchange = dispatch_head(&scene.dispatcher, &message, &answer);
    if (exchange)
        dispatch_body(exchange);
    return answer;
}

static const char *header_of_answer(const struct answer *answer, const char *name)
{
    for (size_t i = 0; i < answer->n_headers; i++)
        if (strcmp(answer->headers[i].name, name) == 0)
            return answer->headers[i].value;
    return "";
}

static void a_stream_of_events_comes_to_who_asks_for_it(void **state)
{
    (void)state;
    struct answer answer = ask("GET", "/v1/things/events", "Accept", "text/event-stream", NULL);
    assert_int_equal(answer.status, 200);
    assert_string_equal(header_of_answer(&answer, "Content-Type"), "text/event-stream");
    assert_string_equal(header_of_answer(&answer, "Cache-Control"), "no-store");
    assert_string_equal(header_of_answer(&answer, "Accept-Ranges"), "");
    assert_ptr_equal(answer.source.read, read_event);
    arena_free(answer.arena);
    answer = ask("GET", "/v1/things/events", "Range", "bytes=1-2", NULL);
    assert_int_equal(answer.status, 200);
    assert_string_equal(header_of_answer(&answer, "Content-Type"), "application/json");
    assert_null(answer.source.read);
    arena_free(answer.arena);
}

static void what_is_on_offer_is_said_when_none_of_it_is_wanted(void **state)
{
    (void)state;
    struct answer answer = ask("GET", "/v1/things/events", "Accept", "text/html", NULL);
    assert_int_equal(answer.status, 406);
    assert_non_null(strstr(answer.parts[0].bytes, "application/json, text/event-stream"));
    arena_free(answer.arena);
}

static void errors_of_a_token_endpoint_are_those_of_oauth(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        int status;
        const char *media, *text;
    } cases[] = {
        { "grant_type=client_credentials&scope=good", 200, "application/json", "{\"access_token\":\"t\"}" },
        { "grant_type=client_credentials&scope=bad", 401, "application/json",
          "{\"error\":\"invalid_client\",\"error_description\":\"No client 'x' ?" "?\"}" },
        { "grant_type=client_credentials&grant_type=b", 400, "application/json",
          "{\"error\":\"invalid_request\",\"error_description\":\"The form is not encoded as it must be, or has a field "
          "twice\"}" },
        { "scope=good", 400, "application/json",
          "{\"error\":\"invalid_request\",\"error_description\":\"The content did not pass validation: /grant_type must be "
          "given\"}" },
        { "grant_type=client_credentials&scope=busy", 503, "application/problem+json", NULL },
        { "", 400, "application/json", "{\"error\":\"invalid_request\",\"error_description\":\"The body is missing\"}" },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct answer answer =
            ask("POST", "/v1/things/token", "Content-Type", "application/x-www-form-urlencoded", cases[i].body);
        assert_int_equal(answer.status, cases[i].status);
        assert_string_equal(header_of_answer(&answer, "Content-Type"), cases[i].media);
        assert_string_equal(header_of_answer(&answer, "Cache-Control"), "no-store");
        if (cases[i].text && !slice_equals(answer.parts[0], cases[i].text))
            fail_msg("%s: %.*s", cases[i].body, (int)answer.parts[0].length, answer.parts[0].bytes);
        arena_free(answer.arena);
    }
}

static void no_statement_answers_with_events(void **state)
{
    (void)state;
    struct text complaints = text_on(scene.arena);
    assert_null(op_bind(scene.arena, scene.service.contract, &complaints));
    assert_non_null(strstr(complaints.bytes, "operation watchThings answers with events, which no statement can"));
    assert_null(strstr(complaints.bytes, "operation askToken answers with events"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stream_of_events_comes_to_who_asks_for_it),
        cmocka_unit_test(what_is_on_offer_is_said_when_none_of_it_is_wanted),
        cmocka_unit_test(errors_of_a_token_endpoint_are_those_of_oauth),
        cmocka_unit_test(no_statement_answers_with_events),
    };
    return cmocka_run_group_tests(tests, open_scene, close_scene);
}
