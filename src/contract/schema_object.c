#include "anze/base/json.h"
#include "schema_node.h"

/* ---- which members there must be ---- */

static bool read_names(const struct compiling *at, const json_t *value, struct names *ret_names)
{
    size_t n = json_array_size(value);
    bool strings = json_is_array(value);
    ret_names->items = arena_array_of(at->set->arena, struct slice, n + 1);
    for (size_t i = 0; i < n && strings; i++) {
        const json_t *name = json_array_get(value, i);
        strings = json_is_string(name);
        ret_names->items[i] = (struct slice){ json_string_value(name), json_string_length(name) };
    }
    ret_names->n = n;
    return compile_expect(at, strings, "an array of names");
}

static bool compile_required(const struct compiling *at)
{
    return read_names(at, at->value, &at->rule->names);
}

static bool is_missing(const json_t *object, struct slice name)
{
    return !json_object_getn(object, name.bytes, name.length);
}

static bool check_required(struct check *check, const struct rule *rule, const json_t *value)
{
    bool valid = true;
    for (size_t i = 0; i < rule->names.n; i++) {
        struct place_in missing = { check->place, rule->names.items[i].bytes, 0 };
        if (is_missing(value, rule->names.items[i]))
            valid = check_fail(check, &missing, "required", "必须提供", "must be given");
    }
    return valid;
}

/* ---- what the members are: four keywords, one walk through the object ---- */

struct member {
    struct slice name;
    struct schema *schema; /* NULL: free slot */
};

struct pattern_member {
    const pcre2_code *pattern;
    struct schema *schema;
};

struct members {
    struct member *slots; /* properties: an open hash table, never full */
    size_t room;          /* a power of two, or 0 */
    struct pattern_member *patterns;
    size_t n_patterns;
    const struct schema *others, *names; /* NULL: anything */
};

static struct member *member_slot(const struct members *members, struct slice name)
{
    size_t hash = name.length;
    for (size_t i = 0; i < name.length; i++)
        hash = (hash ^ (unsigned char)name.bytes[i]) * 0x100000001b3u;
    size_t slot = (hash ^ hash >> 17) & (members->room - 1);
    for (const struct member *m; (m = &members->slots[slot])->schema; slot = (slot + 1) & (members->room - 1))
        if (m->name.length == name.length && memcmp(m->name.bytes, name.bytes, name.length) == 0)
            break;
    return &members->slots[slot];
}

static void read_properties(const struct compiling *at, const json_t *value, struct members *members)
{
    for (members->room = 4; members->room < json_object_size(value) * 2;)
        members->room *= 2;
    members->slots = arena_array_of(at->set->arena, struct member, members->room);
    for (void *i = json_object_iter((json_t *)value); i; i = json_object_iter_next((json_t *)value, i)) {
        struct slice name = { json_object_iter_key(i), json_object_iter_key_len(i) };
        const char *where = arena_printf(at->set->arena, "%s/properties/%s", at->schema->where, name.bytes);
        *member_slot(members, name) = (struct member){ name, schema_node(at->set, json_object_iter_value(i), where) };
    }
}

static void read_patterns(const struct compiling *at, const json_t *value, struct members *members)
{
    const char *text, *where = arena_printf(at->set->arena, "%s/patternProperties", at->schema->where);
    json_t *node;
    members->patterns = arena_array_of(at->set->arena, struct pattern_member, json_object_size(value) + 1);
    json_object_foreach ((json_t *)value, text, node) {
        const pcre2_code *pattern = compile_pattern(at, text);
        if (pattern)
            members->patterns[members->n_patterns++] =
                (struct pattern_member){ pattern, schema_node(at->set, node, where) };
    }
}

static const json_t *schemas_under(const struct compiling *at, const char *keyword)
{
    const json_t *value = json_object_get(at->schema->node, keyword);
    if (value && !json_is_object(value))
        schema_complain(at->set, at->schema->where, "%s must be an object of schemas", keyword);
    return json_is_object(value) ? value : NULL;
}

/* The first of the four that stands in a schema is the rule of them all. */
static bool compile_members(const struct compiling *at)
{
    const struct rule *last = at->schema->n_rules ? &at->schema->rules[at->schema->n_rules - 1] : NULL;
    if (last && last->keyword->check == at->rule->keyword->check)
        return false;
    struct members *members = at->rule->members = arena_new_of(at->set->arena, struct members);
    const json_t *properties = schemas_under(at, "properties"), *patterns = schemas_under(at, "patternProperties");
    if (properties)
        read_properties(at, properties, members);
    if (patterns)
        read_patterns(at, patterns, members);
    members->others = compile_beside(at, "additionalProperties");
    members->names = compile_beside(at, "propertyNames");
    return true;
}

/* A member that has no schema of its own: what additionalProperties says. */
static bool check_other(struct check *check, const struct schema *others, const json_t *value,
                        const struct place_in *place)
{
    if (others && others->is_false)
        return check_fail(check, place, "unknown-field", "约定中没有此成员", "is not a member that the contract knows");
    return !others || check_below(check, others, value, place);
}

static bool check_name(struct check *check, const struct schema *names, const struct place_in *place)
{
    return !names || check_quietly(check, names, json_keep(check->arena, json_string_nocheck(place->name)))
           || check_fail(check, place, "propertyNames", "成员名不符合约定", "has a name that the contract does not allow");
}

static bool check_member(struct check *check, const struct members *members, struct slice name, const json_t *value)
{
    struct place_in here = { check->place, name.bytes, 0 };
    const struct schema *own = members->room ? member_slot(members, name)->schema : NULL;
    bool valid = check_name(check, members->names, &here), known = own;
    if (own)
        valid &= check_below(check, own, value, &here);
    for (size_t i = 0; i < members->n_patterns; i++) {
        if (!pattern_fits(check, members->patterns[i].pattern, name))
            continue;
        known = true;
        valid &= check_below(check, members->patterns[i].schema, value, &here);
    }
    return (known || check_other(check, members->others, value, &here)) && valid;
}

static bool check_members(struct check *check, const struct rule *rule, const json_t *value)
{
    bool valid = true;
    void *i = json_object_iter((json_t *)value);
    for (; i && (valid || check->problem); i = json_object_iter_next((json_t *)value, i)) {
        struct slice name = { json_object_iter_key(i), json_object_iter_key_len(i) };
        valid &= check_member(check, rule->members, name, json_object_iter_value(i));
    }
    return valid;
}

/* ---- what a member brings with it: other members, or a schema for the whole object ---- */

struct dependent {
    struct slice name;
    struct names required;
};

static bool compile_dependents(const struct compiling *at)
{
    bool has_schemas = at->rule->keyword->stays;
    const char *name, *where = arena_printf(at->set->arena, "%s/%s", at->schema->where, at->rule->keyword->name);
    json_t *node;
    size_t n = 0;
    at->rule->schemas = schema_list_new(at->set->arena, json_object_size(at->value));
    at->rule->dependents = arena_array_of(at->set->arena, struct dependent, json_object_size(at->value) + 1);
    json_object_foreach ((json_t *)at->value, name, node) {
        at->rule->dependents[n].name = slice_of(name);
        if (has_schemas)
            at->rule->schemas.items[n] = schema_node(at->set, node, where);
        else
            read_names(at, node, &at->rule->dependents[n].required);
        n++;
    }
    return compile_expect(at, json_is_object(at->value), "an object");
}

static bool check_dependent(struct check *check, const struct dependent *dependent, const json_t *value)
{
    bool valid = true;
    for (size_t i = 0; i < dependent->required.n; i++) {
        struct place_in missing = { check->place, dependent->required.items[i].bytes, 0 };
        if (is_missing(value, dependent->required.items[i]))
            valid = check_fail(check, &missing, "dependentRequired", "提供 %s 时必须同时提供",
                               "must be given when %s is given", dependent->name.bytes);
    }
    return valid;
}

static bool check_dependents(struct check *check, const struct rule *rule, const json_t *value)
{
    bool valid = true;
    for (size_t i = 0; i < rule->schemas.n; i++)
        if (!is_missing(value, rule->dependents[i].name))
            valid &= rule->schemas.items[i] ? check_node(check, rule->schemas.items[i], value)
                                            : check_dependent(check, &rule->dependents[i], value);
    return valid;
}

const struct keyword schema_object_keywords[] = {
    { "required", VALUE_OBJECT, 0, compile_required, check_required },
    { "minProperties", VALUE_OBJECT, 0, compile_count, check_least, "至少要有 %s 个成员", "must have at least %s members" },
    { "maxProperties", VALUE_OBJECT, 0, compile_count, check_most, "最多只能有 %s 个成员", "must have at most %s members" },
    { "properties", VALUE_OBJECT, 0, compile_members, check_members },
    { "patternProperties", VALUE_OBJECT, 0, compile_members, check_members },
    { "additionalProperties", VALUE_OBJECT, 0, compile_members, check_members },
    { "propertyNames", VALUE_OBJECT, 0, compile_members, check_members },
    { "dependentRequired", VALUE_OBJECT, 0, compile_dependents, check_dependents },
    { "dependentSchemas", VALUE_OBJECT, 0, compile_dependents, check_dependents, .stays = true },
    { NULL },
};
