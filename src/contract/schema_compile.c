#include "schema_node.h"
#include "anze/contract/route.h"

#include <stdint.h>
#include <stdlib.h>

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
    *schema = (struct schema){ .node = node,
                               .where = where,
                               .max_length = SIZE_MAX,
                               .max_items = SIZE_MAX,
                               .max_properties = SIZE_MAX,
                               .min_contains = 1,
                               .max_contains = SIZE_MAX };
    set->slots[slot_of(set, node)] = schema;
    set->n++;
    if (set->last)
        set->last->next = schema;
    else
        set->first = schema;
    set->last = schema;
    return schema;
}

/* The node is known before its keywords are read, so that a schema may refer to itself. */
struct schema *schema_node(struct schema_set *set, const json_t *node, const char *where)
{
    if (set->n * 2 >= set->room)
        grow_slots(set);
    struct schema *schema = set->slots[slot_of(set, node)];
    if (schema)
        return schema;
    schema = schema_add(set, node, where);
    schema->is_false = json_is_false(node);
    if (json_is_object(node))
        schema_keywords(set, schema);
    else if (!json_is_boolean(node))
        schema_complain(set, where, "a schema is an object, true or false");
    return schema;
}

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

struct schema *schema_reference(struct schema_set *set, const char *reference, const char *where)
{
    const json_t *target = schema_resolve(set->arena, set->root, reference);
    if (target)
        return schema_node(set, target, reference);
    schema_complain(set, where, "$ref %s leads nowhere", reference);
    return NULL;
}

static bool has_cycle(struct schema *schema);

static bool list_has_cycle(const struct schema_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        if (has_cycle(list->items[i]))
            return true;
    return false;
}

/* Does the schema come back to itself without going into the value? Then no check of it would end. */
static bool has_cycle(struct schema *schema)
{
    if (!schema || schema->visit == DONE)
        return false;
    if (schema->visit == OPEN)
        return true;
    schema->visit = OPEN;
    bool found = has_cycle(schema->reference) || has_cycle(schema->negated) || has_cycle(schema->condition)
                 || has_cycle(schema->consequence) || has_cycle(schema->alternative)
                 || list_has_cycle(&schema->all_of) || list_has_cycle(&schema->any_of)
                 || list_has_cycle(&schema->one_of);
    for (size_t i = 0; i < schema->n_dependencies && !found; i++)
        found = has_cycle(schema->dependencies[i].schema);
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
    if (schema_check(schema, value, set->arena, "body", "", PROBLEM_VALIDATION_FAILED, &problem))
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

static enum schema_type type_of(const struct schema *schema)
{
    switch (schema->kinds) {
    case VALUE_STRING: return SCHEMA_STRING;
    case VALUE_INTEGER: return SCHEMA_INTEGER;
    case VALUE_INTEGER | VALUE_REAL: return SCHEMA_NUMBER;
    case VALUE_BOOLEAN: return SCHEMA_BOOLEAN;
    case VALUE_ARRAY: return SCHEMA_ARRAY;
    default: return SCHEMA_OTHER;
    }
}

/* The schema that says the type: itself, what it refers to, or one of those that must all hold. */
static const struct schema *typed(const struct schema *schema)
{
    if (!schema || schema->kinds)
        return schema;
    const struct schema *found = typed(schema->reference);
    for (size_t i = 0; i < schema->all_of.n && !found; i++)
        found = typed(schema->all_of.items[i]);
    return found;
}

enum schema_type schema_type_of(const struct schema *schema)
{
    const struct schema *found = typed(schema);
    return found ? type_of(found) : SCHEMA_STRING;
}

const struct schema *schema_items_of(const struct schema *schema)
{
    const struct schema *found = typed(schema);
    return found ? found->items : NULL;
}
