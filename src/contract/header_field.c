#include "header_field.h"
#include "anze/base/etag.h"
#include "anze/base/text.h"

enum { LONGEST_VERSION = 18, LONGEST_KEY = 255, LONGEST_MATCH = 1000 };

/* What a tag says beyond the version (how many clocks had run out when it was read) is no change: "4.2" is 4. */
static struct slice without_moment(struct slice tag)
{
    const char *point = memchr(tag.bytes, '.', tag.length);
    return (struct slice){ tag.bytes, point ? (size_t)(point - tag.bytes) : tag.length };
}

static bool is_version(struct slice tag)
{
    if (tag.length == 0 || tag.length > LONGEST_VERSION || (tag.bytes[0] == '0' && tag.length > 1))
        return false;
    for (size_t i = 0; i < tag.length; i++)
        if (tag.bytes[i] < '0' || tag.bytes[i] > '9')
            return false;
    return true;
}

/* Weak tags never match here: RFC 9110 asks for the strong comparison. */
bool header_match(struct arena *arena, struct slice field, const char **ret_versions)
{
    struct text versions = text_on(arena);
    struct etag etag;
    enum etag_end end;
    size_t n_tags = 0;
    *ret_versions = "*";
    if (slice_equals(field, "*"))
        return true;
    if (field.length > LONGEST_MATCH)
        return false;
    for (; (end = etag_next(&field, &etag)) == ETAG_TAKEN; n_tags++) {
        struct slice tag = without_moment(etag.tag);
        if (!etag.is_weak && is_version(tag))
            text_printf(&versions, "%s%.*s", versions.length ? "," : "", (int)tag.length, tag.bytes);
    }
    *ret_versions = versions.length ? versions.bytes : "-1";
    return end == ETAG_END && n_tags > 0;
}

static bool is_visible(char c)
{
    return c > ' ' && c < 0x7f;
}

/* Between the quotes only " and \ are escaped. */
static bool unquote(struct slice field, char *to, size_t *ret_length)
{
    size_t n = 0, end = field.length - 1;
    if (field.length < 2 || field.bytes[end] != '"')
        return false;
    for (size_t i = 1; i < end; i++) {
        bool escaped = field.bytes[i] == '\\';
        char c = field.bytes[i += escaped];
        bool special = c == '"' || c == '\\';
        if (i == end || special != escaped || !is_visible(c))
            return false;
        to[n++] = c;
    }
    *ret_length = n;
    return true;
}

/* A comma would be two fields that something on the way has joined. */
static bool copy_bare(struct slice field, char *to, size_t *ret_length)
{
    for (size_t i = 0; i < field.length; i++) {
        if (!is_visible(field.bytes[i]) || field.bytes[i] == '"' || field.bytes[i] == ',')
            return false;
        to[i] = field.bytes[i];
    }
    *ret_length = field.length;
    return true;
}

bool header_key(struct arena *arena, struct slice field, struct slice *ret_key)
{
    size_t length = 0;
    if (field.length == 0 || field.length > 2 * LONGEST_KEY + 2)
        return false;
    char *key = arena_alloc(arena, field.length + 1);
    bool good = field.bytes[0] == '"' ? unquote(field, key, &length) : copy_bare(field, key, &length);
    *ret_key = (struct slice){ key, length };
    return good && length >= 1 && length <= LONGEST_KEY;
}
