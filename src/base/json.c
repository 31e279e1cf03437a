#include "anze/base/json.h"
#include "anze/base/bytes.h"
#include "anze/base/utf8.h"

#include <ctype.h>
#include <stdlib.h>

/* Why a text is refused: the rule, as the client reads it. */
enum refusal { REFUSED_NOT, SYNTAX, DUPLICATE, DEPTH, NODES, NUMBER, UTF8, BOM, NUL, EMPTY };

static const struct refusal_text {
    const char *rule, *zh, *en;
} refusals[] = {
    [SYNTAX] = { "syntax", "此处不符合 JSON 语法", "this is not JSON" },
    [DUPLICATE] = { "duplicate-key", "同一对象中的成员名重复", "an object has two members of the same name" },
    [DEPTH] = { "depth", "嵌套超过 32 层", "there are more than 32 levels of nesting" },
    [NODES] = { "nodes", "值的个数超过 10000", "there are more than 10000 values" },
    [NUMBER] = { "number-range", "数值过长或超出范围", "a number is too long or out of range" },
    [UTF8] = { "utf8", "不是有效的 UTF-8", "this is not valid UTF-8" },
    [BOM] = { "utf8", "不得以字节顺序标记 (BOM) 开头", "the text must not begin with a byte order mark" },
    [NUL] = { "nul", "不得包含 U+0000", "U+0000 is not allowed" },
    [EMPTY] = { "empty", "内容为空", "there is nothing here" },
};

_Static_assert(JSON_MAX_DEPTH == 32 && JSON_MAX_NODES == 10000, "the sentences above name these limits");

/* One pass over the bytes before the parser sees them: only what costs it memory or what it lets through. It need
 * not understand grammar: what is not JSON is left for the parser to refuse. */
struct scan {
    struct slice text;
    size_t at, depth, nodes;
    enum refusal refusal;
};

static bool refuse_json(struct scan *scan, size_t at, enum refusal refusal)
{
    scan->at = at;
    scan->refusal = refusal;
    return false;
}

/* The four digits after \u, or -1. */
static long escaped_unit(const struct scan *scan, size_t at)
{
    long unit = 0;
    if (scan->text.length - at < 6 || scan->text.bytes[at] != '\\' || scan->text.bytes[at + 1] != 'u')
        return -1;
    for (size_t i = at + 2; i < at + 6; i++) {
        int digit = hex_value(scan->text.bytes[i]);
        if (digit < 0)
            return -1;
        unit = unit * 16 + digit;
    }
    return unit;
}

static bool scan_escape(struct scan *scan)
{
    long unit = escaped_unit(scan, scan->at);
    if (unit == 0)
        return refuse_json(scan, scan->at, NUL);
    if (unit >= 0xdc00 && unit <= 0xdfff)
        return refuse_json(scan, scan->at, UTF8);
    if (unit < 0xd800 || unit > 0xdbff) {
        scan->at += unit < 0 ? 2 : 6;
        return true;
    }
    long low = escaped_unit(scan, scan->at + 6);
    if (low < 0xdc00 || low > 0xdfff)
        return refuse_json(scan, scan->at, UTF8);
    scan->at += 12;
    return true;
}

/* From the opening quote to behind the closing one. An unfinished string ends with the text. */
static bool scan_string(struct scan *scan)
{
    scan->at++;
    while (scan->at < scan->text.length) {
        char c = scan->text.bytes[scan->at];
        if (c == '"')
            break;
        if (c == '\\') {
            if (!scan_escape(scan))
                return false;
        } else
            scan->at++;
    }
    scan->at++;
    return true;
}

static bool is_json_word(char c)
{
    return isalnum((unsigned char)c) || c == '+' || c == '-' || c == '.';
}

/* A number, true, false, null, or anything else that looks like a word. */
static bool scan_word(struct scan *scan)
{
    size_t begin = scan->at;
    while (scan->at < scan->text.length && is_json_word(scan->text.bytes[scan->at]))
        scan->at++;
    if (scan->at == begin)
        scan->at++;
    return scan->at - begin <= JSON_MAX_DIGITS || refuse_json(scan, begin, NUMBER);
}

static bool scan_value(struct scan *scan)
{
    char c = scan->text.bytes[scan->at];
    if (c == '"')
        return scan_string(scan);
    if (c != '{' && c != '[')
        return scan_word(scan);
    scan->at++;
    return ++scan->depth <= JSON_MAX_DEPTH || refuse_json(scan, scan->at - 1, DEPTH);
}

/* A member's name is counted as a value when it is met and taken back at its colon. */
static bool scan_token(struct scan *scan)
{
    switch (scan->text.bytes[scan->at]) {
    case ' ':
    case '\t':
    case '\r':
    case '\n':
    case ',':
        scan->at++;
        return true;
    case ':':
        scan->at++;
        scan->nodes -= scan->nodes > 0;
        return true;
    case '}':
    case ']':
        scan->at++;
        scan->depth -= scan->depth > 0;
        return true;
    default: return ++scan->nodes <= JSON_MAX_NODES + 1 ? scan_value(scan) : refuse_json(scan, scan->at, NODES);
    }
}

static bool scan_bytes(struct scan *scan)
{
    const char *nul = scan->text.length ? memchr(scan->text.bytes, '\0', scan->text.length) : NULL;
    if (scan->text.length >= 3 && memcmp(scan->text.bytes, "\xef\xbb\xbf", 3) == 0)
        return refuse_json(scan, 0, BOM);
    if (nul)
        return refuse_json(scan, (size_t)(nul - scan->text.bytes), NUL);
    size_t valid = utf8_valid_length(scan->text);
    return valid == scan->text.length || refuse_json(scan, valid, UTF8);
}

static bool scan_all(struct scan *scan)
{
    if (!scan_bytes(scan))
        return false;
    while (scan->at < scan->text.length)
        if (!scan_token(scan))
            return false;
    if (scan->nodes == 0)
        return refuse_json(scan, scan->text.length, EMPTY);
    return scan->nodes <= JSON_MAX_NODES || refuse_json(scan, scan->text.length, NODES);
}

static enum refusal refusal_of(const json_error_t *error)
{
    switch (json_error_code(error)) {
    case json_error_duplicate_key: return DUPLICATE;
    case json_error_numeric_overflow: return NUMBER;
    case json_error_null_character:
    case json_error_null_byte_in_key: return NUL;
    case json_error_invalid_utf8: return UTF8;
    case json_error_stack_overflow: return DEPTH;
    default: return SYNTAX;
    }
}

static bool raise(struct arena *arena, struct problem *problem, enum refusal refusal, size_t offset)
{
    const struct refusal_text *text = &refusals[refusal];
    problem_fault(arena, problem, PROBLEM_INVALID_JSON, "body", "", text->rule, SENTENCE_ZH, SENTENCE_EN, text->zh,
                  text->en);
    problem->extra = arena_printf(arena, "\"offset\":%zu", offset);
    return problem_raise(arena, problem, PROBLEM_INVALID_JSON, "第 %1$zu 字节处无法解析", "Cannot be read at byte %1$zu",
                         offset);
}

static void decref(void *value)
{
    json_decref(value);
}

json_t *json_keep(struct arena *arena, json_t *value)
{
    arena_defer(arena, decref, value);
    return value;
}

const char *json_text(struct arena *arena, const json_t *value)
{
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(15));
    if (!text)
        abort();
    const char *kept = arena_strdup(arena, text);
    free(text);
    return kept;
}

bool json_read(struct arena *arena, struct slice text, json_t **ret_value, struct problem *problem)
{
    struct scan scan = { .text = text };
    if (!scan_all(&scan))
        return raise(arena, problem, scan.refusal, scan.at);
    json_error_t error;
    json_t *value = json_loadb(text.bytes, text.length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (!value)
        return raise(arena, problem, refusal_of(&error), (size_t)error.position);
    *ret_value = json_keep(arena, value);
    return true;
}

bool json_read_trusted(struct arena *arena, struct slice text, json_t **ret_value, size_t *ret_offset)
{
    json_error_t error;
    json_t *value = json_loadb(text.bytes, text.length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    *ret_offset = value ? text.length : (size_t)error.position;
    if (value)
        *ret_value = json_keep(arena, value);
    return value;
}
