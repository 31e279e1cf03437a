#ifndef ANZE_BASE_SLICE_H
#define ANZE_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* A run of bytes that somebody else owns. `bytes` NULL means "there is none", which is not the same as empty. */
struct slice {
    const char *bytes;
    size_t length;
};

#define SLICE_NONE ((struct slice){ NULL, 0 })
#define SLICE(literal) ((struct slice){ (literal), sizeof(literal) - 1 })

static inline struct slice slice_of(const char *text)
{
    return (struct slice){ text, text ? strlen(text) : 0 };
}

static inline bool slice_equals(struct slice a, const char *text)
{
    size_t length = strlen(text);
    return a.bytes && a.length == length && memcmp(a.bytes, text, length) == 0;
}

#endif
