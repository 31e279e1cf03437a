#include "anze/db/scanner.h"

#include <ctype.h>

static bool is_word_start(char c)
{
    return isalpha((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

static bool is_inside_word(char c)
{
    return is_word_start(c) || isdigit((unsigned char)c) || c == '$';
}

static bool is_digit_at(const char *at, const char *end)
{
    return at < end && isdigit((unsigned char)*at);
}

/* Behind the closing quote, or NULL. A doubled quote reads as two strings side by side, which is as good. */
static const char *end_of_quoted(const char *at, const char *end, bool has_escapes)
{
    char quote = *at++;
    for (; at < end; at++) {
        if (*at == quote)
            return at + 1;
        if (*at == '\\' && has_escapes)
            at++;
    }
    return NULL;
}

static const char *end_of_block_comment(const char *at, const char *end)
{
    size_t depth = 0;
    while (end - at >= 2) {
        if (at[0] == '/' && at[1] == '*') {
            depth++;
            at += 2;
        } else if (at[0] == '*' && at[1] == '/') {
            at += 2;
            if (--depth == 0)
                return at;
        } else {
            at++;
        }
    }
    return NULL;
}

/* Length of $tag$ at `at`, or 0. */
static size_t dollar_tag(const char *at, const char *end)
{
    const char *p = at + 1;
    if (p < end && is_word_start(*p))
        while (p < end && is_inside_word(*p) && *p != '$')
            p++;
    return p < end && *p == '$' ? (size_t)(p + 1 - at) : 0;
}

static const char *end_of_dollars(const char *at, const char *end, size_t tag)
{
    const char *close = memmem(at + tag, (size_t)(end - at) - tag, at, tag);
    return close ? close + tag : NULL;
}

static const char *end_of_word(const char *at, const char *end)
{
    while (at < end && is_inside_word(*at))
        at++;
    return at;
}

static struct sql_token token(enum sql_token_kind kind, const char *from, const char *to, struct sql_scanner *scanner)
{
    if (!to) {
        kind = SQL_UNENDED;
        to = scanner->end;
    }
    scanner->at = to;
    return (struct sql_token){ kind, { from, (size_t)(to - from) } };
}

static struct sql_token next_dollar(struct sql_scanner *scanner)
{
    const char *at = scanner->at, *end = scanner->end;
    size_t tag = dollar_tag(at, end);
    if (tag)
        return token(SQL_QUOTED, at, end_of_dollars(at, end, tag), scanner);
    if (is_digit_at(at + 1, end))
        return token(SQL_POSITION, at, end_of_word(at + 1, end), scanner);
    return token(SQL_TEXT, at, at + 1, scanner);
}

static struct sql_token next_colon(struct sql_scanner *scanner)
{
    const char *at = scanner->at, *end = scanner->end;
    if (end - at > 1 && at[1] == ':')
        return token(SQL_TEXT, at, at + 2, scanner);
    if (end - at > 1 && (isalpha((unsigned char)at[1]) || at[1] == '_')) {
        const char *p = at + 1;
        while (p < end && (isalnum((unsigned char)*p) || *p == '_'))
            p++;
        return token(SQL_PARAMETER, at, p, scanner);
    }
    return token(SQL_TEXT, at, at + 1, scanner);
}

static struct sql_token next_word(struct sql_scanner *scanner)
{
    const char *at = scanner->at, *end = scanner->end;
    const char *behind = end_of_word(at, end);
    bool is_escape = behind - at == 1 && (*at == 'e' || *at == 'E') && behind < end && *behind == '\'';
    if (is_escape)
        return token(SQL_QUOTED, at, end_of_quoted(behind, end, true), scanner);
    return token(SQL_TEXT, at, behind, scanner);
}

struct sql_token sql_next(struct sql_scanner *scanner)
{
    const char *at = scanner->at, *end = scanner->end;
    if (at >= end)
        return token(SQL_END, end, end, scanner);
    bool has_next = end - at > 1;
    if (is_word_start(*at) || isdigit((unsigned char)*at))
        return next_word(scanner);
    if (*at == '-' && has_next && at[1] == '-') {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        return token(SQL_LINE_COMMENT, at, newline ? newline : end, scanner);
    }
    if (*at == '/' && has_next && at[1] == '*')
        return token(SQL_BLOCK_COMMENT, at, end_of_block_comment(at, end), scanner);
    switch (*at) {
    case '\'':
    case '"': return token(SQL_QUOTED, at, end_of_quoted(at, end, false), scanner);
    case '$': return next_dollar(scanner);
    case ':': return next_colon(scanner);
    case ';': return token(SQL_SEMICOLON, at, at + 1, scanner);
    case '\n': return token(SQL_NEWLINE, at, at + 1, scanner);
    default: return token(SQL_TEXT, at, at + 1, scanner);
    }
}
