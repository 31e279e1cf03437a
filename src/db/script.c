#include "anze/db/script.h"
#include "anze/db/scanner.h"

#include <ctype.h>
#include <strings.h>

static bool is_blank_statement(const struct sql_token *token)
{
    return token->kind == SQL_NEWLINE || token->kind == SQL_LINE_COMMENT || token->kind == SQL_BLOCK_COMMENT ||
           (token->kind == SQL_TEXT && isspace((unsigned char)*token->text.bytes));
}

bool script_word_is(struct slice word, const char *lower)
{
    return word.length == strlen(lower) && strncasecmp(word.bytes, lower, word.length) == 0;
}

/* ---- cutting ---- */

/* Where a statement is: whether it makes a routine, and how deep in its body. */
enum place_state { AT_START, AFTER_CREATE, AFTER_OR, AFTER_REPLACE, IN_ROUTINE, ELSEWHERE };
struct place {
    enum place_state state;
    size_t depth;
};

static void note_body(struct place *place, struct slice word)
{
    if (script_word_is(word, "begin") || (place->depth && script_word_is(word, "case")))
        place->depth++;
    else if (place->depth && script_word_is(word, "end"))
        place->depth--;
}

static void note_token(struct place *place, const struct sql_token *token)
{
    static const struct {
        enum place_state state;
        const char *word;
        enum place_state next;
    } steps[] = {
        { AT_START, "create", AFTER_CREATE },          { AFTER_CREATE, "or", AFTER_OR },
        { AFTER_OR, "replace", AFTER_REPLACE },        { AFTER_CREATE, "function", IN_ROUTINE },
        { AFTER_CREATE, "procedure", IN_ROUTINE },     { AFTER_REPLACE, "function", IN_ROUTINE },
        { AFTER_REPLACE, "procedure", IN_ROUTINE },
    };
    if (place->state == IN_ROUTINE) {
        note_body(place, token->text);
        return;
    }
    enum place_state next = ELSEWHERE;
    for (size_t i = 0; i < ARRAY_LENGTH(steps); i++)
        if (place->state == steps[i].state && script_word_is(token->text, steps[i].word))
            next = steps[i].next;
    *place = (struct place){ next, 0 };
}

static void add_script_statement(struct script *script, const char *from, const char *to)
{
    if (from)
        script->statements[script->n_statements++] = (struct slice){ from, (size_t)(to - from) };
}

static size_t count_semicolons(struct slice sql)
{
    size_t n = 0;
    for (size_t i = 0; i < sql.length; i++)
        n += sql.bytes[i] == ';';
    return n;
}

struct script script_cut(struct arena *arena, struct slice sql)
{
    struct script script = { arena_array_of(arena, struct slice, count_semicolons(sql) + 1), 0, true };
    struct sql_scanner scanner = { sql.bytes, sql.bytes + sql.length };
    struct place place = { AT_START, 0 };
    const char *from = NULL, *to = NULL; /* of the statement, without blanks around it */
    for (struct sql_token token = sql_next(&scanner); token.kind != SQL_END; token = sql_next(&scanner)) {
        if (token.kind == SQL_SEMICOLON && !place.depth) {
            add_script_statement(&script, from, to);
            from = NULL;
            place = (struct place){ AT_START, 0 };
            continue;
        }
        script.is_whole = script.is_whole && token.kind != SQL_UNENDED;
        if (is_blank_statement(&token))
            continue;
        from = from ? from : token.text.bytes;
        to = token.text.bytes + token.text.length;
        note_token(&place, &token);
    }
    add_script_statement(&script, from, to);
    return script;
}

/* ---- looking into it ---- */

static bool stands_alone(const struct sql_token *token)
{
    return token->kind == SQL_SEMICOLON || (token->kind == SQL_TEXT && strchr("(),", *token->text.bytes));
}

size_t script_words(struct slice statement, struct slice *ret_words, size_t max)
{
    struct sql_scanner scanner = { statement.bytes, statement.bytes + statement.length };
    size_t n = 0;
    bool is_open = false; /* the last word may go on */
    for (struct sql_token token = sql_next(&scanner); token.kind != SQL_END; token = sql_next(&scanner)) {
        bool is_end = is_blank_statement(&token);
        if (!is_end && is_open && !stands_alone(&token)) {
            ret_words[n - 1].length += token.text.length;
            continue;
        }
        if (!is_end && n == max)
            break;
        if (!is_end)
            ret_words[n++] = token.text;
        is_open = !is_end && !stands_alone(&token);
    }
    return n;
}

static bool header_line(struct slice comment, struct slice *ret_line)
{
    static const char mark[] = "anze:";
    const char *at = comment.bytes, *end = at + comment.length;
    while (at < end && (*at == '-' || *at == ' ' || *at == '\t'))
        at++;
    if ((size_t)(end - at) < sizeof mark - 1 || strncasecmp(at, mark, sizeof mark - 1) != 0)
        return false;
    at += sizeof mark - 1;
    while (at < end && isspace((unsigned char)*at))
        at++;
    while (end > at && isspace((unsigned char)end[-1]))
        end--;
    *ret_line = (struct slice){ at, (size_t)(end - at) };
    return true;
}

size_t script_header(struct slice sql, struct slice *ret_lines, size_t max, bool *ret_misplaced)
{
    struct sql_scanner scanner = { sql.bytes, sql.bytes + sql.length };
    size_t n = 0;
    bool has_begun = false;
    *ret_misplaced = false;
    for (struct sql_token token = sql_next(&scanner); token.kind != SQL_END; token = sql_next(&scanner)) {
        struct slice line;
        has_begun = has_begun || !is_blank_statement(&token);
        if (token.kind != SQL_LINE_COMMENT || !header_line(token.text, &line))
            continue;
        if (has_begun || n == max)
            *ret_misplaced = true;
        else
            ret_lines[n++] = line;
    }
    return n;
}
