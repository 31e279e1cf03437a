#include "anze/base/embedded.h"
#include "anze/base/json.h"
#include "anze/base/text.h"
#include "anze/command/command.h"

#include <stdio.h>
#include <string.h>

const char usage_workflow[] =
    "usage: anze workflow draw KIND [--format FORMAT]\n\n"
    "Prints a drawing of a kind of case as the program ships it: its states, what may be done in them and by whom,\n"
    "and the clocks that run. A wrong kind lists them all.\n"
    "  --format FORMAT  mermaid (default) or dot, for Graphviz\n";

/* What a drawing is made of; a way is an action that leads from one state to another. */
struct drawing {
    const char *name;
    const char *begin;
    void (*state)(struct text *out, const json_t *state, const char *notes, bool is_first);
    void (*way)(struct text *out, const char *from, const char *to, const char *label);
    const char *end;
};

static const char *member_text(const json_t *object, const char *name)
{
    const char *value = json_string_value(json_object_get(object, name));
    return value ? value : "";
}

static bool is_set(const json_t *object, const char *name)
{
    return json_is_true(json_object_get(object, name));
}

static bool has(const json_t *names, const char *name)
{
    size_t i;
    json_t *one;
    json_array_foreach(names, i, one)
        if (strcmp(json_string_value(one), name) == 0)
            return true;
    return false;
}

/* ---- Mermaid ---- */

static void mermaid_state(struct text *out, const json_t *state, const char *notes, bool is_first)
{
    const char *code = member_text(state, "code");
    text_printf(out, "    state \"%s\" as %s\n", member_text(state, "title_zh"), code);
    if (is_first)
        text_printf(out, "    [*] --> %s\n", code);
    if (is_set(state, "is_final"))
        text_printf(out, "    %s --> [*]\n", code);
    if (*notes)
        text_printf(out, "    note right of %s\n%s    end note\n", code, notes);
}

static void mermaid_way(struct text *out, const char *from, const char *to, const char *label)
{
    text_printf(out, "    %s --> %s: %s\n", from, to, label);
}

/* ---- Graphviz ---- */

static void dot_state(struct text *out, const json_t *state, const char *notes, bool is_first)
{
    const char *code = member_text(state, "code");
    text_printf(out, "    %s [label=\"%s", code, member_text(state, "title_zh"));
    for (const char *line = notes; *line; line = strchr(line, '\n') + 1) {
        line += strspn(line, " ");
        text_printf(out, "\\n%.*s", (int)strcspn(line, "\n"), line);
    }
    text_printf(out, "\"%s];\n", is_set(state, "is_final") ? ", peripheries=2" : "");
    if (is_first)
        text_printf(out, "    start [shape=point];\n    start -> %s;\n", code);
}

static void dot_way(struct text *out, const char *from, const char *to, const char *label)
{
    text_printf(out, "    %s -> %s [label=\"%s\"];\n", from, to, label);
}

static const struct drawing drawings[] = {
    { "mermaid", "stateDiagram-v2\n", mermaid_state, mermaid_way, "" },
    { "dot", "digraph {\n    node [shape=box, style=rounded];\n", dot_state, dot_way, "}\n" },
};

/* ---- what is drawn ---- */

static void add_names(struct text *label, const char *before, const json_t *names)
{
    size_t i;
    json_t *name;
    json_array_foreach(names, i, name)
        text_printf(label, "%s%s", i ? ", " : before, json_string_value(name));
}

/* "title (unit, supervisor that may order) ▶ clocks that start ■ that are met ✂ overtaken ⏩ extended" */
static const char *label_of(struct arena *arena, const json_t *action)
{
    struct text label = text_on(arena);
    size_t i;
    json_t *taker;
    text_add_string(&label, member_text(action, "title_zh"));
    json_array_foreach(json_object_get(action, "takers"), i, taker) {
        text_add_string(&label, i ? ", " : " (");
        text_add_string(&label, json_is_string(taker) ? json_string_value(taker) : member_text(taker, "who"));
        if (*member_text(taker, "power"))
            text_printf(&label, " that may %s", member_text(taker, "power"));
        if (*member_text(taker, "level"))
            text_printf(&label, " from %s up", member_text(taker, "level"));
    }
    text_add_char(&label, ')');
    add_names(&label, " ▶ ", json_object_get(action, "starts"));
    add_names(&label, " ■ ", json_object_get(action, "stops"));
    add_names(&label, " ✂ ", json_object_get(action, "overtakes"));
    add_names(&label, " ⏩ ", json_object_get(action, "extends"));
    return label.bytes;
}

static bool stays(const json_t *action)
{
    return !*member_text(action, "to_state") && !is_set(action, "goes_back");
}

/* "title, as long as a rule or until a field's day, from or before a moment (who owes it)" */
static void add_clock(struct text *notes, const json_t *clock)
{
    const char *rule = member_text(clock, "rule"), *moment = member_text(clock, "counts_from");
    bool is_backward = strcmp(member_text(clock, "direction"), "backward") == 0;
    text_printf(notes, "        ⏱ %s %s", member_text(clock, "title_zh"),
                *rule ? rule : member_text(clock, "due_field"));
    if (*moment && strcmp(moment, "event") != 0)
        text_printf(notes, " %s %s", is_backward ? "before" : "from", moment);
    text_printf(notes, " (%s)\n", member_text(clock, "watched_by"));
}

/* What goes on in a state without leaving it: clocks first, then actions. */
static const char *notes_of(struct arena *arena, const json_t *document, const char *state)
{
    struct text notes = text_on(arena);
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(document, "clocks"), i, one)
        if (has(json_object_get(one, "states"), state))
            add_clock(&notes, one);
    json_array_foreach(json_object_get(document, "actions"), i, one)
        if (stays(one) && has(json_object_get(one, "from_states"), state))
            text_printf(&notes, "        ↻ %s\n", label_of(arena, one));
    return notes.bytes ? notes.bytes : "";
}

static void draw_states(struct text *out, const struct drawing *drawing, const json_t *document)
{
    size_t i;
    json_t *state;
    json_array_foreach(json_object_get(document, "states"), i, state) {
        const char *code = member_text(state, "code");
        drawing->state(out, state, notes_of(out->arena, document, code),
                       strcmp(code, member_text(document, "initial_state")) == 0);
    }
}

/* Back to wherever the case came from: to each state from which an action leads to `from`. */
static void draw_way_back(struct text *out, const struct drawing *drawing, const json_t *document, const char *from,
                          const char *label)
{
    size_t i, k;
    json_t *action, *state;
    json_array_foreach(json_object_get(document, "actions"), i, action) {
        if (strcmp(member_text(action, "to_state"), from) != 0)
            continue;
        json_array_foreach(json_object_get(action, "from_states"), k, state)
            drawing->way(out, from, json_string_value(state), label);
    }
}

static void draw_ways(struct text *out, const struct drawing *drawing, const json_t *document)
{
    size_t i, k;
    json_t *action, *from;
    json_array_foreach(json_object_get(document, "actions"), i, action) {
        const char *label = label_of(out->arena, action);
        json_array_foreach(json_object_get(action, "from_states"), k, from) {
            if (is_set(action, "goes_back"))
                draw_way_back(out, drawing, document, json_string_value(from), label);
            else if (!stays(action))
                drawing->way(out, json_string_value(from), member_text(action, "to_state"), label);
        }
    }
}

static int draw(struct command_context *context, const struct drawing *drawing, const json_t *document)
{
    struct text out = text_on(context->arena);
    text_add_string(&out, drawing->begin);
    draw_states(&out, drawing, document);
    draw_ways(&out, drawing, document);
    text_add_string(&out, drawing->end);
    return fputs(out.bytes, stdout) < 0 ? COMMAND_FAILED : COMMAND_OK;
}

/* ---- the command ---- */

static const struct drawing *drawing_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(drawings); i++)
        if (strcmp(drawings[i].name, name) == 0)
            return &drawings[i];
    return NULL;
}

static const char *case_kinds(struct arena *arena)
{
    struct text kinds = text_on(arena);
    for (size_t i = 0; i < n_embedded_workflows; i++) {
        const char *name = embedded_workflows[i].name + strlen("workflow_");
        text_printf(&kinds, "%s%.*s", i ? ", " : "", (int)strcspn(name, "."), name);
    }
    return kinds.bytes;
}

static json_t *document_read(struct arena *arena, const char *kind)
{
    const char *name = arena_printf(arena, "workflow_%s.json", kind);
    const struct embedded_file *file = embedded_find(embedded_workflows, n_embedded_workflows, name);
    json_t *document;
    size_t offset;
    return file && json_read_trusted(arena, file->content, &document, &offset) ? document : NULL;
}

int command_workflow(struct command_context *context, int argc, char **argv)
{
    bool has_format = argc == 5 && strcmp(argv[3], "--format") == 0;
    if ((argc != 3 && !has_format) || strcmp(argv[1], "draw") != 0)
        return command_misuse(context, "`draw`, a kind and perhaps --format are understood");
    const struct drawing *drawing = drawing_find(has_format ? argv[4] : "mermaid");
    if (!drawing)
        return command_misuse(context, "the format is mermaid or dot");
    json_t *document = document_read(context->arena, argv[2]);
    if (!document)
        return command_failure(context, "there is no kind of case %s; there are: %s", argv[2],
                               case_kinds(context->arena));
    return draw(context, drawing, document);
}
