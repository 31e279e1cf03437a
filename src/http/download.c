#include "anze/http/download.h"
#include "anze/base/text.h"

#include <strings.h>

/* Digits alone; false for none, for anything else, and for what 64 bits do not hold. */
static bool read_range_number(struct slice text, uint64_t *ret_number)
{
    uint64_t number = 0;
    for (size_t i = 0; i < text.length; i++) {
        unsigned digit = (unsigned)text.bytes[i] - '0';
        if (digit > 9 || number > (UINT64_MAX - digit) / 10)
            return false;
        number = number * 10 + digit;
    }
    *ret_number = number;
    return text.length > 0;
}

static enum range_verdict last_bytes(uint64_t wanted, uint64_t length, struct byte_range *ret_range)
{
    if (wanted == 0)
        return RANGE_OUTSIDE;
    uint64_t n = wanted < length ? wanted : length;
    *ret_range = (struct byte_range){ length - n, n };
    return RANGE_PART;
}

/* "0-499", "500-", "-500" */
enum range_verdict range_read(struct slice range, uint64_t length, struct byte_range *ret_range)
{
    static const char unit[] = "bytes=";
    const size_t skip = sizeof unit - 1;
    uint64_t first = 0, last = 0;
    if (range.length <= skip || strncasecmp(range.bytes, unit, skip) != 0)
        return RANGE_WHOLE;
    range = (struct slice){ range.bytes + skip, range.length - skip };
    const char *dash = memchr(range.bytes, '-', range.length);
    if (!dash)
        return RANGE_WHOLE;
    struct slice from = { range.bytes, (size_t)(dash - range.bytes) };
    struct slice to = { dash + 1, range.length - from.length - 1 };
    if (!from.length)
        return read_range_number(to, &last) ? last_bytes(last, length, ret_range) : RANGE_WHOLE;
    if (!read_range_number(from, &first) || (to.length && !read_range_number(to, &last)) || (to.length && last < first))
        return RANGE_WHOLE;
    if (first >= length)
        return RANGE_OUTSIDE;
    last = to.length && last < length ? last : length - 1;
    *ret_range = (struct byte_range){ first, last - first + 1 };
    return RANGE_PART;
}

bool range_counts(struct slice if_range, const char *etag)
{
    size_t length = strlen(etag);
    return !if_range.bytes ||
           (if_range.length == length + 2 && if_range.bytes[0] == '"' && if_range.bytes[length + 1] == '"' &&
            memcmp(if_range.bytes + 1, etag, length) == 0);
}

static bool is_plain_in_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr(".-_", c));
}

/* Clients that know no filename* get what is ASCII of the name. */
const char *disposition_of(struct arena *arena, const char *file_name)
{
    struct text plain = text_on(arena), coded = text_on(arena);
    for (const char *at = file_name; *at; at++) {
        unsigned char c = (unsigned char)*at;
        bool continues = (c & 0xc0) == 0x80;
        text_printf(&coded, is_plain_in_name(*at) ? "%c" : "%%%02X", c);
        if (!continues)
            text_add_char(&plain, is_plain_in_name(*at) || c == ' ' ? *at : '_');
    }
    return arena_printf(arena, "attachment; filename=\"%s\"; filename*=UTF-8''%s", plain.bytes ? plain.bytes : "",
                        coded.bytes ? coded.bytes : "");
}
