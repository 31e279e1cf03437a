#include "anze/base/media.h"

#include <ctype.h>
#include <magic.h>

/* Looking into packed, tape and program files is none of our business, and hostile ones would be at home there. */
enum { CHECKS = MAGIC_NO_CHECK_COMPRESS | MAGIC_NO_CHECK_TAR | MAGIC_NO_CHECK_ELF | MAGIC_NO_CHECK_TOKENS };

static const char ooxml_words[] = "Microsoft OOXML";
static const char ooxml[] = "application/vnd.openxmlformats-officedocument";
static const char unknown[] = "application/octet-stream";

static void close_magic(void *magic)
{
    magic_close(magic);
}

/* The database is mapped, not read, so that each look has a handle of its own: they are not made for threads. */
static magic_t open_magic(struct arena *arena)
{
    const size_t most = MEDIA_HEAD_BYTES;
    magic_t magic = magic_open(MAGIC_MIME_TYPE | CHECKS);
    if (!magic)
        return NULL;
    arena_defer(arena, close_magic, magic);
    return magic_setparam(magic, MAGIC_PARAM_BYTES_MAX, &most) == 0 && magic_load(magic, NULL) == 0 ? magic : NULL;
}

/* For such packages libmagic has words and no media type. */
static bool is_ooxml(magic_t magic, struct slice head)
{
    if (magic_setflags(magic, CHECKS) != 0)
        return false;
    const char *words = magic_buffer(magic, head.bytes, head.length);
    return words && strncmp(words, ooxml_words, sizeof ooxml_words - 1) == 0;
}

const char *media_type_of(struct arena *arena, struct slice head)
{
    AUTO(arena_free_at_end) struct arena *own = arena_new();
    magic_t magic = open_magic(own);
    const char *found = magic ? magic_buffer(magic, head.bytes, head.length) : NULL;
    if (!found)
        return NULL;
    char *type = arena_strdup(arena, found);
    for (char *at = type; *at; at++)
        *at = (char)tolower((unsigned char)*at);
    return strcmp(type, unknown) == 0 && is_ooxml(magic, head) ? ooxml : type;
}
