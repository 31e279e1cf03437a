#include "schema_node.h"

#include <stdint.h>

static bool check_item(struct check *check, const struct schema *schema, const json_t *array, size_t index)
{
    struct place_in here = { check->place, NULL, index };
    return check_below(check, schema, json_array_get(array, index), &here);
}

static bool check_prefix(struct check *check, const struct rule *rule, const json_t *value)
{
    bool valid = true;
    for (size_t i = 0; i < rule->schemas.n && i < json_array_size(value) && (valid || check->problem); i++)
        valid &= check_item(check, rule->schemas.items[i], value, i);
    return valid;
}

/* Those of the prefix have schemas of their own. */
static bool compile_items(const struct compiling *at)
{
    at->rule->least = json_array_size(json_object_get(at->schema->node, "prefixItems"));
    return compile_schema(at);
}

static bool check_items(struct check *check, const struct rule *rule, const json_t *value)
{
    bool valid = true;
    for (size_t i = rule->least; i < json_array_size(value) && (valid || check->problem); i++)
        valid &= check_item(check, rule->schemas.items[0], value, i);
    return valid;
}

const struct schema *schema_items_of(const struct schema *schema)
{
    const struct schema *found = schema_typed(schema);
    const struct rule *items = found ? schema_rule(found, "items") : NULL;
    return items ? items->schemas.items[0] : NULL;
}

/* minContains and maxContains are compiled by themselves, too, which complains of what is no count. */
static bool compile_contains(const struct compiling *at)
{
    const json_t *least = json_object_get(at->schema->node, "minContains");
    const json_t *most = json_object_get(at->schema->node, "maxContains");
    at->rule->least = least ? (size_t)json_integer_value(least) : 1;
    at->rule->most = most ? (size_t)json_integer_value(most) : SIZE_MAX;
    return compile_schema(at);
}

static bool check_contains(struct check *check, const struct rule *rule, const json_t *value)
{
    size_t found = 0;
    for (size_t i = 0; i < json_array_size(value) && found <= rule->most; i++)
        found += check_quietly(check, rule->schemas.items[0], json_array_get(value, i));
    if (found < rule->least)
        return check_fail(check, check->place, "contains", "至少要有 %zu 项符合所要求的形式",
                          "must have at least %zu items of the kind that is asked for", rule->least);
    return found <= rule->most
           || check_fail(check, check->place, "maxContains", "最多只能有 %zu 项符合该形式",
                         "must have at most %zu items of that kind", rule->most);
}

static bool compile_unique(const struct compiling *at)
{
    return compile_expect(at, json_is_boolean(at->value), "true or false") && json_is_true(at->value);
}

static bool check_twins(struct check *check, const struct rule *rule, const json_t *value)
{
    size_t first = 0, second = 0;
    if (!json_find_twins(check->arena, value, &first, &second))
        return true;
    struct place_in twin = { check->place, NULL, second };
    return check_fail(check, &twin, rule->keyword->name, "与第 %zu 项重复", "is the same as item %zu", first + 1);
}

/* Of too many items none is looked at. */
const struct keyword schema_array_keywords[] = {
    { "minItems", VALUE_ARRAY, 0, compile_count, check_least, "至少要有 %s 项", "must have at least %s items" },
    { "maxItems", VALUE_ARRAY, VALUE_ARRAY, compile_count, check_most, "最多只能有 %s 项", "must have at most %s items" },
    { "prefixItems", VALUE_ARRAY, 0, compile_schemas, check_prefix },
    { "items", VALUE_ARRAY, 0, compile_items, check_items },
    { "contains", VALUE_ARRAY, 0, compile_contains, check_contains },
    { "minContains", 0, 0, compile_count, NULL },
    { "maxContains", 0, 0, compile_count, NULL },
    { "uniqueItems", VALUE_ARRAY, 0, compile_unique, check_twins },
    { NULL },
};
