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

bool etag_read(struct slice field, struct etag *ret_etag)
{
    bool is_weak = field.length > 2 && field.bytes[0] == 'W' && field.bytes[1] == '/';
    if (is_weak)
        field = (struct slice){ field.bytes + 2, field.length - 2 };
    if (field.length < 2 || field.bytes[0] != '"' || field.bytes[field.length - 1] != '"')
        return false;
    struct slice tag = { field.bytes + 1, field.length - 2 };
    for (size_t i = 0; i < tag.length; i++) {
        unsigned char c = (unsigned char)tag.bytes[i];
        if (c <= ' ' || c == '"' || c == 0x7f)
            return false;
    }
    *ret_etag = (struct etag){ without_coding(tag), is_weak };
    return true;
}
