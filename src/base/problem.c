#include "anze/base/problem.h"
#include "anze/base/text.h"

static const struct problem_kind kinds[PROBLEM_COUNT] = {
    [PROBLEM_NONE] = { "none", 500, "", "" },
#define PROBLEM(name, code, status, zh, en) [PROBLEM_##name] = { code, status, zh, en },
#include "anze/base/problem.def"
#undef PROBLEM
};

const struct problem_kind *problem_kind(enum problem_code code)
{
    return &kinds[code < PROBLEM_COUNT ? code : PROBLEM_INTERNAL];
}

bool problem_raise(struct arena *arena, struct problem *problem, enum problem_code code, const char *zh,
                   const char *en, ...)
{
    va_list arguments, again;
    va_start(arguments, en);
    va_copy(again, arguments);
    problem->code = code;
    problem->zh = arena_vprintf(arena, zh, arguments);
    problem->en = arena_vprintf(arena, en, again);
    va_end(again);
    va_end(arguments);
    return false;
}

/* What cannot be read at all (400) outweighs values that break a rule (422). */
static bool is_graver(enum problem_code code, enum problem_code than)
{
    return than == PROBLEM_NONE || kinds[code].status < kinds[than].status;
}

void problem_fault(struct arena *arena, struct problem *problem, enum problem_code code, const char *in,
                   const char *pointer, const char *rule, const char *zh, const char *en, ...)
{
    if (is_graver(code, problem->code))
        problem->code = code;
    if (++problem->n_faults > PROBLEM_MAX_FAULTS)
        return;
    va_list arguments, again;
    va_start(arguments, en);
    va_copy(again, arguments);
    struct fault *fault = arena_new_of(arena, struct fault);
    *fault = (struct fault){ .in = in,
                             .pointer = arena_strdup(arena, pointer),
                             .rule = rule,
                             .zh = arena_vprintf(arena, zh, arguments),
                             .en = arena_vprintf(arena, en, again) };
    va_end(again);
    va_end(arguments);
    if (problem->last)
        problem->last->next = fault;
    else
        problem->first = fault;
    problem->last = fault;
}

static const char *in_language(enum language language, const char *zh, const char *en)
{
    return language == LANGUAGE_EN ? en : zh;
}

static void add_member(struct text *text, const char *name, const char *value)
{
    if (!value)
        return;
    text_printf(text, ",\"%s\":", name);
    text_add_json(text, value);
}

static void render_faults(struct text *text, const struct problem *problem, enum language language)
{
    if (!problem->first)
        return;
    text_add_string(text, ",\"errors\":[");
    for (const struct fault *fault = problem->first; fault; fault = fault->next) {
        text_printf(text, "%s{\"in\":\"%s\"", fault == problem->first ? "" : ",", fault->in);
        add_member(text, "pointer", fault->pointer);
        add_member(text, "code", fault->rule);
        add_member(text, "detail", in_language(language, fault->zh, fault->en));
        text_add_char(text, '}');
    }
    text_add_char(text, ']');
    if (problem->n_faults > PROBLEM_MAX_FAULTS)
        text_add_string(text, ",\"truncated\":true");
}

struct slice problem_render(struct arena *arena, const struct problem *problem, enum language language,
                            const char *instance, const char *trace_id)
{
    const struct problem_kind *kind = problem_kind(problem->code);
    struct text text = text_on(arena);
    text_printf(&text, "{\"type\":\"urn:anze:problem:%s\",\"title\":", kind->code);
    text_add_json(&text, in_language(language, kind->title_zh, kind->title_en));
    text_printf(&text, ",\"status\":%d,\"code\":\"%s\"", kind->status, kind->code);
    add_member(&text, "detail", in_language(language, problem->zh, problem->en));
    add_member(&text, "instance", instance);
    add_member(&text, "trace_id", trace_id);
    if (problem->extra)
        text_printf(&text, ",%s", problem->extra);
    render_faults(&text, problem, language);
    text_add_char(&text, '}');
    return text_slice(&text);
}

static void add_plain(struct text *text, const char *sentence)
{
    for (; *sentence; sentence++) {
        bool is_quote = *sentence == '"' || *sentence == '\\', is_visible = *sentence >= ' ' && *sentence <= '~';
        text_add_char(text, is_quote ? '\'' : is_visible ? *sentence : '?');
    }
}

struct slice problem_render_oauth(struct arena *arena, const struct problem *problem, const char *error)
{
    struct text text = text_on(arena);
    text_printf(&text, "{\"error\":\"%s\",\"error_description\":\"", error);
    add_plain(&text, problem->en ? problem->en : problem_kind(problem->code)->title_en);
    for (const struct fault *fault = problem->first; fault; fault = fault->next) {
        text_add_string(&text, fault == problem->first ? ": " : ", ");
        add_plain(&text, fault->pointer);
        text_add_char(&text, ' ');
        add_plain(&text, fault->en);
    }
    text_add_string(&text, "\"}");
    return text_slice(&text);
}
