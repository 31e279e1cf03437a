#ifndef ANZE_HTTP_DOWNLOAD_H
#define ANZE_HTTP_DOWNLOAD_H

#include "anze/base/arena.h"
#include "anze/base/slice.h"
#include <stdint.h>

/* What HTTP knows about bodies that are sent in pieces: ranges (RFC 9110 section 14) and names (RFC 6266). */
struct byte_range {
    uint64_t first, length;
};

enum range_verdict {
    RANGE_WHOLE,  /* no Range, one that is malformed or of another unit, or several ranges: all of it is sent */
    RANGE_PART,
    RANGE_OUTSIDE /* 416 */
};

/* Range against a body of `length` bytes, which is not 0. */
enum range_verdict range_read(struct slice range, uint64_t length, struct byte_range *ret_range) NODISCARD;

/* If-Range: the range counts when there is no such field, or when it is exactly the current strong tag (without
 * quotes). A date never counts: it cannot say that bytes are the same. */
bool range_counts(struct slice if_range, const char *etag) NODISCARD;

/* attachment; filename="…"; filename*=UTF-8''… */
const char *disposition_of(struct arena *arena, const char *file_name) NODISCARD RETURNS_NONNULL;

#endif
