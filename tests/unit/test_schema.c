#include "anze/base/json.h"
#include "anze/contract/schema.h"

#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static json_t *parse(struct arena *arena, const char *text)
{
    json_t *value = NULL;
    size_t offset = 0;
    if (!json_read_trusted(arena, slice_of(text), &value, &offset))
        fail_msg("not JSON at %zu: %s", offset, text);
    return value;
}

static struct schema *compile(struct arena *arena, const char *text, struct text *complaints)
{
    json_t *node = parse(arena, text);
    return schema_compile(schema_set_new(arena, node), node, "#", complaints);
}

/* "pointer rule, pointer rule" in the order of the faults; "" when the value is valid. */
static const char *faults_of(struct arena *arena, const char *schema, const char *value, struct problem *problem)
{
    struct text complaints = text_on(arena), faults = text_on(arena);
    struct schema *compiled = compile(arena, schema, &complaints);
    if (!compiled)
        fail_msg("%s", complaints.bytes);
    json_t *json = parse(arena, value);
    bool valid = schema_check(compiled, json, arena, "body", "", PROBLEM_VALIDATION_FAILED, problem);
    assert_int_equal(valid, problem->n_faults == 0);
    assert_int_equal(valid, schema_check(compiled, json, arena, "body", "", PROBLEM_VALIDATION_FAILED, NULL));
    for (const struct fault *fault = problem->first; fault; fault = fault->next)
        text_printf(&faults, "%s%s %s", faults.length ? ", " : "", fault->pointer, fault->rule);
    return text_slice(&faults).bytes;
}

#define REPORT                                                                                                         \
    "{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"unit_id\",\"dead\"],\"properties\":{"          \
    "\"unit_id\":{\"type\":\"string\",\"format\":\"uuid\"},\"dead\":{\"type\":\"integer\",\"minimum\":0,"               \
    "\"maximum\":100000},\"name\":{\"type\":\"string\",\"minLength\":2,\"maxLength\":3},"                               \
    "\"loss_cny\":{\"type\":\"string\",\"pattern\":\"^(0|[1-9][0-9]{0,12})(\\\\.[0-9]{1,2})?$\"},"                      \
    "\"level\":{\"enum\":[\"一般\",\"较大\"]},\"rate\":{\"type\":\"number\",\"exclusiveMinimum\":0,"                    \
    "\"exclusiveMaximum\":1},\"tags\":{\"type\":\"array\",\"items\":{\"type\":\"string\"},\"minItems\":1,"              \
    "\"maxItems\":3,\"uniqueItems\":true},\"note\":{\"type\":[\"string\",\"null\"]}}}"
#define ID "\"unit_id\":\"0190c8a0-7c5e-7b4a-9f00-0123456789ab\""

static const struct line {
    const char *schema, *value, *faults;
} lines[] = {
    { REPORT, "{" ID ",\"dead\":0}", "" },
    { REPORT, "{}", "/unit_id required, /dead required" },
    { REPORT, "[]", " type" },
    { REPORT, "null", " type" },
    { REPORT, "{" ID ",\"dead\":1.0}", "/dead type" },
    { REPORT, "{" ID ",\"dead\":1e2}", "/dead type" },
    { REPORT, "{" ID ",\"dead\":\"1\"}", "/dead type" },
    { REPORT, "{" ID ",\"dead\":true}", "/dead type" },
    { REPORT, "{" ID ",\"dead\":null}", "/dead type" },
    { REPORT, "{" ID ",\"dead\":-1}", "/dead minimum" },
    { REPORT, "{" ID ",\"dead\":1000000000}", "/dead maximum" },
    { REPORT, "{" ID ",\"dead\":1,\"status\":\"closed\"}", "/status unknown-field" },
    { REPORT, "{" ID ",\"dead\":1,\"a/b~c\":1}", "/a~1b~0c unknown-field" },
    { REPORT, "{" ID ",\"dead\":1,\"name\":\"煤\"}", "/name minLength" },
    { REPORT, "{" ID ",\"dead\":1,\"name\":\"准格尔\"}", "" },
    { REPORT, "{" ID ",\"dead\":1,\"name\":\"准格尔旗\"}", "/name maxLength" },
    { REPORT, "{" ID ",\"dead\":1,\"name\":\"😀😀😀\"}", "" },
    { REPORT, "{" ID ",\"dead\":1,\"loss_cny\":\"12.34\"}", "" },
    { REPORT, "{" ID ",\"dead\":1,\"loss_cny\":\"12.345\"}", "/loss_cny pattern" },
    { REPORT, "{" ID ",\"dead\":1,\"loss_cny\":\"-1\"}", "/loss_cny pattern" },
    { REPORT, "{" ID ",\"dead\":1,\"loss_cny\":\"1\\n\"}", "/loss_cny pattern" },
    { REPORT, "{" ID ",\"dead\":1,\"loss_cny\":\"１\"}", "/loss_cny pattern" },
    { REPORT, "{" ID ",\"dead\":1,\"level\":\"较大 \"}", "/level enum" },
    { REPORT, "{" ID ",\"dead\":1,\"rate\":0}", "/rate exclusiveMinimum" },
    { REPORT, "{" ID ",\"dead\":1,\"rate\":1}", "/rate exclusiveMaximum" },
    { REPORT, "{" ID ",\"dead\":1,\"tags\":[]}", "/tags minItems" },
    { REPORT, "{" ID ",\"dead\":1,\"tags\":[\"a\",2,\"c\"]}", "/tags/1 type" },
    { REPORT, "{" ID ",\"dead\":1,\"tags\":[\"a\",\"b\",\"a\"]}", "/tags/2 uniqueItems" },
    { REPORT, "{" ID ",\"dead\":1,\"tags\":[\"a\",\"b\",\"c\",\"d\"]}", "/tags maxItems" },
    { REPORT, "{" ID ",\"dead\":1,\"note\":null}", "" },
    { REPORT, "{\"dead\":-1,\"x\":1,\"name\":7}", "/unit_id required, /dead minimum, /x unknown-field, /name type" },
    /* combinations name the branch that was meant */
    { "{\"oneOf\":[{\"type\":\"object\",\"properties\":{\"kind\":{\"const\":\"mine\"},\"depth\":{\"type\":\"integer\"}},"
      "\"required\":[\"kind\",\"depth\"]},{\"type\":\"object\",\"properties\":{\"kind\":{\"const\":\"road\"},"
      "\"km\":{\"type\":\"integer\"},\"name\":{\"type\":\"string\"}},\"required\":[\"kind\",\"km\",\"name\"]}]}",
      "{\"kind\":\"road\",\"name\":1}", "/km required, /name type" },
    { "{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"null\"}]}", "5", " type" },
    { "{\"anyOf\":[{\"minLength\":3},{\"maxLength\":1}]}", "\"ab\"", " anyOf" },
    { "{\"oneOf\":[{\"minLength\":1},{\"maxLength\":5}]}", "\"ab\"", " oneOf" },
    { "{\"not\":{\"type\":\"string\"}}", "\"a\"", " not" },
    { "{\"if\":{\"properties\":{\"a\":{\"const\":1}}},\"then\":{\"required\":[\"b\"]},\"else\":{\"properties\":{"
      "\"b\":false}}}", "{\"a\":2,\"b\":1}", "/b not-allowed" },
    { "{\"if\":{\"properties\":{\"a\":{\"const\":1}}},\"then\":{\"required\":[\"b\"]}}", "{\"a\":1}", "/b required" },
    { "{\"dependentRequired\":{\"a\":[\"b\"]}}", "{\"a\":1}", "/b dependentRequired" },
    { "{\"dependentSchemas\":{\"a\":{\"required\":[\"b\"]}}}", "{\"a\":1}", "/b required" },
    { "{\"propertyNames\":{\"pattern\":\"^[a-z]+$\"}}", "{\"A\":1}", "/A propertyNames" },
    { "{\"minProperties\":1}", "{}", " minProperties" },
    { "{\"maxProperties\":1}", "{\"a\":1,\"b\":1}", " maxProperties" },
    { "{\"contains\":{\"const\":1},\"minContains\":2}", "[1,2]", " contains" },
    { "{\"contains\":{\"const\":1},\"minContains\":2}", "[1,2,1]", "" },
    { "{\"contains\":{\"const\":1},\"maxContains\":1}", "[1,1]", " maxContains" },
    { "{\"contains\":{\"const\":1},\"minContains\":0}", "[]", "" },
    { "{\"prefixItems\":[{\"type\":\"string\"}],\"items\":false}", "[\"a\",1]", "/1 not-allowed" },
    { "{\"const\":{\"a\":[1.0]}}", "{\"a\":[1]}", "" },
    { "{\"multipleOf\":0.01}", "4.35", "" },
    { "{\"multipleOf\":0.01}", "4.355", " multipleOf" },
    { "{\"minimum\":9007199254740993}", "9007199254740992", " minimum" },
    { "{\"minimum\":9007199254740993}", "9007199254740992.0", " minimum" },
    { "{\"exclusiveMaximum\":9007199254740992.0}", "9007199254740991", "" },
    { "{\"maximum\":1.5}", "1", "" },
    { "{\"maximum\":1.5}", "2", " maximum" },
    { "{\"minimum\":-1.5}", "-1", "" },
    { "{\"minimum\":-1.5}", "-2", " minimum" },
    { "{\"maximum\":1e300}", "9223372036854775807", "" },
    { "{\"minimum\":-1e300}", "-9223372036854775808", "" },
    { "{\"minimum\":9223372036854775807}", "9223372036854775808.0", "" },
    { "{\"maximum\":9223372036854775807}", "9223372036854775808.0", " maximum" },
    { "{\"const\":9007199254740993}", "9007199254740992.0", " const" },
    { "{\"$defs\":{\"tree\":{\"type\":\"object\",\"properties\":{\"child\":{\"$ref\":\"#/$defs/tree\"}},"
      "\"additionalProperties\":false}},\"$ref\":\"#/$defs/tree\"}",
      "{\"child\":{\"child\":{\"x\":1}}}", "/child/child/x unknown-field" },
    { "{\"$defs\":{\"a~b\":{\"type\":\"string\"},\"c%d\":{\"type\":\"string\"}},\"properties\":{"
      "\"x\":{\"$ref\":\"#/$defs/a~0b\"},\"y\":{\"$ref\":\"#/$defs/c%25d\"}}}", "{\"x\":1,\"y\":1}", "/x type, /y type" },
};

static void every_fault_is_named_with_its_pointer_and_rule(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(lines); i++) {
        AUTO(arena_free_at_end) struct arena *arena = arena_new();
        struct problem problem = { 0 };
        const char *faults = faults_of(arena, lines[i].schema, lines[i].value, &problem);
        if (strcmp(faults, lines[i].faults) != 0)
            fail_msg("line %zu %s: [%s], expected [%s]", i, lines[i].value, faults, lines[i].faults);
    }
}

static void sentences_are_given_in_both_languages_and_repeat_no_value(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    struct problem problem = { 0 };
    faults_of(arena, "{\"properties\":{\"a\":{\"type\":[\"integer\",\"null\"]},\"b\":{\"enum\":[\"x\",1]}}}",
              "{\"a\":\"secret\",\"b\":\"secret\"}", &problem);
    assert_string_equal(problem.first->en, "must be an integer or null");
    assert_string_equal(problem.first->zh, "必须是整数或null");
    assert_string_equal(problem.last->en, "must be one of \"x\", 1");
    assert_string_equal(problem.last->zh, "必须是下列之一：\"x\", 1");
    assert_null(strstr(problem_render(arena, &problem, LANGUAGE_EN, NULL, NULL).bytes, "secret"));
}

static void a_very_long_member_name_is_cut_in_the_pointer(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    struct problem problem = { 0 };
    struct text value = text_on(arena);
    text_add_string(&value, "{\"");
    for (int i = 0; i < 5000; i++)
        text_add_string(&value, "事");
    text_add_string(&value, "\":1}");
    faults_of(arena, "{\"additionalProperties\":false}", value.bytes, &problem);
    assert_true(strlen(problem.first->pointer) < 140);
}

static const struct refusal {
    const char *schema, *complaint;
} refusals[] = {
    { "{\"properties\":{\"a\":{\"minLenght\":1}}}", "#/properties/a: unknown keyword minLenght" },
    { "{\"discriminator\":{}}", "#: unknown keyword discriminator" },
    { "{\"unevaluatedProperties\":false}", "#: unknown keyword unevaluatedProperties" },
    { "{\"format\":\"hostname\"}", "#: unknown format hostname" },
    { "{\"items\":{\"$ref\":\"#/$defs/none\"}}", "#/items: $ref #/$defs/none leads nowhere" },
    { "{\"$ref\":\"other.json\"}", "#: $ref other.json leads nowhere" },
    { "{\"type\":\"text\"}", "#: type must be the name of a type" },
    { "{\"type\":[\"string\",\"text\"]}", "#: type must be the name of a type" },
    { "{\"pattern\":\"(\"}", "#: pattern (: missing closing parenthesis" },
    { "{\"minLength\":-1}", "#: minLength must be a whole number" },
    { "{\"minLength\":1.5}", "#: minLength must be a whole number" },
    { "{\"minimum\":\"1\"}", "#: minimum must be a number" },
    { "{\"multipleOf\":0}", "#: multipleOf must be more than 0" },
    { "{\"enum\":[]}", "#: enum must be an array of values" },
    { "{\"required\":[1]}", "#: required must be an array of names" },
    { "{\"properties\":[]}", "#: properties must be an object of schemas" },
    { "{\"allOf\":{}}", "#: allOf must be an array of schemas" },
    { "{\"items\":[{}]}", "#/items: a schema is an object, true or false" },
    { "{\"$defs\":{\"a\":{\"$ref\":\"#/$defs/b\"},\"b\":{\"allOf\":[{\"$ref\":\"#/$defs/a\"}]}}}",
      "refers to itself without end" },
    { "{\"$ref\":\"#\"}", "#: refers to itself without end" },
};

static void what_the_compiler_does_not_know_is_refused_by_name_and_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(refusals); i++) {
        AUTO(arena_free_at_end) struct arena *arena = arena_new();
        struct text complaints = text_on(arena);
        assert_null(compile(arena, refusals[i].schema, &complaints));
        if (!complaints.bytes || !strstr(complaints.bytes, refusals[i].complaint))
            fail_msg("%s: [%s]", refusals[i].schema, complaints.bytes ? complaints.bytes : "");
    }
}

static void annotations_and_extensions_are_passed_over(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    struct text complaints = text_on(arena);
    assert_non_null(compile(arena, "{\"title\":\"t\",\"description\":\"d\",\"default\":1,\"example\":1,\"examples\":[1],"
                                   "\"deprecated\":true,\"readOnly\":true,\"writeOnly\":false,\"$comment\":\"c\","
                                   "\"x-note\":{}}", &complaints));
}

static void the_same_node_gives_the_same_schema(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    struct text complaints = text_on(arena);
    json_t *root = parse(arena, "{\"a\":{\"$ref\":\"#/b\"},\"b\":{\"type\":\"integer\"}}");
    struct schema_set *set = schema_set_new(arena, root);
    struct schema *b = schema_compile(set, json_object_get(root, "b"), "b", &complaints);
    assert_ptr_equal(b, schema_compile(set, json_object_get(root, "b"), "again", &complaints));
    struct schema *a = schema_compile(set, json_object_get(root, "a"), "a", &complaints);
    assert_int_equal(schema_type_of(a), SCHEMA_INTEGER);
}

static void the_type_of_a_parameter_is_found_through_references(void **state)
{
    (void)state;
    static const struct {
        const char *schema;
        enum schema_type type;
    } types[] = {
        { "{\"type\":\"string\"}", SCHEMA_STRING },   { "{\"type\":\"integer\"}", SCHEMA_INTEGER },
        { "{\"type\":\"number\"}", SCHEMA_NUMBER },   { "{\"type\":\"boolean\"}", SCHEMA_BOOLEAN },
        { "{\"type\":\"array\"}", SCHEMA_ARRAY },     { "{\"type\":[\"string\",\"null\"]}", SCHEMA_OTHER },
        { "{}", SCHEMA_STRING },                      { "{\"allOf\":[{},{\"type\":\"boolean\"}]}", SCHEMA_BOOLEAN },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(types); i++) {
        AUTO(arena_free_at_end) struct arena *arena = arena_new();
        struct text complaints = text_on(arena);
        assert_int_equal(schema_type_of(compile(arena, types[i].schema, &complaints)), types[i].type);
    }
}

static void a_document_made_to_try_every_branch_ends(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    struct problem problem = { 0 };
    struct text value = text_on(arena);
    for (int i = 0; i < 30; i++)
        text_add_string(&value, "{\"a\":");
    text_add_string(&value, "1");
    for (int i = 0; i < 30; i++)
        text_add_string(&value, "}");
    faults_of(arena, "{\"anyOf\":[{\"type\":\"object\",\"properties\":{\"a\":{\"$ref\":\"#\"}}},"
                     "{\"type\":\"object\",\"properties\":{\"a\":{\"$ref\":\"#\"}}},{\"type\":\"string\"}]}",
              value.bytes, &problem);
    assert_true(problem.n_faults > 0);
}

static void a_pattern_that_backtracks_without_end_ends(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    struct problem problem = { 0 };
    assert_string_equal(faults_of(arena, "{\"pattern\":\"^(a+)+$\"}", "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\"",
                                  &problem), " pattern");
}

static void ten_thousand_items_are_compared_quickly(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    struct problem problem = { 0 };
    struct text value = text_on(arena);
    for (int i = 0; i < 10000; i++)
        text_printf(&value, "%s{\"n\":%d}", i ? "," : "[", i);
    text_add_string(&value, ",{\"n\":4711.0}]");
    assert_string_equal(faults_of(arena, "{\"uniqueItems\":true}", value.bytes, &problem), "/10000 uniqueItems");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_fault_is_named_with_its_pointer_and_rule),
        cmocka_unit_test(sentences_are_given_in_both_languages_and_repeat_no_value),
        cmocka_unit_test(a_very_long_member_name_is_cut_in_the_pointer),
        cmocka_unit_test(what_the_compiler_does_not_know_is_refused_by_name_and_place),
        cmocka_unit_test(annotations_and_extensions_are_passed_over),
        cmocka_unit_test(the_same_node_gives_the_same_schema),
        cmocka_unit_test(the_type_of_a_parameter_is_found_through_references),
        cmocka_unit_test(a_document_made_to_try_every_branch_ends),
        cmocka_unit_test(a_pattern_that_backtracks_without_end_ends),
        cmocka_unit_test(ten_thousand_items_are_compared_quickly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
