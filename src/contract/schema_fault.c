#include "schema_node.h"
#include "anze/base/json.h"
#include "anze/base/utf8.h"

/* Names that the client chose are part of a pointer; what is longer is cut, so that an answer does not grow with
 * the request. No name in a contract is as long. */
enum { LONGEST_NAME = 128, MOST_LEVELS = 64 };

static void add_name(struct text *text, const char *name)
{
    struct slice whole = slice_of(name), cut = utf8_cut(whole, LONGEST_NAME);
    for (size_t i = 0; i < cut.length; i++) {
        if (cut.bytes[i] == '~')
            text_add_string(text, "~0");
        else if (cut.bytes[i] == '/')
            text_add_string(text, "~1");
        else
            text_add_char(text, cut.bytes[i]);
    }
    if (cut.length < whole.length)
        text_add_string(text, "…");
}

const char *place_pointer(struct arena *arena, const char *base, const struct place_in *place)
{
    const struct place_in *steps[MOST_LEVELS];
    size_t n = 0;
    for (; place && n < MOST_LEVELS; place = place->parent)
        steps[n++] = place;
    struct text text = text_on(arena);
    text_add_string(&text, base);
    while (n-- > 0) {
        text_add_char(&text, '/');
        if (steps[n]->name)
            add_name(&text, steps[n]->name);
        else
            text_printf(&text, "%zu", steps[n]->index);
    }
    return text_slice(&text).bytes;
}

bool check_fail(struct check *check, const struct place_in *place, const char *rule, const char *zh, const char *en,
                ...)
{
    if (!check->problem)
        return false;
    va_list arguments, again;
    va_start(arguments, en);
    va_copy(again, arguments);
    const char *sentence_zh = arena_vprintf(check->arena, zh, arguments);
    const char *sentence_en = arena_vprintf(check->arena, en, again);
    va_end(again);
    va_end(arguments);
    problem_fault(check->arena, check->problem, check->code, check->in, place_pointer(check->arena, check->base, place),
                  rule, SENTENCE_ZH, SENTENCE_EN, sentence_zh, sentence_en);
    return false;
}

static const char *sentence_of(struct arena *arena, const char *sentence, const struct rule *rule)
{
    const char *gap = strstr(sentence, "%s");
    return gap ? arena_printf(arena, "%.*s%s%s", (int)(gap - sentence), sentence,
                              rule->text ? rule->text : json_text(arena, rule->value), gap + 2)
               : sentence;
}

bool check_break(struct check *check, const struct rule *rule)
{
    const struct keyword *keyword = rule->keyword;
    return check->problem && check_fail(check, check->place, keyword->name, SENTENCE_ZH, SENTENCE_EN,
                                        sentence_of(check->arena, keyword->zh, rule),
                                        sentence_of(check->arena, keyword->en, rule));
}

static const struct kind_name {
    unsigned kinds;
    const char *name, *zh, *en;
} kind_names[] = {
    { VALUE_STRING, "string", "字符串", "a string" },
    { VALUE_NUMBER, "number", "数值", "a number" },
    { VALUE_INTEGER, "integer", "整数", "an integer" },
    { VALUE_BOOLEAN, "boolean", "布尔值", "true or false" },
    { VALUE_OBJECT, "object", "对象", "an object" },
    { VALUE_ARRAY, "array", "数组", "an array" },
    { VALUE_NULL, "null", "null", "null" },
};

unsigned schema_kind_named(const char *name)
{
    for (size_t i = 0; name && i < ARRAY_LENGTH(kind_names); i++)
        if (strcmp(kind_names[i].name, name) == 0)
            return kind_names[i].kinds;
    return 0;
}

bool check_fail_kind(struct check *check, unsigned kinds)
{
    if (!check->problem)
        return false;
    struct text zh = text_on(check->arena), en = text_on(check->arena);
    for (size_t i = 0; i < ARRAY_LENGTH(kind_names); i++) {
        if ((kinds & kind_names[i].kinds) != kind_names[i].kinds)
            continue;
        kinds &= ~kind_names[i].kinds;
        text_printf(&zh, "%s%s", zh.length ? "或" : "", kind_names[i].zh);
        text_printf(&en, "%s%s", en.length ? " or " : "", kind_names[i].en);
    }
    return check_fail(check, check->place, "type", "必须是%1$s%2$.0s", "must be %1$.0s%2$s", zh.bytes, en.bytes);
}
