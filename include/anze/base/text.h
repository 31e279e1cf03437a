#ifndef ANZE_BASE_TEXT_H
#define ANZE_BASE_TEXT_H

#include "anze/base/arena.h"
#include "anze/base/slice.h"

/* A string that grows on an arena. `bytes` is always NUL-terminated once something was added. */
struct text {
    struct arena *arena;
    char *bytes;
    size_t length;
    size_t room;
};

static inline struct text text_on(struct arena *arena)
{
    return (struct text){ .arena = arena };
}

void text_add(struct text *text, const char *bytes, size_t length);
void text_add_string(struct text *text, const char *string);
void text_add_char(struct text *text, char c);
void text_printf(struct text *text, const char *format, ...) FORMAT(2, 3);
void text_add_json(struct text *text, const char *string); /* quoted and escaped as a JSON string; NULL -> null */
struct slice text_slice(const struct text *text);

#endif
