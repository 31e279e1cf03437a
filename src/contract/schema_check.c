#include "schema_node.h"

unsigned schema_kind_of(const json_t *value)
{
    static const unsigned kinds[] = {
        [JSON_OBJECT] = VALUE_OBJECT, [JSON_ARRAY] = VALUE_ARRAY,  [JSON_STRING] = VALUE_STRING,
        [JSON_INTEGER] = VALUE_INTEGER, [JSON_REAL] = VALUE_REAL, [JSON_TRUE] = VALUE_BOOLEAN,
        [JSON_FALSE] = VALUE_BOOLEAN, [JSON_NULL] = VALUE_NULL,
    };
    return kinds[json_typeof(value)];
}

static bool fail_as_complex(struct check *check)
{
    return check_fail(check, check->place, "complexity", "内容过于复杂，无法校验", "is too complex to be checked");
}

bool check_node(struct check *check, const struct schema *schema, const json_t *value)
{
    if (++check->steps > SCHEMA_MAX_STEPS)
        return fail_as_complex(check);
    if (schema->is_false)
        return check_fail(check, check->place, "not-allowed", "此处不得提供", "must not be given here");
    unsigned asked = schema_kind_of(value) | VALUE_ANY;
    bool valid = true;
    for (size_t i = 0; i < schema->n_rules; i++) {
        const struct rule *rule = &schema->rules[i];
        const struct keyword *keyword = rule->keyword;
        if (!(keyword->kinds & asked) || keyword->check(check, rule, value))
            continue;
        if (!check->problem)
            return false;
        valid = false;
        asked &= ~keyword->silences;
    }
    return valid;
}

bool check_below(struct check *check, const struct schema *schema, const json_t *value, const struct place_in *place)
{
    const struct place_in *here = check->place;
    check->place = place;
    bool valid = check_node(check, schema, value);
    check->place = here;
    return valid;
}

bool check_quietly(struct check *check, const struct schema *schema, const json_t *value)
{
    struct problem *problem = check->problem;
    check->problem = NULL;
    bool valid = check_node(check, schema, value);
    check->problem = problem;
    return valid;
}

bool schema_check(const struct schema *schema, const json_t *value, struct arena *arena, const char *in,
                  const char *base, enum problem_code code, struct problem *problem)
{
    struct check check = { .arena = arena, .problem = problem, .in = in, .base = base, .code = code };
    bool valid = check_node(&check, schema, value);
    if (valid && check.steps > SCHEMA_MAX_STEPS) /* given up inside a "not" or an "if": that is no verdict */
        return fail_as_complex(&check);
    return valid;
}
