#include "anze/base/json.h"
#include "anze/base/utf8.h"
#include "schema_node.h"

#include <math.h>
#include <stdint.h>

/* ---- any value ---- */

static bool compile_type(const struct compiling *at)
{
    at->rule->kinds = schema_kind_named(json_string_value(at->value));
    bool known = at->rule->kinds || json_array_size(at->value) > 0;
    for (size_t i = 0; i < json_array_size(at->value); i++) {
        unsigned kind = schema_kind_named(json_string_value(json_array_get(at->value, i)));
        known &= kind != 0;
        at->rule->kinds |= kind;
    }
    at->schema->kinds = at->rule->kinds;
    return compile_expect(at, known, "the name of a type, or an array of them");
}

/* A wrong kind is one fault: what else the schema asks for would only repeat it. */
static bool check_type(struct check *check, const struct rule *rule, const json_t *value)
{
    return rule->kinds & schema_kind_of(value) || check_fail_kind(check, rule->kinds);
}

static bool compile_const(const struct compiling *at)
{
    at->rule->choices = json_keep(at->set->arena, json_pack("[O]", at->value));
    return true;
}

/* The sentence lists what may be chosen, as far as a sentence can. */
static bool compile_enum(const struct compiling *at)
{
    enum { MOST_LISTED = 30 };
    size_t n = json_array_size(at->value);
    struct text text = text_on(at->set->arena);
    for (size_t i = 0; i < n && i < MOST_LISTED; i++)
        text_printf(&text, "%s%s", i ? ", " : "", json_text(at->set->arena, json_array_get(at->value, i)));
    if (n > MOST_LISTED)
        text_add_string(&text, ", …");
    at->rule->text = text.bytes;
    at->rule->choices = at->value;
    return compile_expect(at, n > 0, "an array of values");
}

static bool check_choices(struct check *check, const struct rule *rule, const json_t *value)
{
    for (size_t i = 0; i < json_array_size(rule->choices); i++)
        if (json_same(json_array_get(rule->choices, i), value))
            return true;
    return check_break(check, rule);
}

/* ---- numbers ---- */

static bool compile_bound(const struct compiling *at)
{
    at->rule->number = json_number(at->value);
    return compile_expect(at, json_is_number(at->value), "a number");
}

/* Below 0, 0 or above 0. */
static int against_bound(const struct rule *rule, const json_t *value)
{
    return number_compare(json_number(value), rule->number);
}

static bool check_minimum(struct check *check, const struct rule *rule, const json_t *value)
{
    return against_bound(rule, value) >= 0 || check_break(check, rule);
}

static bool check_maximum(struct check *check, const struct rule *rule, const json_t *value)
{
    return against_bound(rule, value) <= 0 || check_break(check, rule);
}

static bool check_above(struct check *check, const struct rule *rule, const json_t *value)
{
    return against_bound(rule, value) > 0 || check_break(check, rule);
}

static bool check_under(struct check *check, const struct rule *rule, const json_t *value)
{
    return against_bound(rule, value) < 0 || check_break(check, rule);
}

static bool compile_multiple(const struct compiling *at)
{
    return compile_expect(at, json_number_value(at->value) > 0, "more than 0") && compile_bound(at);
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

static bool check_multiple(struct check *check, const struct rule *rule, const json_t *value)
{
    return is_multiple(json_number(value), rule->number) || check_break(check, rule);
}

/* ---- sizes ---- */

static struct slice text_of_value(const json_t *value)
{
    return (struct slice){ json_string_value(value), json_string_length(value) };
}

/* Characters are counted only where the bytes leave it open: each has one to four. */
static bool has_size(const json_t *value, size_t least, size_t most)
{
    struct slice text = text_of_value(value);
    if (text.bytes && text.length / 4 >= least && text.length <= most)
        return true;
    size_t n = text.bytes ? utf8_count(text) : json_is_array(value) ? json_array_size(value) : json_object_size(value);
    return n >= least && n <= most;
}

bool check_least(struct check *check, const struct rule *rule, const json_t *value)
{
    return has_size(value, rule->count, SIZE_MAX) || check_break(check, rule);
}

bool check_most(struct check *check, const struct rule *rule, const json_t *value)
{
    return has_size(value, 0, rule->count) || check_break(check, rule);
}

/* ---- strings ---- */

static bool compile_expression(const struct compiling *at)
{
    return compile_expect(at, json_is_string(at->value), "a regular expression")
           && (at->rule->pattern = compile_pattern(at, json_string_value(at->value)));
}

static bool check_expression(struct check *check, const struct rule *rule, const json_t *value)
{
    return pattern_fits(check, rule->pattern, text_of_value(value)) || check_break(check, rule);
}

static bool compile_format(const struct compiling *at)
{
    at->rule->text = json_string_value(at->value);
    if (!compile_expect(at, at->rule->text, "a string"))
        return false;
    at->rule->format = format_find(at->rule->text);
    return at->rule->format || schema_complain(at->set, at->schema->where, "unknown format %s", at->rule->text);
}

static bool check_format(struct check *check, const struct rule *rule, const json_t *value)
{
    return rule->format(text_of_value(value))
           || check_fail(check, check->place, "format", SENTENCE_ZH, SENTENCE_EN, format_sentence_zh(rule->text),
                         format_sentence_en(rule->text));
}

/* A text of a wrong length is not worth the other questions about texts. */
const struct keyword schema_value_keywords[] = {
    { "type", VALUE_ANY, ~0u, compile_type, check_type },
    { "const", VALUE_ANY, 0, compile_const, check_choices, "必须是 %s", "must be %s" },
    { "enum", VALUE_ANY, 0, compile_enum, check_choices, "必须是下列之一：%s", "must be one of %s" },
    { "minimum", VALUE_NUMBER, 0, compile_bound, check_minimum, "不得小于 %s", "must be at least %s" },
    { "maximum", VALUE_NUMBER, 0, compile_bound, check_maximum, "不得大于 %s", "must be at most %s" },
    { "exclusiveMinimum", VALUE_NUMBER, 0, compile_bound, check_above, "必须大于 %s", "must be more than %s" },
    { "exclusiveMaximum", VALUE_NUMBER, 0, compile_bound, check_under, "必须小于 %s", "must be less than %s" },
    { "multipleOf", VALUE_NUMBER, 0, compile_multiple, check_multiple, "必须是 %s 的倍数", "must be a multiple of %s" },
    { "minLength", VALUE_STRING, VALUE_STRING, compile_count, check_least, "至少要有 %s 个字符",
      "must have at least %s characters" },
    { "maxLength", VALUE_STRING, VALUE_STRING, compile_count, check_most, "最多只能有 %s 个字符",
      "must have at most %s characters" },
    { "pattern", VALUE_STRING, 0, compile_expression, check_expression, "格式不符合约定",
      "does not have the form that the contract asks for" },
    { "format", VALUE_STRING, 0, compile_format, check_format },
    { NULL },
};
