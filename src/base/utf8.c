#include "anze/base/utf8.h"

/* First byte, how many follow, and the smallest point that may be written so (overlong forms are below it). */
static const struct lead {
    unsigned char mask, value;
    size_t length;
    uint32_t least;
} leads[] = {
    { 0x80, 0x00, 1, 0 },
    { 0xe0, 0xc0, 2, 0x80 },
    { 0xf0, 0xe0, 3, 0x800 },
    { 0xf8, 0xf0, 4, 0x10000 },
};

static bool is_scalar(uint32_t point)
{
    return point <= 0x10ffff && (point < 0xd800 || point > 0xdfff);
}

static size_t decode(struct slice text, const struct lead *lead, uint32_t *ret_point)
{
    const unsigned char *bytes = (const unsigned char *)text.bytes;
    if (text.length < lead->length)
        return 0;
    uint32_t point = bytes[0] & (unsigned char)~lead->mask;
    for (size_t i = 1; i < lead->length; i++) {
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
        point = point << 6 | (bytes[i] & 0x3f);
    }
    *ret_point = point;
    return point >= lead->least && is_scalar(point) ? lead->length : 0;
}

size_t utf8_next(struct slice text, uint32_t *ret_point)
{
    if (text.length == 0)
        return 0;
    for (size_t i = 0; i < sizeof(leads) / sizeof(leads[0]); i++)
        if (((unsigned char)text.bytes[0] & leads[i].mask) == leads[i].value)
            return decode(text, &leads[i], ret_point);
    return 0;
}

size_t utf8_valid_length(struct slice text)
{
    size_t at = 0;
    while (at < text.length) {
        if ((unsigned char)text.bytes[at] < 0x80) {
            at++;
            continue;
        }
        uint32_t point;
        size_t length = utf8_next((struct slice){ text.bytes + at, text.length - at }, &point);
        if (length == 0)
            break;
        at += length;
    }
    return at;
}

size_t utf8_count(struct slice text)
{
    size_t n = 0;
    for (size_t i = 0; i < text.length; i++)
        n += ((unsigned char)text.bytes[i] & 0xc0) != 0x80;
    return n;
}

struct slice utf8_cut(struct slice text, size_t limit)
{
    if (text.length <= limit)
        return text;
    while (limit > 0 && ((unsigned char)text.bytes[limit] & 0xc0) == 0x80)
        limit--;
    return (struct slice){ text.bytes, limit };
}
