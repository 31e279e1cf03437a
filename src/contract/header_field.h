#ifndef ANZE_CONTRACT_HEADER_FIELD_H
#define ANZE_CONTRACT_HEADER_FIELD_H

#include "anze/base/arena.h"
#include "anze/base/slice.h"

/* If-Match as anze.is_version() reads it: the version numbers of the tags that were sent, with commas between them.
 * "5", "7" gives 5,7 and * gives *; a weak tag, or one that this service never gave out, gives nothing, and a list of
 * such alone -1, which is no version. False: no list of entity tags (RFC 9110 13.1.1), or one too long to look at. */
bool header_match(struct arena *arena, struct slice field, const char **ret_versions) NODISCARD;

/* Idempotency-Key: a structured-field string ("…", RFC 8941 3.3.3) or the same characters bare; 1-255 visible ASCII
 * characters, which go to ret_key without quotes and escapes. */
bool header_key(struct arena *arena, struct slice field, struct slice *ret_key) NODISCARD;

#endif
