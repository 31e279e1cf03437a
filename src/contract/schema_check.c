#include "schema_node.h"
#include "anze/base/utf8.h"

#include <math.h>
#include <stdatomic.h>
#include <stdint.h>

unsigned schema_kind_of(const json_t *value)
{
    static const unsigned kinds[] = {
        [JSON_OBJECT] = VALUE_OBJECT, [JSON_ARRAY] = VALUE_ARRAY,  [JSON_STRING] = VALUE_STRING,
        [JSON_INTEGER] = VALUE_INTEGER, [JSON_REAL] = VALUE_REAL, [JSON_TRUE] = VALUE_BOOLEAN,
        [JSON_FALSE] = VALUE_BOOLEAN, [JSON_NULL] = VALUE_NULL,
    };
    return kinds[json_typeof(value)];
}

/* PCRE2 takes its memory from the arena: nothing to free, whatever happens. */
static void *match_memory(PCRE2_SIZE size, void *arena)
{
    return arena_alloc(arena, size);
}

static void match_release(void *memory, void *arena)
{
    (void)memory;
    (void)arena;
}

static pcre2_match_data *match_data(struct check *check)
{
    if (!check->match)
        check->match = pcre2_match_data_create(
            1, pcre2_general_context_create(match_memory, match_release, check->arena));
    return check->match;
}

/* Limits on backtracking: a pattern that needs more does not match. Made once, shared, never changed. */
static pcre2_match_context *match_limits(void)
{
    static _Atomic(pcre2_match_context *) shared;
    pcre2_match_context *limits = shared, *none = NULL;
    if (limits)
        return limits;
    limits = pcre2_match_context_create(NULL);
    pcre2_set_match_limit(limits, 100000);
    pcre2_set_depth_limit(limits, 1000);
    pcre2_set_heap_limit(limits, 1024);
    if (atomic_compare_exchange_strong(&shared, &none, limits))
        return limits;
    pcre2_match_context_free(limits);
    return none;
}

bool check_pattern(struct check *check, const pcre2_code *pattern, struct slice text)
{
    return pcre2_match(pattern, (PCRE2_SPTR)text.bytes, text.length, 0, PCRE2_NO_UTF_CHECK, match_data(check),
                       match_limits()) >= 0;
}

static bool check_length(struct check *check, const struct schema *schema, struct slice text,
                         const struct place_in *place)
{
    if (schema->min_length == 0 && schema->max_length == SIZE_MAX)
        return true;
    size_t n = utf8_count(text);
    if (n < schema->min_length)
        return check_fail(check, place, "minLength", "至少要有 %zu 个字符", "must have at least %zu characters",
                          schema->min_length);
    return n <= schema->max_length
           || check_fail(check, place, "maxLength", "最多只能有 %zu 个字符", "must have at most %zu characters",
                         schema->max_length);
}

static bool check_string(struct check *check, const struct schema *schema, const json_t *value,
                         const struct place_in *place)
{
    struct slice text = { json_string_value(value), json_string_length(value) };
    if (!check_length(check, schema, text, place)) /* a long text is not worth the other questions */
        return false;
    bool valid = true;
    if (schema->pattern && !check_pattern(check, schema->pattern, text))
        valid = check_fail(check, place, "pattern", "格式不符合约定", "does not have the form that the contract asks for");
    if (schema->format && !schema->format(text))
        valid = check_fail(check, place, "format", SENTENCE_ZH, SENTENCE_EN, format_sentence_zh(schema->format_name),
                           format_sentence_en(schema->format_name));
    return valid;
}

/* Integers exactly; decimals as decimals are meant: 0.0075 is a multiple of 0.0001, though not in binary. */
static bool is_multiple(struct number number, struct number of)
{
    if (number.is_integer && of.is_integer)
        return number.integer % of.integer == 0;
    double quotient = number.real / of.real;
    if (fabs(quotient) >= 0x1p53)
        return !(fabs(fmod(number.real, of.real)) > 0);
    return fabs(quotient - round(quotient)) <= fmax(1e-9, fabs(quotient) * 1e-15);
}

/* -1, 0 or 1: the value against the bound; `fits` when there is none. */
static int against(struct number number, const struct bound *bound, int fits)
{
    return bound ? number_compare(number, bound->number) : fits;
}

static bool check_number_rules(struct check *check, const struct schema *schema, const json_t *value,
                               const struct place_in *place)
{
    struct number number = json_number(value);
    bool valid = true;
    if (against(number, schema->minimum, 0) < 0)
        valid = check_fail(check, place, "minimum", "不得小于 %s", "must be at least %s", schema->minimum->text);
    if (against(number, schema->maximum, 0) > 0)
        valid = check_fail(check, place, "maximum", "不得大于 %s", "must be at most %s", schema->maximum->text);
    if (against(number, schema->above, 1) <= 0)
        valid = check_fail(check, place, "exclusiveMinimum", "必须大于 %s", "must be more than %s", schema->above->text);
    if (against(number, schema->below, -1) >= 0)
        valid = check_fail(check, place, "exclusiveMaximum", "必须小于 %s", "must be less than %s", schema->below->text);
    if (schema->multiple_of && !is_multiple(number, schema->multiple_of->number))
        valid = check_fail(check, place, "multipleOf", "必须是 %s 的倍数", "must be a multiple of %s",
                           schema->multiple_of->text);
    return valid;
}

static bool is_among(const json_t *choices, const json_t *value)
{
    for (size_t i = 0; i < json_array_size(choices); i++)
        if (json_same(json_array_get(choices, i), value))
            return true;
    return false;
}

static bool check_choice(struct check *check, const struct schema *schema, const json_t *value,
                         const struct place_in *place)
{
    if (schema->constant && !json_same(schema->constant, value))
        return check_fail(check, place, "const", "必须是 %s", "must be %s", schema->constant_text);
    return !schema->choices || is_among(schema->choices, value)
           || check_fail(check, place, "enum", "必须是下列之一：%s", "must be one of %s", schema->choices_text);
}

bool check_quietly(struct check *check, const struct schema *schema, const json_t *value)
{
    struct problem *problem = check->problem;
    check->problem = NULL;
    bool valid = check_node(check, schema, value, NULL);
    check->problem = problem;
    return valid;
}

/* The kinds that a branch takes; all of them if it does not say. */
static unsigned branch_kinds(const struct schema *schema)
{
    if (schema->kinds)
        return schema->kinds;
    return schema->reference ? branch_kinds(schema->reference) : ~0u;
}

static bool is_fault_at(const struct fault *fault, const char *pointer)
{
    return strcmp(fault->pointer, pointer) == 0;
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
        if (is_fault_at(fault, pointer) && strcmp(fault->rule, "type") == 0)
            badness += 10000;
        if (is_fault_below(fault, pointer) && (strcmp(fault->rule, "const") == 0 || strcmp(fault->rule, "enum") == 0))
            badness += 1000;
    }
    return badness;
}

/* The one branch that is nearest to the value, or NULL when several are as near. */
static const struct schema *nearest(struct check *check, const struct schema_list *branches, const json_t *value,
                                    const struct place_in *place)
{
    const char *pointer = place_pointer(check->arena, check->base, place);
    const struct schema *best = NULL;
    size_t least = SIZE_MAX;
    for (size_t i = 0; i < branches->n; i++) {
        struct problem faults = { 0 };
        struct check trial = *check;
        trial.problem = &faults;
        trial.is_trial = true;
        check_node(&trial, branches->items[i], value, place);
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
static bool fail_branches(struct check *check, const struct schema_list *branches, const char *rule,
                          const json_t *value, const struct place_in *place)
{
    unsigned kinds = 0;
    if (!check->problem)
        return false;
    for (size_t i = 0; i < branches->n; i++)
        kinds |= branch_kinds(branches->items[i]);
    if (!(kinds & schema_kind_of(value)))
        return check_fail_kind(check, place, kinds);
    const struct schema *best = check->is_trial ? NULL : nearest(check, branches, value, place);
    if (best)
        return check_node(check, best, value, place);
    return check_fail(check, place, rule, "不符合所允许的任何一种形式", "has none of the forms that the contract allows");
}

static size_t count_fitting(struct check *check, const struct schema_list *branches, const json_t *value, size_t enough)
{
    size_t n = 0;
    for (size_t i = 0; i < branches->n && n < enough; i++)
        n += check_quietly(check, branches->items[i], value);
    return n;
}

static bool check_any_of(struct check *check, const struct schema_list *branches, const json_t *value,
                         const struct place_in *place)
{
    return branches->n == 0 || count_fitting(check, branches, value, 1) > 0
           || fail_branches(check, branches, "anyOf", value, place);
}

static bool check_one_of(struct check *check, const struct schema_list *branches, const json_t *value,
                         const struct place_in *place)
{
    size_t n = branches->n == 0 ? 1 : count_fitting(check, branches, value, 2);
    if (n == 0)
        return fail_branches(check, branches, "oneOf", value, place);
    return n == 1
           || check_fail(check, place, "oneOf", "同时符合多种形式，只能符合其中一种",
                         "has several of the forms of which the contract allows one");
}

static bool check_condition(struct check *check, const struct schema *schema, const json_t *value,
                            const struct place_in *place)
{
    if (!schema->condition)
        return true;
    const struct schema *then = check_quietly(check, schema->condition, value) ? schema->consequence
                                                                               : schema->alternative;
    return !then || check_node(check, then, value, place);
}

static bool check_combination(struct check *check, const struct schema *schema, const json_t *value,
                              const struct place_in *place)
{
    bool valid = !schema->reference || check_node(check, schema->reference, value, place);
    for (size_t i = 0; i < schema->all_of.n && (valid || check->problem); i++)
        valid &= check_node(check, schema->all_of.items[i], value, place);
    if (!valid && !check->problem)
        return false;
    valid &= check_any_of(check, &schema->any_of, value, place);
    valid &= check_one_of(check, &schema->one_of, value, place);
    if (schema->negated && check_quietly(check, schema->negated, value))
        valid = check_fail(check, place, "not", "属于不允许的形式", "has a form that the contract does not allow");
    return check_condition(check, schema, value, place) && valid;
}

static bool check_kind(struct check *check, const struct schema *schema, const json_t *value,
                       const struct place_in *place)
{
    switch (schema_kind_of(value)) {
    case VALUE_STRING: return check_string(check, schema, value, place);
    case VALUE_INTEGER:
    case VALUE_REAL: return check_number_rules(check, schema, value, place);
    case VALUE_OBJECT: return check_object(check, schema, value, place);
    case VALUE_ARRAY: return check_array(check, schema, value, place);
    default: return true;
    }
}

/* A wrong kind is one fault: what else the schema asks for would only repeat it. */
bool check_node(struct check *check, const struct schema *schema, const json_t *value, const struct place_in *place)
{
    if (++check->steps > SCHEMA_MAX_STEPS)
        return check_fail(check, place, "complexity", "内容过于复杂，无法校验", "is too complex to be checked");
    if (schema->is_false)
        return check_fail(check, place, "not-allowed", "此处不得提供", "must not be given here");
    if (schema->kinds && !(schema->kinds & schema_kind_of(value)))
        return check_fail_kind(check, place, schema->kinds);
    bool valid = check_choice(check, schema, value, place);
    if (!valid && !check->problem)
        return false;
    valid &= check_kind(check, schema, value, place);
    return check_combination(check, schema, value, place) && valid;
}

bool schema_check(const struct schema *schema, const json_t *value, struct arena *arena, const char *in,
                  const char *base, enum problem_code code, struct problem *problem)
{
    struct check check = { .arena = arena, .problem = problem, .in = in, .base = base, .code = code };
    bool valid = check_node(&check, schema, value, NULL);
    if (valid && check.steps > SCHEMA_MAX_STEPS) /* given up inside a "not" or an "if": that is no verdict */
        return check_fail(&check, NULL, "complexity", "内容过于复杂，无法校验", "is too complex to be checked");
    return valid;
}
