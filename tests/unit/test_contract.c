#include "contract_example.h"
#include "anze/contract/form.h"

#include <setjmp.h>
#include <cmocka.h>

static void an_operation_is_compiled_with_all_that_is_said_of_it(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    const struct contract *contract = example_contract(arena);
    const struct operation *list = contract_operation(contract, "listThings");
    assert_non_null(list);
    assert_string_equal(list->tag, "things");
    assert_int_equal(list->method, METHOD_GET);
    assert_true(list->is_list);
    assert_false(list->writes);
    assert_false(list->is_public);
    assert_string_equal(list->scopes[0], "things:read");
    assert_null(list->scopes[1]);
    assert_string_equal(list->reply_media[0], "application/json");
    assert_null(list->reply_media[1]);
    assert_false(list->streams || list->says_oauth);
    assert_int_equal(list->listeners, LISTENER_PUBLIC);
    const struct parameter *limit = &list->parameters[operation_parameter(list, PLACE_QUERY, "limit")];
    assert_string_equal(limit->initial, "20");
}

static void each_operation_says_what_it_takes_and_who_may_hear_it(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    const struct contract *contract = example_contract(arena);
    const struct operation *patch = contract_operation(contract, "changeThing");
    assert_string_equal(patch->request_media, "application/merge-patch+json");
    assert_true(patch->takes_key && patch->writes && patch->body_required);
    assert_false(patch->parameters[operation_parameter(patch, PLACE_HEADER, "Idempotency-Key")].required);
    assert_true(patch->parameters[operation_parameter(patch, PLACE_HEADER, "if-match")].required);
    assert_int_equal(operation_parameter(patch, PLACE_QUERY, "If-Match"), -1);
    const struct operation *health = contract_operation(contract, "health");
    assert_true(health->is_public && health->no_store);
    assert_int_equal(health->listeners, LISTENER_ADMIN);
    assert_int_equal(health->success_status, 204);
    assert_null(health->reply_media[0]);
    assert_true(contract_operation(contract, "getThing")->is_conditional);
    assert_string_equal(contract_operation(contract, "getThing")->cache_control, "private, max-age=5");
    assert_null(contract_operation(contract, "none"));
}

static void path_parameters_stand_first_in_the_order_of_the_template(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    const struct operation *part = contract_operation(example_contract(arena), "getPart");
    assert_string_equal(part->parameters[0].name, "thing_id");
    assert_string_equal(part->parameters[1].name, "part");
    assert_int_equal(part->parameters[2].place, PLACE_QUERY);
}

#define OPERATION(more)                                                                                                \
    "{\"openapi\":\"3.1.0\",\"security\":[],\"components\":{\"securitySchemes\":{\"token\":{}}},\"paths\":{"            \
    "\"/v1/a/{id}\":{\"get\":{" more "}}}}"
#define NAMES "\"operationId\":\"getA\",\"tags\":[\"a\"],\"summary\":\"s\",\"x-anze-summary-zh\":\"z\","
#define ID "{\"name\":\"id\",\"in\":\"path\",\"required\":true,\"schema\":{\"type\":\"string\"}}"
#define WITH(parameter) "\"parameters\":[" ID "," parameter "],"
#define PARAMETERS "\"parameters\":[" ID "],"
#define ANSWERS "\"responses\":{\"200\":{\"description\":\"d\"}}"
#define MEDIA(name) "\"" name "\":{\"schema\":{}}"
#define EVENTS MEDIA("text/event-stream")
#define PROBLEM MEDIA("application/problem+json")
#define JSON MEDIA("application/json")
#define ANSWER(status, content) "\"" status "\":{\"description\":\"d\",\"content\":{" content "}}"
#define FAILS(status, content) "\"responses\":{" ANSWER("200", JSON) "," ANSWER(status, content) "}"
#define OAUTH "\"x-anze-errors\":\"oauth\","
#define BODY(content) "\"requestBody\":{\"content\":{" content "}},"

static const struct line {
    const char *document, *complaint;
} lines[] = {
    { OPERATION(NAMES PARAMETERS ANSWERS), NULL },
    { "{", "document: is not JSON at byte 1" },
    { "{\"openapi\":\"3.0.0\",\"paths\":{}}", "document: openapi must be 3.1" },
    { "{\"openapi\":\"3.1.0\"}", "document: there are no paths" },
    { "{\"openapi\":\"3.1.0\",\"paths\":{},\"x-anze-colour\":1}", "document: unknown member x-anze-colour" },
    { OPERATION(NAMES PARAMETERS "\"x-other\":1," ANSWERS), NULL },
    { OPERATION(NAMES PARAMETERS "\"x-anze-fast\":1," ANSWERS), "GET /v1/a/{id}: unknown member x-anze-fast" },
    { OPERATION(NAMES PARAMETERS "\"callbacks\":{}," ANSWERS), "unknown member callbacks" },
    { OPERATION(PARAMETERS ANSWERS), "has no operationId" },
    { OPERATION(PARAMETERS ANSWERS), "has no tag" },
    { OPERATION(PARAMETERS ANSWERS), "has no summary" },
    { OPERATION(PARAMETERS ANSWERS), "has no x-anze-summary-zh" },
    { OPERATION("\"operationId\":\"../a\"," PARAMETERS ANSWERS), "has no operationId of letters" },
    { OPERATION(NAMES PARAMETERS "\"deprecated\":false"), "has no responses" },
    { OPERATION(NAMES PARAMETERS "\"responses\":{\"404\":{\"description\":\"d\"}}"), "documents no success" },
    { OPERATION(NAMES PARAMETERS "\"responses\":{\"2XX\":{\"description\":\"d\"}}"), "named by its status" },
    { OPERATION(NAMES PARAMETERS "\"responses\":{\"200\":{}}"), "response 200: has no description" },
    { OPERATION(NAMES ANSWERS), "{id} is not declared" },
    { OPERATION(NAMES WITH("{\"name\":\"b\",\"in\":\"path\",\"required\":true,\"schema\":{}}") ANSWERS), "the path has no {b}" },
    { OPERATION(NAMES "\"parameters\":[{\"name\":\"id\",\"in\":\"path\",\"schema\":{}}]," ANSWERS), "required: true" },
    { OPERATION(NAMES WITH(ID) ANSWERS), "the parameter id is given twice" },
    { OPERATION(NAMES WITH("{\"name\":\"q\",\"in\":\"cookie\",\"schema\":{}}") ANSWERS), "in is path, query or header" },
    { OPERATION(NAMES WITH("{\"name\":\"accept\",\"in\":\"header\",\"schema\":{}}") ANSWERS), "not a parameter in OpenAPI" },
    { OPERATION(NAMES WITH("{\"name\":\"q\",\"in\":\"query\"}") ANSWERS), "parameter q: has no schema" },
    { OPERATION(NAMES WITH("{\"name\":\"q\",\"in\":\"query\",\"schema\":{\"minLenght\":1}}") ANSWERS),
      "GET /v1/a/{id}: parameter q: unknown keyword minLenght" },
    { OPERATION(NAMES WITH("{\"name\":\"q\",\"in\":\"query\",\"schema\":{\"type\":\"array\",\"items\":{}}}") ANSWERS),
      "an array needs explode: false" },
    { OPERATION(NAMES WITH("{\"name\":\"q\",\"in\":\"query\",\"style\":\"deepObject\",\"schema\":{}}") ANSWERS), "style deepObject" },
    { OPERATION(NAMES WITH("{\"name\":\"q\",\"in\":\"query\",\"schema\":{\"type\":\"integer\"},\"example\":\"1\"}") ANSWERS),
      "parameter q: the example does not fit its schema:  must be an integer" },
    { OPERATION(NAMES WITH("{\"name\":\"q\",\"in\":\"query\",\"schema\":{\"type\":\"integer\",\"default\":\"1\"}}") ANSWERS),
      "parameter q: the default does not fit its schema" },
    { OPERATION(NAMES WITH("{\"$ref\":\"#/components/parameters/none\"}") ANSWERS), "leads nowhere" },
    { OPERATION(NAMES PARAMETERS BODY("\"text/plain\":{\"schema\":{}}") ANSWERS), "a body is one of application/json" },
    { OPERATION(NAMES PARAMETERS BODY("\"application/octet-stream\":{}") ANSWERS), NULL },
    { OPERATION(NAMES PARAMETERS BODY("\"application/x-www-form-urlencoded\":{\"schema\":{\"type\":\"object\"}}") ANSWERS), NULL },
    { OPERATION(NAMES PARAMETERS BODY("\"application/x-www-form-urlencoded\":{}") ANSWERS), "body: has no schema" },
    { OPERATION(NAMES PARAMETERS BODY("\"application/octet-stream\":{\"schema\":{}}") ANSWERS),
      "body: unknown member schema" },
    { OPERATION(NAMES PARAMETERS BODY("\"application/json\":{\"schema\":{\"type\":\"object\"},\"example\":[]}") ANSWERS),
      "body: the example does not fit its schema" },
    { OPERATION(NAMES PARAMETERS BODY("\"application/json\":{\"schema\":{\"type\":\"object\"},\"examples\":{"
      "\"one\":{\"value\":1}}}") ANSWERS), "body: the example does not fit its schema" },
    { OPERATION(NAMES PARAMETERS BODY("\"application/json\":{\"schema\":{\"properties\":{\"a\":{\"type\":\"string\","
      "\"examples\":[1]}}}}") ANSWERS), "body/properties/a: the example does not fit its schema" },
    { OPERATION(NAMES PARAMETERS "\"responses\":{\"200\":{\"description\":\"d\",\"content\":{\"application/json\":{"
      "\"schema\":{\"type\":\"string\"},\"example\":1}}}}"), "response 200: application/json: the example does not fit" },
    { OPERATION(NAMES PARAMETERS "\"responses\":{" ANSWER("200", EVENTS) "}"), NULL },
    { OPERATION(NAMES PARAMETERS "\"responses\":{" ANSWER("200", EVENTS "," JSON) "}"), NULL },
    { OPERATION(NAMES PARAMETERS "\"responses\":{" ANSWER("200", JSON "," MEDIA("text/csv")) "}"), "is of one media type" },
    { OPERATION(NAMES PARAMETERS "\"responses\":{" ANSWER("200", EVENTS "," JSON "," MEDIA("text/csv")) "}"),
      "GET /v1/a/{id}: response 200: a success is of one media type" },
    { OPERATION(NAMES PARAMETERS ANSWERS "},\"post\":{" PARAMETERS "\"operationId\":\"postA\",\"tags\":[\"a\"],\"summary\":"
      "\"s\",\"x-anze-summary-zh\":\"z\",\"responses\":{" ANSWER("200", EVENTS) "}"), "only GET answers with text/event-stream" },
    { OPERATION(NAMES PARAMETERS FAILS("409", PROBLEM)), NULL },
    { OPERATION(NAMES PARAMETERS FAILS("409", JSON)), "response 409: an error of this status is application/problem+json" },
    { OPERATION(NAMES PARAMETERS FAILS("409", PROBLEM "," JSON)), "is application/problem+json" },
    { OPERATION(NAMES PARAMETERS "\"responses\":{" ANSWER("200", EVENTS) "," ANSWER("400", EVENTS) "}"), "is application/problem" },
    { OPERATION(NAMES PARAMETERS "\"responses\":{" ANSWER("200", MEDIA("application/health+json")) ","
      ANSWER("503", MEDIA("application/health+json")) "}"), NULL },
    { OPERATION(NAMES PARAMETERS OAUTH FAILS("400", JSON)), NULL },
    { OPERATION(NAMES PARAMETERS OAUTH "\"responses\":{" ANSWER("200", JSON) "," ANSWER("400", JSON) "," ANSWER("401", JSON) ","
      ANSWER("503", PROBLEM) "}"), NULL },
    { OPERATION(NAMES PARAMETERS OAUTH FAILS("400", PROBLEM)), "response 400: an error of this status is application/json" },
    { OPERATION(NAMES PARAMETERS OAUTH FAILS("401", JSON)), "documents no 400, which OAuth's errors are" },
    { OPERATION(NAMES PARAMETERS OAUTH "\"responses\":{" ANSWER("200", JSON) "," ANSWER("400", JSON) "," ANSWER("422", PROBLEM) "}"),
      "what does not fit is 400 where errors are OAuth's" },
    { OPERATION(NAMES PARAMETERS OAUTH "\"responses\":{" ANSWER("200", JSON) "," ANSWER("400", JSON) "," ANSWER("503", JSON) "}"),
      "response 503: an error of this status is application/problem+json" },
    { OPERATION(NAMES PARAMETERS "\"x-anze-errors\":\"soap\"," FAILS("400", JSON)), "x-anze-errors is oauth" },
    { OPERATION(NAMES PARAMETERS "\"security\":[{\"key\":[]}]," ANSWERS), "unknown security scheme key" },
    { OPERATION(NAMES PARAMETERS "\"security\":[{\"token\":[]},{}]," ANSWERS), "security is one requirement" },
    { OPERATION(NAMES PARAMETERS "\"x-anze-list\":true," ANSWERS), "a list has the query parameters limit and cursor" },
    { OPERATION(NAMES PARAMETERS "\"x-anze-listeners\":[\"both\"]," ANSWERS), "x-anze-listeners holds public and admin" },
    { "{\"openapi\":\"3.1.0\",\"paths\":{\"/v1/a\":{\"get\":{" NAMES ANSWERS "}}}}", "says nothing of security" },
    { "{\"openapi\":\"3.1.0\",\"security\":[],\"paths\":{\"/v1/a\":{\"get\":{" NAMES ANSWERS "},\"post\":{" NAMES ANSWERS
      "}}}}", "POST /v1/a: the operationId getA is taken by GET /v1/a" },
    { "{\"openapi\":\"3.1.0\",\"security\":[],\"paths\":{\"/v1/a/\":{\"get\":{" NAMES ANSWERS "}}}}", "a path is / or segments" },
    { "{\"openapi\":\"3.1.0\",\"security\":[],\"paths\":{\"/v1/a.{x}\":{\"get\":{" NAMES ANSWERS "}}}}", "a path is / or segments" },
    { "{\"openapi\":\"3.1.0\",\"paths\":{},\"components\":{\"schemas\":{\"unused\":{\"tpye\":\"string\"}}}}",
      "components/schemas/unused: unknown keyword tpye" },
    { "{\"openapi\":\"3.1.0\",\"paths\":{},\"x-anze-roles\":{\"clerk\":{\"scopes\":[]}}}", "x-anze-roles/clerk: reach is" },
};

static void what_the_contract_gets_wrong_stops_the_start_and_is_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(lines); i++) {
        AUTO(arena_free_at_end) struct arena *arena = arena_new();
        struct text complaints = text_on(arena);
        const struct contract *contract = contract_load(arena, slice_of(lines[i].document), &complaints);
        const char *said = text_slice(&complaints).bytes;
        if (lines[i].complaint ? contract || !strstr(said, lines[i].complaint) : !contract)
            fail_msg("line %zu: [%s], expected [%s]", i, said, lines[i].complaint ? lines[i].complaint : "no complaint");
    }
}

static void a_raw_body_has_a_media_type_and_no_schema(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    struct text complaints = text_on(arena);
    const struct contract *contract = contract_load(
        arena, SLICE(OPERATION(NAMES PARAMETERS BODY("\"application/octet-stream\":{}") ANSWERS)), &complaints);
    const struct operation *raw = contract_operation(contract, "getA");
    assert_true(raw->is_raw && !raw->body);
    assert_string_equal(raw->request_media, "application/octet-stream");
    assert_false(contract_operation(example_contract(arena), "changeThing")->is_raw);
}

static void a_form_is_an_object_of_strings_for_the_schema(void **state)
{
    (void)state;
    static const struct {
        const char *body, *json; /* NULL: refused */
    } forms[] = {
        { "", "{}" },
        { "grant_type=client_credentials&scope=a+b%2Bc", "{\"grant_type\":\"client_credentials\",\"scope\":\"a b+c\"}" },
        { "a=1&b=%E5%AE%89%22&c&&d==", "{\"a\":\"1\",\"b\":\"安\\\"\",\"c\":\"\",\"d\":\"=\"}" },
        { "a=1&a=1", NULL },
        { "a=1&%61=2", NULL },
        { "=1", NULL },
        { "a=%", NULL },
        { "a=%00", NULL },
        { "a%00b=1", NULL },
        { "a=%FF", NULL },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(forms); i++) {
        AUTO(arena_free_at_end) struct arena *arena = arena_new();
        struct problem problem = { 0 };
        struct slice json = SLICE_NONE;
        assert_int_equal(form_to_json(arena, slice_of(forms[i].body), &json, &problem), forms[i].json != NULL);
        if (forms[i].json)
            assert_string_equal(json.bytes, forms[i].json);
        else
            assert_int_equal(problem_kind(problem.code)->status, 400);
    }
}

static void an_operation_says_whether_it_takes_a_form(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    struct contract *contract = example_contract(arena);
    const struct operation *form = contract_operation(contract, "askToken");
    assert_true(form->is_form && !form->is_raw && form->body && form->body_required);
    assert_string_equal(form->request_media, "application/x-www-form-urlencoded");
    assert_false(contract_operation(contract, "addThing")->is_form);
}

static void an_operation_says_how_it_answers_and_how_it_refuses(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    struct contract *contract = example_contract(arena);
    const struct operation *watch = contract_operation(contract, "watchThings");
    assert_true(watch->streams);
    assert_string_equal(watch->reply_media[0], "application/json");
    assert_string_equal(watch->reply_media[1], MEDIA_EVENTS);
    assert_null(watch->reply_media[2]);
    assert_true(contract_operation(contract, "askToken")->says_oauth);
}

static void every_complaint_is_reported_not_only_the_first(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    struct text complaints = text_on(arena);
    size_t n = 0;
    assert_null(contract_load(arena, SLICE(OPERATION("\"operationId\":\"x\"," ANSWERS)), &complaints));
    for (const char *c = complaints.bytes; (c = strchr(c, '\n')); c++)
        n++;
    assert_true(n >= 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_operation_is_compiled_with_all_that_is_said_of_it),
        cmocka_unit_test(each_operation_says_what_it_takes_and_who_may_hear_it),
        cmocka_unit_test(path_parameters_stand_first_in_the_order_of_the_template),
        cmocka_unit_test(what_the_contract_gets_wrong_stops_the_start_and_is_named),
        cmocka_unit_test(a_raw_body_has_a_media_type_and_no_schema),
        cmocka_unit_test(a_form_is_an_object_of_strings_for_the_schema),
        cmocka_unit_test(an_operation_says_whether_it_takes_a_form),
        cmocka_unit_test(an_operation_says_how_it_answers_and_how_it_refuses),
        cmocka_unit_test(every_complaint_is_reported_not_only_the_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
