#ifndef ANZE_BASE_UTF8_H
#define ANZE_BASE_UTF8_H

#include "anze/base/slice.h"
#include <stdint.h>

/* UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF. */

/* Length in bytes (1-4) of the first code point, which goes to ret_point; 0 if the bytes do not begin with one. */
size_t utf8_next(struct slice text, uint32_t *ret_point);

/* Position of the first byte that is not part of valid UTF-8, or text.length if all are. */
size_t utf8_valid_length(struct slice text);

static inline bool utf8_is_valid(struct slice text)
{
    return utf8_valid_length(text) == text.length;
}

/* Code points in text that is known to be valid. */
size_t utf8_count(struct slice text);

/* The longest beginning of valid text that has at most `limit` bytes and cuts no code point. */
struct slice utf8_cut(struct slice text, size_t limit);

#endif
