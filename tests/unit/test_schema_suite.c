/* The JSON-Schema-Test-Suite (Debian package json-schema-test-suite). It holds draft 7 as its newest; where 2020-12
 * has only given a keyword another name, the cases are rewritten to it and run. */
#include "anze/base/json.h"
#include "anze/contract/schema.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define SUITE "/usr/share/json-schema-test-suite/tests/draft7"

/* What is left out; openapi/README.md has the same list. NULL: all of the file, all of the case. */
static const struct exclusion {
    const char *file, *group, *test, *reason;
} exclusions[] = {
#include "schema_suite_exclusions.def"
};

static bool used[ARRAY_LENGTH(exclusions)];

static bool matches(const char *pattern, const char *text)
{
    return !pattern || (text && strcmp(pattern, text) == 0);
}

static bool is_excluded(const char *file, const char *group, const char *test)
{
    for (size_t i = 0; i < ARRAY_LENGTH(exclusions); i++)
        if (strcmp(exclusions[i].file, file) == 0 && matches(exclusions[i].group, group)
            && matches(exclusions[i].test, test))
            return used[i] = true;
    return false;
}

static json_t *modern(const json_t *schema);

static json_t *modern_map(const json_t *map)
{
    json_t *out = json_object();
    const char *name;
    json_t *schema;
    json_object_foreach ((json_t *)map, name, schema)
        json_object_set_new(out, name, modern(schema));
    return out;
}

static json_t *modern_list(const json_t *list)
{
    json_t *out = json_array();
    for (size_t i = 0; i < json_array_size(list); i++)
        json_array_append_new(out, modern(json_array_get(list, i)));
    return out;
}

/* #/definitions/a -> #/$defs/a, #/items/0 -> #/prefixItems/0 */
static json_t *modern_reference(const json_t *reference)
{
    static const char *const renamed[][2] = { { "#/definitions/", "#/$defs/" }, { "#/items/", "#/prefixItems/" } };
    const char *text = json_string_value(reference);
    for (size_t i = 0; text && i < ARRAY_LENGTH(renamed); i++)
        if (strncmp(text, renamed[i][0], strlen(renamed[i][0])) == 0)
            return json_sprintf("%s%s", renamed[i][1], text + strlen(renamed[i][0]));
    return json_deep_copy(reference);
}

static void modern_dependencies(json_t *out, const json_t *dependencies)
{
    json_t *required = json_object(), *schemas = json_object(), *value;
    const char *name;
    json_object_foreach ((json_t *)dependencies, name, value)
        json_object_set_new(json_is_array(value) ? required : schemas, name,
                            json_is_array(value) ? json_deep_copy(value) : modern(value));
    json_object_set_new(out, "dependentRequired", required);
    json_object_set_new(out, "dependentSchemas", schemas);
}

static bool is_in(const char *name, const char *const *names)
{
    for (; *names; names++)
        if (strcmp(*names, name) == 0)
            return true;
    return false;
}

static void modern_keyword(json_t *out, const json_t *schema, const char *name, const json_t *value)
{
    static const char *const maps[] = { "properties", "patternProperties", NULL };
    static const char *const lists[] = { "allOf", "anyOf", "oneOf", NULL };
    static const char *const schemas[] = { "not", "if", "then", "else", "contains", "propertyNames",
                                           "additionalProperties", NULL };
    bool tuple = json_is_array(json_object_get(schema, "items"));
    if (strcmp(name, "definitions") == 0)
        json_object_set_new(out, "$defs", modern_map(value));
    else if (strcmp(name, "dependencies") == 0)
        modern_dependencies(out, value);
    else if (strcmp(name, "$ref") == 0)
        json_object_set_new(out, name, modern_reference(value));
    else if (strcmp(name, "items") == 0)
        json_object_set_new(out, tuple ? "prefixItems" : "items", tuple ? modern_list(value) : modern(value));
    else if (strcmp(name, "additionalItems") == 0) {
        if (tuple)
            json_object_set_new(out, "items", modern(value));
    } else if (is_in(name, maps))
        json_object_set_new(out, name, modern_map(value));
    else if (is_in(name, lists))
        json_object_set_new(out, name, modern_list(value));
    else
        json_object_set_new(out, name, is_in(name, schemas) ? modern(value) : json_deep_copy(value));
}

static json_t *modern(const json_t *schema)
{
    const char *name;
    json_t *value;
    if (!json_is_object(schema))
        return json_deep_copy(schema);
    json_t *out = json_object();
    json_object_foreach ((json_t *)schema, name, value)
        modern_keyword(out, schema, name, value);
    return out;
}

static size_t n_passed, n_failed;

static void report(const char *file, const char *group, const char *test, const char *why)
{
    n_failed++;
    print_message("FAILED %s | %s | %s | %s\n", file, group, test, why);
}

static void run_cases(struct arena *arena, const char *file, const char *group, const struct schema *schema,
                      const json_t *tests)
{
    for (size_t i = 0; i < json_array_size(tests); i++) {
        const json_t *test = json_array_get(tests, i);
        const char *name = json_string_value(json_object_get(test, "description"));
        bool expected = json_is_true(json_object_get(test, "valid"));
        const json_t *data = json_object_get(test, "data");
        struct problem problem = { 0 };
        if (is_excluded(file, group, name))
            continue;
        bool quiet = schema_check(schema, data, arena, "body", "", PROBLEM_VALIDATION_FAILED, NULL);
        bool loud = schema_check(schema, data, arena, "body", "", PROBLEM_VALIDATION_FAILED, &problem);
        if (quiet != expected || loud != expected)
            report(file, group, name, expected ? "refused" : "accepted");
        else if (loud != (problem.n_faults == 0))
            report(file, group, name, "verdict and faults disagree");
        else
            n_passed++;
    }
}

static void run_group(const char *file, const json_t *group)
{
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    const char *name = json_string_value(json_object_get(group, "description"));
    if (is_excluded(file, name, NULL))
        return;
    struct text complaints = text_on(arena);
    json_t *node = json_keep(arena, modern(json_object_get(group, "schema")));
    struct schema *schema = schema_compile(schema_set_new(arena, node), node, "#", &complaints);
    if (schema)
        run_cases(arena, file, name, schema, json_object_get(group, "tests"));
    else
        report(file, name, "(compiling)", complaints.bytes);
}

static void run_file(const char *folder, const char *file)
{
    char path[512];
    json_error_t error;
    snprintf(path, sizeof(path), "%s/%s%s", SUITE, folder, file);
    json_t *groups = json_load_file(path, 0, &error);
    if (!groups)
        fail_msg("%s cannot be read", path);
    snprintf(path, sizeof(path), "%s%s", folder, file);
    for (size_t i = 0; i < json_array_size(groups); i++)
        run_group(path, json_array_get(groups, i));
    json_decref(groups);
}

static size_t run_folder(const char *folder)
{
    char path[512];
    size_t n = 0;
    snprintf(path, sizeof(path), "%s/%s", SUITE, folder);
    DIR *directory = opendir(path);
    if (!directory)
        fail_msg("the suite is not installed: %s (Debian package json-schema-test-suite)", path);
    for (struct dirent *entry; (entry = readdir(directory));) {
        const char *end = strrchr(entry->d_name, '.');
        if (!end || strcmp(end, ".json") != 0)
            continue;
        snprintf(path, sizeof(path), "%s%s", folder, entry->d_name);
        if (!is_excluded(path, "", NULL))
            run_file(folder, entry->d_name);
        n++;
    }
    closedir(directory);
    return n;
}

static void every_case_of_the_suite_passes_that_is_not_listed(void **state)
{
    (void)state;
    size_t n_files = run_folder("") + run_folder("optional/") + run_folder("optional/format/");
    print_message("%zu cases passed, %zu failed, in %zu files\n", n_passed, n_failed, n_files);
    assert_int_equal(n_failed, 0);
    assert_true(n_passed >= 426);
}

static void no_exclusion_is_idle(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(exclusions); i++)
        if (!used[i])
            fail_msg("nothing in the suite is excluded by: %s | %s", exclusions[i].file, exclusions[i].reason);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_case_of_the_suite_passes_that_is_not_listed),
        cmocka_unit_test(no_exclusion_is_idle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
