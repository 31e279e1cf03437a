#include "anze/base/etag.h"

static const char coding[] = "-gzip";

const char *etag_field(struct arena *arena, const char *tag, bool is_gzip)
{
    return arena_printf(arena, "\"%s%s\"", tag, is_gzip ? coding : "");
}

static struct slice without_coding(struct slice tag)
{
    const size_t length = sizeof coding - 1;
    bool coded = tag.length > length && memcmp(tag.bytes + tag.length - length, coding, length) == 0;
    return (struct slice){ tag.bytes, coded ? tag.length - length : tag.length };
}

static struct slice behind(struct slice text, size_t length)
{
    return (struct slice){ text.bytes + length, text.length - length };
}

static struct slice skip_prefix(struct slice text, const char *what)
{
    while (text.length && *text.bytes && strchr(what, *text.bytes))
        text = behind(text, 1);
    return text;
}

enum etag_end etag_next(struct slice *rest, struct etag *ret_etag)
{
    struct slice text = skip_prefix(*rest, " \t,");
    if (!text.length)
        return ETAG_END;
    bool is_weak = text.length > 2 && memcmp(text.bytes, "W/", 2) == 0;
    if (is_weak)
        text = behind(text, 2);
    if (*text.bytes != '"')
        return ETAG_MALFORMED;
    text = behind(text, 1);
    size_t length = 0;
    while (length < text.length && text.bytes[length] != '"') {
        unsigned char c = (unsigned char)text.bytes[length++];
        if (c <= ' ' || c == 0x7f)
            return ETAG_MALFORMED;
    }
    if (length == text.length)
        return ETAG_MALFORMED;
    *rest = skip_prefix(behind(text, length + 1), " \t");
    *ret_etag = (struct etag){ without_coding((struct slice){ text.bytes, length }), is_weak };
    return rest->length && *rest->bytes != ',' ? ETAG_MALFORMED : ETAG_TAKEN;
}
