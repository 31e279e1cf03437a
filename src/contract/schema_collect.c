#include "schema_node.h"
#include "anze/base/json.h"

static bool is_missing(const json_t *object, struct slice name)
{
    return !json_object_getn(object, name.bytes, name.length);
}

static bool check_required(struct check *check, const struct schema *schema, const json_t *value,
                           const struct place_in *place)
{
    bool valid = true;
    for (size_t i = 0; i < schema->required.n; i++) {
        if (!is_missing(value, schema->required.items[i]))
            continue;
        struct place_in missing = { place, schema->required.items[i].bytes, 0 };
        valid = check_fail(check, &missing, "required", "必须提供", "must be given");
    }
    return valid;
}

/* A member that has no schema of its own: what additionalProperties says. */
static bool check_additional(struct check *check, const struct schema *schema, const json_t *value,
                             const struct place_in *member)
{
    if (!schema->additional)
        return true;
    if (schema->additional->is_false)
        return check_fail(check, member, "unknown-field", "约定中没有此成员", "is not a member that the contract knows");
    return check_node(check, schema->additional, value, member);
}

static bool check_name(struct check *check, const struct schema *names, const char *name,
                       const struct place_in *member)
{
    if (!names)
        return true;
    json_t *value = json_keep(check->arena, json_string_nocheck(name));
    return check_quietly(check, names, value)
           || check_fail(check, member, "propertyNames", "成员名不符合约定", "has a name that the contract does not allow");
}

static bool check_member(struct check *check, const struct schema *schema, struct slice name, const json_t *value,
                         const struct place_in *place)
{
    struct place_in here = { place, name.bytes, 0 };
    bool valid = check_name(check, schema->property_names, name.bytes, &here), known = false;
    const struct member *member = schema_member(&schema->members, name);
    if (member) {
        known = true;
        valid &= check_node(check, member->schema, value, &here);
    }
    for (size_t i = 0; i < schema->n_patterns; i++) {
        if (!check_pattern(check, schema->patterns[i].pattern, name))
            continue;
        known = true;
        valid &= check_node(check, schema->patterns[i].schema, value, &here);
    }
    return (known || check_additional(check, schema, value, &here)) && valid;
}

static bool check_members(struct check *check, const struct schema *schema, const json_t *value,
                          const struct place_in *place)
{
    bool valid = true;
    if (!schema->members.room && !schema->n_patterns && !schema->additional && !schema->property_names)
        return true;
    for (void *i = json_object_iter((json_t *)value); i; i = json_object_iter_next((json_t *)value, i)) {
        struct slice name = { json_object_iter_key(i), json_object_iter_key_len(i) };
        valid &= check_member(check, schema, name, json_object_iter_value(i), place);
        if (!valid && !check->problem)
            return false;
    }
    return valid;
}

static bool check_dependency(struct check *check, const struct dependency *dependency, const json_t *value,
                             const struct place_in *place)
{
    bool valid = true;
    if (is_missing(value, dependency->name))
        return true;
    for (size_t i = 0; i < dependency->required.n; i++) {
        if (!is_missing(value, dependency->required.items[i]))
            continue;
        struct place_in missing = { place, dependency->required.items[i].bytes, 0 };
        valid = check_fail(check, &missing, "dependentRequired", "提供 %s 时必须同时提供", "must be given when %s is given",
                           dependency->name.bytes);
    }
    return (!dependency->schema || check_node(check, dependency->schema, value, place)) && valid;
}

static bool check_members_count(struct check *check, const struct schema *schema, const json_t *value,
                                const struct place_in *place)
{
    size_t n = json_object_size(value);
    bool valid = true;
    if (n < schema->min_properties)
        valid = check_fail(check, place, "minProperties", "至少要有 %zu 个成员", "must have at least %zu members",
                           schema->min_properties);
    if (n > schema->max_properties)
        valid = check_fail(check, place, "maxProperties", "最多只能有 %zu 个成员", "must have at most %zu members",
                           schema->max_properties);
    return valid;
}

bool check_object(struct check *check, const struct schema *schema, const json_t *value, const struct place_in *place)
{
    bool valid = check_required(check, schema, value, place);
    valid &= check_members_count(check, schema, value, place);
    if (!valid && !check->problem)
        return false;
    valid &= check_members(check, schema, value, place);
    for (size_t i = 0; i < schema->n_dependencies; i++)
        valid &= check_dependency(check, &schema->dependencies[i], value, place);
    return valid;
}

static bool check_count(struct check *check, const struct schema *schema, size_t n, const struct place_in *place)
{
    bool valid = true;
    if (n < schema->min_items)
        valid = check_fail(check, place, "minItems", "至少要有 %zu 项", "must have at least %zu items",
                           schema->min_items);
    if (n > schema->max_items)
        valid = check_fail(check, place, "maxItems", "最多只能有 %zu 项", "must have at most %zu items",
                           schema->max_items);
    return valid;
}

static bool check_items(struct check *check, const struct schema *schema, const json_t *value, size_t n,
                        const struct place_in *place)
{
    bool valid = true;
    for (size_t i = 0; i < n && (valid || check->problem); i++) {
        const struct schema *item = i < schema->prefix.n ? schema->prefix.items[i] : schema->items;
        struct place_in here = { place, NULL, i };
        if (!item)
            break;
        valid &= check_node(check, item, json_array_get(value, i), &here);
    }
    return valid;
}

static bool check_contains(struct check *check, const struct schema *schema, const json_t *value, size_t n,
                           const struct place_in *place)
{
    size_t found = 0;
    if (!schema->contains)
        return true;
    for (size_t i = 0; i < n && found <= schema->max_contains; i++)
        found += check_quietly(check, schema->contains, json_array_get(value, i));
    if (found < schema->min_contains)
        return check_fail(check, place, "contains", "至少要有 %zu 项符合所要求的形式",
                          "must have at least %zu items of the kind that is asked for", schema->min_contains);
    return found <= schema->max_contains
           || check_fail(check, place, "maxContains", "最多只能有 %zu 项符合该形式",
                         "must have at most %zu items of that kind", schema->max_contains);
}

bool check_array(struct check *check, const struct schema *schema, const json_t *value, const struct place_in *place)
{
    size_t n = json_array_size(value), first = 0, second = 0;
    if (!check_count(check, schema, n, place) && (n > schema->max_items || !check->problem))
        return false;
    bool valid = n >= schema->min_items;
    valid &= check_items(check, schema, value, n, place);
    valid &= check_contains(check, schema, value, n, place);
    if (schema->is_unique && json_find_twins(check->arena, value, &first, &second)) {
        struct place_in twin = { place, NULL, second };
        valid = check_fail(check, &twin, "uniqueItems", "与第 %zu 项重复", "is the same as item %zu", first + 1);
    }
    return valid;
}
