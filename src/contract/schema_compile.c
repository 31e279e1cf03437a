#include "anze/base/json.h"
#include "schema_node.h"
#include "anze/contract/route.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

enum { MOST_RULES = 48 }; /* the tables have fewer keywords */

struct schema_set *schema_set_new(struct arena *arena, const json_t *root)
{
    struct schema_set *set = arena_new_of(arena, struct schema_set);
    *set = (struct schema_set){ .arena = arena, .root = root };
    return set;
}

bool schema_complain(struct schema_set *set, const char *where, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    text_printf(set->complaints, "%s: %s\n", where, arena_vprintf(set->arena, format, arguments));
    va_end(arguments);
    set->n_complaints++;
    return false;
}

static size_t slot_of(const struct schema_set *set, const json_t *node)
{
    size_t slot = ((uintptr_t)node >> 4) * 0x9e3779b97f4a7c15u & (set->room - 1);
    while (set->slots[slot] && set->slots[slot]->node != node)
        slot = (slot + 1) & (set->room - 1);
    return slot;
}

static void grow_slots(struct schema_set *set)
{
    struct schema **old = set->slots;
    size_t n = set->room;
    set->room = n ? n * 2 : 256;
    set->slots = arena_array_of(set->arena, struct schema *, set->room);
    for (size_t i = 0; i < n; i++)
        if (old[i])
            set->slots[slot_of(set, old[i]->node)] = old[i];
}

static struct schema *schema_add(struct schema_set *set, const json_t *node, const char *where)
{
    struct schema *schema = arena_new_of(set->arena, struct schema);
    *schema = (struct schema){ .node = node, .where = where, .is_false = json_is_false(node) };
    set->slots[slot_of(set, node)] = schema;
    set->n++;
    if (set->last)
        set->last->next = schema;
    else
        set->first = schema;
    set->last = schema;
    return schema;
}

/* ---- keywords ---- */

/* The keywords of JSON Schema 2020-12 that contracts here may use. What is in none of the tables is refused by name.
 * openapi/README.md has them for those who write contracts. */
static const struct keyword *const tables[] = { schema_value_keywords, schema_object_keywords, schema_array_keywords,
                                                schema_choice_keywords };

static bool is_keyword(const char *name)
{
    static const char *const annotations[] = { "title", "description", "default", "example", "examples", "deprecated",
                                               "readOnly", "writeOnly", "$comment" };
    for (size_t i = 0; i < ARRAY_LENGTH(annotations); i++)
        if (strcmp(annotations[i], name) == 0)
            return true;
    for (size_t i = 0; i < ARRAY_LENGTH(tables); i++)
        for (const struct keyword *keyword = tables[i]; keyword->name; keyword++)
            if (strcmp(keyword->name, name) == 0)
                return true;
    return strncmp(name, "x-", 2) == 0;
}

static void compile_keyword(struct schema_set *set, struct schema *schema, const struct keyword *keyword)
{
    const json_t *value = json_object_get(schema->node, keyword->name);
    struct rule rule = { .keyword = keyword, .value = value };
    if (value && keyword->compile(&(struct compiling){ set, schema, value, &rule }) && keyword->check) {
        assert(schema->n_rules < MOST_RULES);
        schema->rules[schema->n_rules++] = rule;
    }
}

/* What was compiled at first somewhere else, at its own size. */
static struct rule *keep_rules(struct arena *arena, const struct schema *schema)
{
    struct rule *rules = arena_array_of(arena, struct rule, schema->n_rules + 1);
    memcpy(rules, schema->rules, schema->n_rules * sizeof *rules);
    return rules;
}

static void compile_rules(struct schema_set *set, struct schema *schema)
{
    const char *name;
    json_t *value;
    json_object_foreach ((json_t *)schema->node, name, value)
        if (!is_keyword(name))
            schema_complain(set, schema->where, "unknown keyword %s", name);
    struct rule rules[MOST_RULES];
    schema->rules = rules;
    for (size_t i = 0; i < ARRAY_LENGTH(tables); i++)
        for (const struct keyword *keyword = tables[i]; keyword->name; keyword++)
            compile_keyword(set, schema, keyword);
    schema->rules = keep_rules(set->arena, schema);
}

const struct rule *schema_rule(const struct schema *schema, const char *keyword)
{
    for (size_t i = 0; i < schema->n_rules; i++)
        if (strcmp(schema->rules[i].keyword->name, keyword) == 0)
            return &schema->rules[i];
    return NULL;
}

/* The schema is known before its keywords are read, so that it may refer to itself. */
struct schema *schema_node(struct schema_set *set, const json_t *node, const char *where)
{
    if (set->n * 2 >= set->room)
        grow_slots(set);
    struct schema *schema = set->slots[slot_of(set, node)];
    if (schema)
        return schema;
    schema = schema_add(set, node, where);
    if (json_is_object(node))
        compile_rules(set, schema);
    else if (!json_is_boolean(node))
        schema_complain(set, where, "a schema is an object, true or false");
    return schema;
}

bool compile_expect(const struct compiling *at, bool holds, const char *what)
{
    return holds || schema_complain(at->set, at->schema->where, "%s must be %s", at->rule->keyword->name, what);
}

struct schema_list schema_list_new(struct arena *arena, size_t n)
{
    return (struct schema_list){ arena_array_of(arena, struct schema *, n + 1), n };
}

struct schema *compile_beside(const struct compiling *at, const char *keyword)
{
    const json_t *node = json_object_get(at->schema->node, keyword);
    return node ? schema_node(at->set, node, arena_printf(at->set->arena, "%s/%s", at->schema->where, keyword)) : NULL;
}

bool compile_count(const struct compiling *at)
{
    double number = json_is_number(at->value) ? json_number_value(at->value) : -1;
    bool whole = number >= 0 && number < 1e9 && number <= (double)(size_t)number;
    at->rule->count = whole ? (size_t)number : 0;
    return compile_expect(at, whole, "a whole number, not negative");
}

bool compile_schema(const struct compiling *at)
{
    at->rule->schemas = schema_list_new(at->set->arena, 1);
    at->rule->schemas.items[0] = compile_beside(at, at->rule->keyword->name);
    return true;
}

bool compile_schemas(const struct compiling *at)
{
    struct schema_list list = schema_list_new(at->set->arena, json_array_size(at->value));
    for (size_t i = 0; i < list.n; i++)
        list.items[i] = schema_node(at->set, json_array_get(at->value, i),
                                    arena_printf(at->set->arena, "%s/%s/%zu", at->schema->where,
                                                 at->rule->keyword->name, i));
    at->rule->schemas = list;
    return compile_expect(at, list.n > 0, "an array of schemas");
}

/* ---- references ---- */

/* ~1 is /, ~0 is ~ (RFC 6901). In place. */
static char *unescape(char *step)
{
    char *to = step;
    for (const char *from = step; *from; from++) {
        if (*from == '~' && (from[1] == '0' || from[1] == '1'))
            *to++ = *++from == '0' ? '~' : '/';
        else
            *to++ = *from;
    }
    *to = '\0';
    return step;
}

static const json_t *step_into(const json_t *node, const char *step)
{
    if (!json_is_array(node))
        return json_object_get(node, step);
    char *end = NULL;
    size_t index = strtoul(step, &end, 10);
    return *step && !*end ? json_array_get(node, index) : NULL;
}

const json_t *schema_resolve(struct arena *arena, const json_t *root, const char *reference)
{
    if (reference[0] != '#')
        return NULL;
    struct slice pointer = route_decode(arena, slice_of(reference + 1), false);
    if (!pointer.bytes || (pointer.length && pointer.bytes[0] != '/'))
        return NULL;
    char *rest = arena_strndup(arena, pointer.bytes, pointer.length), *step;
    strsep(&rest, "/");
    while (root && (step = strsep(&rest, "/")))
        root = step_into(root, unescape(step));
    return root;
}

/* Does the schema come back to itself without going into the value? Then no check of it would end. */
static bool has_cycle(struct schema *schema)
{
    if (!schema || schema->visit != UNSEEN)
        return schema && schema->visit == OPEN;
    schema->visit = OPEN;
    bool found = false;
    for (size_t r = 0; r < schema->n_rules; r++) {
        const struct rule *rule = &schema->rules[r];
        for (size_t i = 0; rule->keyword->stays && i < rule->schemas.n && !found; i++)
            found = has_cycle(rule->schemas.items[i]);
    }
    schema->visit = DONE;
    return found;
}

struct schema *schema_compile(struct schema_set *set, const json_t *node, const char *where, struct text *complaints)
{
    size_t before = set->n_complaints;
    set->complaints = complaints;
    struct schema *schema = schema_node(set, node, where);
    for (struct schema *any = set->first; any; any = any->next)
        if (has_cycle(any))
            schema_complain(set, any->where, "refers to itself without end");
    return set->n_complaints == before ? schema : NULL;
}

static void check_schema_example(struct schema_set *set, const struct schema *schema, const char *name,
                                 const json_t *value)
{
    struct problem problem = { 0 };
    AUTO(arena_free_at_end) struct arena *arena = arena_new(); /* a contract has thousands */
    if (schema_check(schema, value, arena, "body", "", PROBLEM_VALIDATION_FAILED, &problem))
        return;
    schema_complain(set, schema->where, "the %s does not fit its schema: %s %s", name,
                    problem.first->pointer, problem.first->en);
}

void schema_set_check_examples(struct schema_set *set, struct text *complaints)
{
    set->complaints = complaints;
    for (const struct schema *schema = set->first; schema; schema = schema->next) {
        const json_t *example = json_object_get(schema->node, "example");
        const json_t *initial = json_object_get(schema->node, "default");
        const json_t *examples = json_object_get(schema->node, "examples");
        if (example)
            check_schema_example(set, schema, "example", example);
        if (initial)
            check_schema_example(set, schema, "default", initial);
        for (size_t i = 0; i < json_array_size(examples); i++)
            check_schema_example(set, schema, "example", json_array_get(examples, i));
    }
}

const struct schema *schema_typed(const struct schema *schema)
{
    const struct rule *ways[] = { schema_rule(schema, "$ref"), schema_rule(schema, "allOf") };
    const struct schema *found = schema->kinds ? schema : NULL;
    for (size_t w = 0; w < ARRAY_LENGTH(ways); w++)
        for (size_t i = 0; ways[w] && i < ways[w]->schemas.n && !found; i++)
            found = schema_typed(ways[w]->schemas.items[i]);
    return found;
}

enum schema_type schema_type_of(const struct schema *schema)
{
    const struct schema *found = schema_typed(schema);
    switch (found ? found->kinds : VALUE_STRING) {
    case VALUE_STRING: return SCHEMA_STRING;
    case VALUE_INTEGER: return SCHEMA_INTEGER;
    case VALUE_NUMBER: return SCHEMA_NUMBER;
    case VALUE_BOOLEAN: return SCHEMA_BOOLEAN;
    case VALUE_ARRAY: return SCHEMA_ARRAY;
    default: return SCHEMA_OTHER;
    }
}
