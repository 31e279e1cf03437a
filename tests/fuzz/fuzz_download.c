#include "anze/http/download.h"

#include <stdlib.h>
#include <string.h>

/* Eight bytes of length, then a Range field; the rest of it again as a file's name. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool good)
{
    if (!good)
        abort();
}

static void check_range(struct slice field, uint64_t length)
{
    struct byte_range range = { 0, 0 };
    enum range_verdict verdict = range_read(field, length, &range);
    if (verdict == RANGE_PART)
        need(range.length > 0 && range.first < length && range.length <= length - range.first);
    else
        need(range.length == 0);
}

/* Nothing in it ends the quoted name or the header field, and no byte is lost. */
static void check_name(struct arena *arena, const char *name)
{
    static const char between[] = "\"; filename*=UTF-8''";
    const size_t length = sizeof between - 1;
    const char *field = disposition_of(arena, name), *open = strchr(field, '"'), *close = strchr(open + 1, '"');
    need(close && strncmp(close, between, length) == 0);
    for (const char *at = field; *at; at++)
        need(*at >= ' ' && *at < 0x7f && *at != '\\');
    size_t bytes = 0;
    for (const char *at = close + length; *at; at++) {
        at += *at == '%' ? 2 : 0;
        bytes++;
    }
    need(bytes == strlen(name));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t length;
    if (size < sizeof length)
        return 0;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    memcpy(&length, data, sizeof length);
    struct slice rest = { (const char *)data + sizeof length, size - sizeof length };
    check_range(rest, length ? length : 1);
    check_name(arena, arena_strndup(arena, rest.bytes, rest.length));
    return 0;
}
