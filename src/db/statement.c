#include "anze/db/statement.h"
#include "anze/db/scanner.h"

#include <assert.h>
#include <ctype.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>

static const uint64_t KEEPS_REPLY = UINT64_C(1) << STATEMENT_MAX_CONDITIONS;
enum { NO_SLOT = -1 };

enum condition_kind { IF_PRESENT, IF_ABSENT, IF_EQUAL };

struct condition {
    enum condition_kind kind;
    int slot;
    struct slice equal; /* IF_EQUAL */
};

/* A run of the template, or a parameter. */
struct piece {
    struct slice text;
    int slot;       /* NO_SLOT: text */
    int condition;  /* index, or -1 */
    struct piece *next;
};

struct kept_variant {
    struct statement_variant variant;
    atomic_int cost_us;
    struct kept_variant *next;
};

struct statement {
    const char *name;
    bool keeps_reply;
    struct piece *first;
    struct condition conditions[STATEMENT_MAX_CONDITIONS];
    int n_conditions;
    struct kept_variant *_Atomic variants; /* only ever grows, at its front */
    size_t n_variants;
    pthread_mutex_t mutex;                 /* of the two below and of the growing */
    struct arena *arena;
};

static unsigned next_number(void)
{
    static atomic_uint next = STATEMENT_FIRST_NUMBER;
    return atomic_fetch_add(&next, 1);
}

/* ---- compiling ---- */

struct compiler {
    struct arena *arena;
    const struct statement_options *options;
    struct text *complaints;
    struct statement *statement;
    const char *begin;         /* of the template */
    struct piece **last;       /* where the next piece goes */
    struct piece **line_start;
    int slots[STATEMENT_MAX_PARAMETERS];
    size_t n_slots;
    size_t line;
    bool line_is_split;        /* a string or comment of several lines touches this line */
    bool ended;                /* by a semicolon */
    bool has_text;
};

static void complain_of_template(const struct compiler *compiler, const char *what, struct slice about)
{
    text_printf(compiler->complaints, "statement %s, line %zu: %s", compiler->options->name, compiler->line, what);
    if (about.length)
        text_printf(compiler->complaints, " %.*s", (int)(about.length > 80 ? 80 : about.length), about.bytes);
    text_add_char(compiler->complaints, '\n');
}

static void add_piece(struct compiler *compiler, struct slice text, int slot)
{
    struct piece *piece = arena_new_of(compiler->arena, struct piece);
    *piece = (struct piece){ .text = text, .slot = slot, .condition = -1 };
    *compiler->last = piece;
    compiler->last = &piece->next;
}

static int slot_named(struct compiler *compiler, struct slice name)
{
    int slot = compiler->options->slot_of(compiler->options->context, name.bytes, name.length);
    if (slot < 0)
        complain_of_template(compiler, "no such parameter:", name);
    return slot;
}

static bool is_word_byte(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '$' || (unsigned char)c >= 0x80;
}

/* In a$1 or $$1 the number would be part of another thing; and values[1:n] was meant as a slice of an array. The
 * template ends with a NUL byte, and a parameter never begins before its first. */
static bool stands_apart(const struct compiler *compiler, struct slice text)
{
    bool begins = text.bytes == compiler->begin || !is_word_byte(text.bytes[-1]);
    return begins && !is_word_byte(text.bytes[text.length]);
}

static void add_parameter_use(struct compiler *compiler, struct slice text)
{
    if (!stands_apart(compiler, text)) {
        complain_of_template(compiler, "a parameter must stand apart from words and $:", text);
        return;
    }
    int slot = slot_named(compiler, (struct slice){ text.bytes + 1, text.length - 1 });
    if (slot < 0)
        return;
    size_t i = 0;
    while (i < compiler->n_slots && compiler->slots[i] != slot)
        i++;
    if (i == STATEMENT_MAX_PARAMETERS) {
        complain_of_template(compiler, "too many parameters", SLICE_NONE);
        return;
    }
    if (i == compiler->n_slots)
        compiler->slots[compiler->n_slots++] = slot;
    add_piece(compiler, text, slot);
}

static struct slice trimmed_line(const char *from, const char *to)
{
    while (from < to && isspace((unsigned char)*from))
        from++;
    while (to > from && isspace((unsigned char)to[-1]))
        to--;
    return (struct slice){ from, (size_t)(to - from) };
}

static bool is_same_condition(const struct condition *a, const struct condition *b)
{
    return a->kind == b->kind && a->slot == b->slot && a->equal.length == b->equal.length &&
           (a->equal.length == 0 || memcmp(a->equal.bytes, b->equal.bytes, a->equal.length) == 0);
}

static int condition_index(struct compiler *compiler, const struct condition *condition)
{
    struct statement *statement = compiler->statement;
    for (int i = 0; i < statement->n_conditions; i++)
        if (is_same_condition(&statement->conditions[i], condition))
            return i;
    if (statement->n_conditions == STATEMENT_MAX_CONDITIONS) {
        complain_of_template(compiler, "too many conditions", SLICE_NONE);
        return -1;
    }
    statement->conditions[statement->n_conditions] = *condition;
    return statement->n_conditions++;
}

static bool read_condition(struct compiler *compiler, struct slice rule, struct condition *ret_condition)
{
    struct slice name = rule;
    *ret_condition = (struct condition){ .kind = IF_PRESENT };
    const char *equal = rule.length ? memchr(rule.bytes, '=', rule.length) : NULL;
    if (rule.length && *rule.bytes == '!') {
        ret_condition->kind = IF_ABSENT;
        name = (struct slice){ rule.bytes + 1, rule.length - 1 };
    } else if (equal) {
        ret_condition->kind = IF_EQUAL;
        ret_condition->equal = trimmed_line(equal + 1, rule.bytes + rule.length);
        name = trimmed_line(rule.bytes, equal);
    }
    for (size_t i = 0; i < name.length; i++)
        if (!isalnum((unsigned char)name.bytes[i]) && name.bytes[i] != '_')
            name.length = 0;
    if (!name.length) {
        complain_of_template(compiler, "not a condition:", rule);
        return false;
    }
    ret_condition->slot = slot_named(compiler, name);
    return ret_condition->slot >= 0;
}

static void add_line_comment(struct compiler *compiler, struct slice text)
{
    struct condition condition;
    if (text.length < 3 || text.bytes[2] != '?')
        return;
    if (compiler->line_is_split)
        complain_of_template(compiler, "a conditional line shares a string or comment with another line", SLICE_NONE);
    if (!read_condition(compiler, trimmed_line(text.bytes + 3, text.bytes + text.length), &condition))
        return;
    int index = condition_index(compiler, &condition);
    for (struct piece *piece = *compiler->line_start; piece; piece = piece->next)
        piece->condition = index;
}

static size_t newlines_in(struct slice text)
{
    size_t n = 0;
    for (size_t i = 0; i < text.length; i++)
        n += text.bytes[i] == '\n';
    return n;
}

static bool is_blank_line(struct slice text)
{
    return trimmed_line(text.bytes, text.bytes + text.length).length == 0;
}

static void add_text(struct compiler *compiler, struct slice text)
{
    if (!is_blank_line(text)) {
        compiler->has_text = true;
        if (compiler->ended)
            complain_of_template(compiler, "more than one statement", SLICE_NONE);
    }
    add_piece(compiler, text, NO_SLOT);
}

static void add_token(struct compiler *compiler, struct sql_token token)
{
    size_t newlines = newlines_in(token.text);
    switch (token.kind) {
    case SQL_QUOTED:
    case SQL_TEXT: add_text(compiler, token.text); break;
    case SQL_BLOCK_COMMENT: add_piece(compiler, SLICE(" "), NO_SLOT); break;
    case SQL_LINE_COMMENT: add_line_comment(compiler, token.text); break;
    case SQL_PARAMETER: add_parameter_use(compiler, token.text); break;
    case SQL_POSITION: complain_of_template(compiler, "parameters have names, not numbers:", token.text); break;
    case SQL_SEMICOLON: compiler->ended = true; break;
    case SQL_UNENDED: complain_of_template(compiler, "a string or comment has no end", SLICE_NONE); break;
    case SQL_NEWLINE:
        add_piece(compiler, token.text, NO_SLOT);
        compiler->line_start = compiler->last;
        break;
    case SQL_END: break;
    }
    compiler->line += newlines;
    compiler->line_is_split = token.kind != SQL_NEWLINE && (compiler->line_is_split || newlines);
}

/* Neighbours under the same condition become one: variants are put together faster. */
static void join_pieces(struct piece *first)
{
    for (struct piece *piece = first; piece; piece = piece->next)
        while (piece->slot == NO_SLOT && piece->next && piece->next->slot == NO_SLOT &&
               piece->condition == piece->next->condition &&
               piece->text.bytes + piece->text.length == piece->next->text.bytes) {
            piece->text.length += piece->next->text.length;
            piece->next = piece->next->next;
        }
}

static void dispose_statement(void *object)
{
    struct statement *statement = object;
    pthread_mutex_destroy(&statement->mutex);
    arena_free(statement->arena);
}

static struct statement *new_statement(struct arena *arena, const struct statement_options *options)
{
    struct statement *statement = arena_new_of(arena, struct statement);
    statement->name = arena_strdup(arena, options->name);
    statement->keeps_reply = options->keeps_reply;
    statement->arena = arena_new();
    pthread_mutex_init(&statement->mutex, NULL);
    arena_defer(arena, dispose_statement, statement);
    return statement;
}

struct statement *statement_compile(struct arena *arena, struct slice sql, const struct statement_options *options,
                                    struct text *complaints)
{
    size_t complained = complaints->length;
    struct statement *statement = new_statement(arena, options);
    struct slice copy = { arena_strndup(arena, sql.bytes ? sql.bytes : "", sql.length), sql.length };
    struct compiler compiler = { .arena = arena, .options = options, .complaints = complaints,
                                 .statement = statement, .begin = copy.bytes,
                                 .last = &statement->first,
                                 .line_start = &statement->first, .line = 1 };
    struct sql_scanner scanner = { copy.bytes, copy.bytes + copy.length };
    if (memchr(copy.bytes, '\0', copy.length))
        complain_of_template(&compiler, "a NUL byte", SLICE_NONE);
    for (struct sql_token token = sql_next(&scanner); token.kind != SQL_END; token = sql_next(&scanner))
        add_token(&compiler, token);
    if (!compiler.has_text)
        complain_of_template(&compiler, "there is no statement", SLICE_NONE);
    join_pieces(statement->first);
    return complaints->length == complained ? statement : NULL;
}

/* ---- variants ---- */

static bool holds(const struct condition *condition, const char *const *values)
{
    const char *value = values[condition->slot];
    switch (condition->kind) {
    case IF_PRESENT: return value;
    case IF_ABSENT: return !value;
    case IF_EQUAL: return value && slice_equals(condition->equal, value);
    }
    return false;
}

static uint64_t conditions_of(const struct statement *statement, const char *const *values)
{
    uint64_t conditions = 0;
    for (int i = 0; i < statement->n_conditions; i++)
        if (holds(&statement->conditions[i], values))
            conditions |= UINT64_C(1) << i;
    return conditions;
}

static size_t position_of(int *slots, size_t *n_slots, int slot)
{
    for (size_t i = 0; i < *n_slots; i++)
        if (slots[i] == slot)
            return i + 1;
    slots[(*n_slots)++] = slot;
    return *n_slots;
}

static void write_selected_lines(const struct statement *statement, uint64_t conditions, struct text *sql, int *slots,
                                 size_t *n_slots)
{
    for (const struct piece *piece = statement->first; piece; piece = piece->next) {
        if (piece->condition >= 0 && !(conditions >> piece->condition & 1))
            continue;
        if (piece->slot == NO_SLOT)
            text_add(sql, piece->text.bytes, piece->text.length);
        else
            text_printf(sql, "$%zu", position_of(slots, n_slots, piece->slot));
    }
}

/* The reply is stored by the same statement that makes it: one round trip, one transaction. */
static void write_kept(const struct statement *statement, uint64_t conditions, struct text *sql, int *slots,
                       size_t *n_slots)
{
    text_add_string(sql, "with reply as materialized (");
    write_selected_lines(statement, conditions, sql, slots, n_slots);
    size_t key = position_of(slots, n_slots, STATEMENT_KEY), hash = position_of(slots, n_slots, STATEMENT_HASH);
    text_printf(sql,
                "), kept as (insert into anze.idempotency_key (actor, operation, key, request_hash, status, etag, "
                "location, body) select anze.actor(), anze.operation(), $%zu, $%zu, r.status::text, r.etag::text, "
                "r.location::text, r.body::text from reply r) select * from reply",
                key, hash);
}

static struct statement_variant build(const struct statement *statement, struct arena *arena, uint64_t conditions)
{
    struct statement_variant variant = { .conditions = conditions };
    struct text sql = text_on(arena);
    int *slots = arena_array_of(arena, int, STATEMENT_MAX_PARAMETERS + 2);
    if (conditions & KEEPS_REPLY)
        write_kept(statement, conditions, &sql, slots, &variant.n_slots);
    else
        write_selected_lines(statement, conditions, &sql, slots, &variant.n_slots);
    variant.sql = sql.bytes ? sql.bytes : "";
    variant.slots = slots;
    variant.name = "";
    return variant;
}

static const struct statement_variant *find_variant(struct kept_variant *kept, uint64_t conditions)
{
    for (; kept; kept = kept->next)
        if (kept->variant.conditions == conditions)
            return &kept->variant;
    return NULL;
}

static const struct statement_variant *build_kept(struct statement *statement, uint64_t conditions)
{
    struct kept_variant *kept = arena_new_of(statement->arena, struct kept_variant);
    kept->variant = build(statement, statement->arena, conditions);
    kept->variant.number = next_number();
    kept->variant.cost_us = &kept->cost_us;
    kept->variant.name = arena_printf(statement->arena, "%s/%u", statement->name, kept->variant.number);
    kept->next = atomic_load_explicit(&statement->variants, memory_order_relaxed);
    statement->n_variants++;
    atomic_store_explicit(&statement->variants, kept, memory_order_release);
    return &kept->variant;
}

const struct statement_variant *statement_variant(struct statement *statement, struct arena *arena,
                                                  const char *const *values, bool keeps_reply)
{
    assert(!keeps_reply || statement->keeps_reply);
    uint64_t conditions = conditions_of(statement, values) | (keeps_reply ? KEEPS_REPLY : 0);
    const struct statement_variant *found =
        find_variant(atomic_load_explicit(&statement->variants, memory_order_acquire), conditions);
    if (found)
        return found;
    pthread_mutex_lock(&statement->mutex);
    found = find_variant(atomic_load_explicit(&statement->variants, memory_order_relaxed), conditions);
    if (!found && statement->n_variants < STATEMENT_MAX_KEPT_VARIANTS)
        found = build_kept(statement, conditions);
    pthread_mutex_unlock(&statement->mutex);
    if (found)
        return found;
    struct statement_variant *rare = arena_new_of(arena, struct statement_variant);
    *rare = build(statement, arena, conditions);
    return rare;
}

/* Two that come at once may lose one of them: a mean bears that. */
void statement_took(const struct statement_variant *variant, int64_t us)
{
    if (!variant->cost_us)
        return;
    int before = atomic_load_explicit(variant->cost_us, memory_order_relaxed);
    int now = us > INT_MAX / 2 ? INT_MAX / 2 : (int)us;
    atomic_store_explicit(variant->cost_us, before + (now - before) / 8, memory_order_relaxed);
}
