#ifndef ANZE_CONTRACT_HEADER_FIELD_H
#define ANZE_CONTRACT_HEADER_FIELD_H

#include "anze/base/arena.h"
#include "anze/base/slice.h"

/* If-Match as the version number that a statement compares. "5" gives 5 and * gives *; a weak tag, or one that this
 * service never gave out, gives -1, which is no version. False: not one entity tag (RFC 9110 8.8.3). */
bool header_match(struct arena *arena, struct slice field, const char **ret_version) NODISCARD;

/* Idempotency-Key: a structured-field string ("…", RFC 8941 3.3.3) or the same characters bare; 1-255 visible ASCII
 * characters, which go to ret_key without quotes and escapes. */
bool header_key(struct arena *arena, struct slice field, struct slice *ret_key) NODISCARD;

#endif
