#ifndef ANZE_BASE_ETAG_H
#define ANZE_BASE_ETAG_H

#include "anze/base/arena.h"
#include "anze/base/slice.h"

/* Entity tags (RFC 9110 section 8.8.3). The tag of a compressed answer says so, and names the same version. */
const char *etag_field(struct arena *arena, const char *tag, bool is_gzip) NODISCARD RETURNS_NONNULL; /* in quotes */

struct etag {
    struct slice tag; /* without quotes, and without the mark of compression */
    bool is_weak;
};
/* Takes the next tag off the front of a list of them; a tag may have commas in it. */
enum etag_end { ETAG_TAKEN, ETAG_END, ETAG_MALFORMED };
enum etag_end etag_next(struct slice *rest, struct etag *ret_etag) NODISCARD;

#endif
