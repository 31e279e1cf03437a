#include "schema_node.h"

#include <stdint.h>

static bool compile_reference(const struct compiling *at)
{
    const char *reference = json_string_value(at->value);
    if (!compile_expect(at, reference, "a string"))
        return false;
    const json_t *target = schema_resolve(at->set->arena, at->set->root, reference);
    if (!target)
        return schema_complain(at->set, at->schema->where, "$ref %s leads nowhere", reference);
    at->rule->schemas = schema_list_new(at->set->arena, 1);
    at->rule->schemas.items[0] = schema_node(at->set, target, reference);
    return true;
}

static bool check_schemas(struct check *check, const struct rule *rule, const json_t *value)
{
    bool valid = true;
    for (size_t i = 0; i < rule->schemas.n && (valid || check->problem); i++)
        valid &= check_node(check, rule->schemas.items[i], value);
    return valid;
}

/* ---- one of several ---- */

/* The kinds that a branch takes; all of them if it does not say. */
static unsigned branch_kinds(const struct schema *schema)
{
    const struct rule *reference = schema_rule(schema, "$ref");
    if (schema->kinds)
        return schema->kinds;
    return reference ? branch_kinds(reference->schemas.items[0]) : ~0u;
}

/* A const or enum one level below `pointer` says which branch is meant: {"kind":"mine",…}. */
static bool is_fault_below(const struct fault *fault, const char *pointer)
{
    size_t length = strlen(pointer);
    return strncmp(fault->pointer, pointer, length) == 0 && fault->pointer[length] == '/'
           && !strchr(fault->pointer + length + 1, '/');
}

static size_t badness(const struct problem *trial, const char *pointer)
{
    size_t badness = trial->n_faults;
    for (const struct fault *fault = trial->first; fault; fault = fault->next) {
        if (strcmp(fault->pointer, pointer) == 0 && strcmp(fault->rule, "type") == 0)
            badness += 10000;
        if (is_fault_below(fault, pointer) && (strcmp(fault->rule, "const") == 0 || strcmp(fault->rule, "enum") == 0))
            badness += 1000;
    }
    return badness;
}

/* The one branch that is nearest to the value, or NULL when several are as near. */
static const struct schema *nearest(struct check *check, const struct schema_list *branches, const json_t *value)
{
    const char *pointer = place_pointer(check->arena, check->base, check->place);
    const struct schema *best = NULL;
    size_t least = SIZE_MAX;
    for (size_t i = 0; i < branches->n; i++) {
        struct problem faults = { 0 };
        struct check trial = *check;
        trial.problem = &faults;
        trial.is_trial = true;
        check_node(&trial, branches->items[i], value);
        check->match = trial.match;
        check->steps = trial.steps;
        size_t bad = badness(&faults, pointer);
        if (bad <= least) {
            best = bad < least ? branches->items[i] : NULL;
            least = bad;
        }
    }
    return best;
}

/* None of the branches takes the value: say what is wrong with the one that was probably meant. */
static bool fail_branches(struct check *check, const struct rule *rule, const json_t *value)
{
    const struct schema_list *branches = &rule->schemas;
    unsigned kinds = 0;
    if (!check->problem)
        return false;
    for (size_t i = 0; i < branches->n; i++)
        kinds |= branch_kinds(branches->items[i]);
    if (!(kinds & schema_kind_of(value)))
        return check_fail_kind(check, kinds);
    const struct schema *best = check->is_trial ? NULL : nearest(check, branches, value);
    return best ? check_node(check, best, value) : check_break(check, rule);
}

static size_t count_fitting(struct check *check, const struct schema_list *branches, const json_t *value, size_t enough)
{
    size_t n = 0;
    for (size_t i = 0; i < branches->n && n < enough; i++)
        n += check_quietly(check, branches->items[i], value);
    return n;
}

static bool check_any_of(struct check *check, const struct rule *rule, const json_t *value)
{
    return count_fitting(check, &rule->schemas, value, 1) > 0 || fail_branches(check, rule, value);
}

static bool check_one_of(struct check *check, const struct rule *rule, const json_t *value)
{
    size_t n = count_fitting(check, &rule->schemas, value, 2);
    if (n == 0)
        return fail_branches(check, rule, value);
    return n == 1
           || check_fail(check, check->place, "oneOf", "同时符合多种形式，只能符合其中一种",
                         "has several of the forms of which the contract allows one");
}

/* ---- none, and one that depends on another ---- */

static bool check_not(struct check *check, const struct rule *rule, const json_t *value)
{
    return !check_quietly(check, rule->schemas.items[0], value) || check_break(check, rule);
}

static bool compile_condition(const struct compiling *at)
{
    at->rule->schemas = schema_list_new(at->set->arena, 3);
    at->rule->schemas.items[0] = compile_beside(at, "if");
    at->rule->schemas.items[1] = compile_beside(at, "then");
    at->rule->schemas.items[2] = compile_beside(at, "else");
    return true;
}

static bool check_condition(struct check *check, const struct rule *rule, const json_t *value)
{
    struct schema *const *items = rule->schemas.items;
    const struct schema *then = items[check_quietly(check, items[0], value) ? 1 : 2];
    return !then || check_node(check, then, value);
}

/* Each is compiled even if nothing refers to it, so that no mistake hides there. */
static bool compile_definitions(const struct compiling *at)
{
    const char *name;
    json_t *node;
    json_object_foreach ((json_t *)at->value, name, node)
        schema_node(at->set, node, arena_printf(at->set->arena, "%s/$defs/%s", at->schema->where, name));
    return compile_expect(at, json_is_object(at->value), "an object of schemas");
}

#define NO_FORM "不符合所允许的任何一种形式", "has none of the forms that the contract allows"

const struct keyword schema_choice_keywords[] = {
    { "$ref", VALUE_ANY, 0, compile_reference, check_schemas, .stays = true },
    { "allOf", VALUE_ANY, 0, compile_schemas, check_schemas, .stays = true },
    { "anyOf", VALUE_ANY, 0, compile_schemas, check_any_of, NO_FORM, .stays = true },
    { "oneOf", VALUE_ANY, 0, compile_schemas, check_one_of, NO_FORM, .stays = true },
    { "not", VALUE_ANY, 0, compile_schema, check_not, "属于不允许的形式", "has a form that the contract does not allow",
      .stays = true },
    { "if", VALUE_ANY, 0, compile_condition, check_condition, .stays = true },
    { "then", 0, 0, compile_schema, NULL },
    { "else", 0, 0, compile_schema, NULL },
    { "$defs", 0, 0, compile_definitions, NULL },
    { NULL },
};
