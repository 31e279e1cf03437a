#include "anze/contract/instant.h"
#include "anze/base/text.h"
#include "anze/contract/format.h"

enum { BEFORE_POINT = 19, KEPT_DECIMALS = 6 };

static size_t digits_from(struct slice text, size_t at)
{
    size_t begin = at;
    while (at < text.length && text.bytes[at] >= '0' && text.bytes[at] <= '9')
        at++;
    return at - begin;
}

struct slice instant_cut(struct arena *arena, struct slice text)
{
    if (text.length <= BEFORE_POINT || text.bytes[BEFORE_POINT] != '.')
        return text;
    size_t kept = BEFORE_POINT + 1 + KEPT_DECIMALS, end = BEFORE_POINT + 1 + digits_from(text, BEFORE_POINT + 1);
    if (end <= kept || !format_find("date-time")(text))
        return text;
    struct text cut = text_on(arena);
    text_add(&cut, text.bytes, kept);
    text_add(&cut, text.bytes + end, text.length - end);
    return text_slice(&cut);
}

/* The string of a document that has this point where an instant has one; else SLICE_NONE. */
static struct slice string_around(struct slice json, size_t point)
{
    if (point < BEFORE_POINT + 2 || json.bytes[point - BEFORE_POINT - 1] != '"'
        || json.bytes[point - BEFORE_POINT - 2] == '\\')
        return SLICE_NONE;
    const char *begin = json.bytes + point - BEFORE_POINT, *end = json.bytes + json.length;
    const char *quote = memchr(begin, '"', (size_t)(end - begin));
    return quote ? (struct slice){ begin, (size_t)(quote - begin) } : SLICE_NONE;
}

struct slice instants_cut(struct arena *arena, struct slice json)
{
    struct text cut = text_on(arena);
    size_t copied = 0;
    const char *end = json.bytes + json.length;
    for (const char *point = json.bytes; (point = memchr(point, '.', (size_t)(end - point))); point++) {
        struct slice before = string_around(json, (size_t)(point - json.bytes));
        struct slice after = before.bytes ? instant_cut(arena, before) : before;
        if (after.length == before.length)
            continue;
        size_t at = (size_t)(before.bytes - json.bytes);
        text_add(&cut, json.bytes + copied, at - copied);
        text_add(&cut, after.bytes, after.length);
        copied = at + before.length;
    }
    if (!copied)
        return json;
    text_add(&cut, json.bytes + copied, json.length - copied);
    return text_slice(&cut);
}
