#ifndef ANZE_HTTP_NEGOTIATE_H
#define ANZE_HTTP_NEGOTIATE_H

#include "anze/base/problem.h"
#include "anze/base/slice.h"

/* Content negotiation (RFC 9110 section 12). Absent headers (bytes NULL) accept anything. */
/* The offer that is liked best, the first of those that are liked the same; NULL: none is taken. NULL ends them. */
const char *negotiate_media(struct slice accept, const char *const *offers);
enum language negotiate_language(struct slice accept_language); /* Chinese unless English is liked better */
bool negotiate_gzip(struct slice accept_encoding);

/* Content-Type is `media`, with no parameter but charset=utf-8. */
bool media_matches(struct slice content_type, const char *media);

/* Prefer (RFC 7240), the preferences that we know. */
struct preferences {
    bool lenient;
    bool minimal;
    bool dry_run;
    bool count;
};
struct preferences preferences_read(struct slice prefer);
/* The Preference-Applied value, or NULL. */
const char *preferences_applied(struct arena *arena, const struct preferences *applied);

/* If-None-Match against a current tag (without quotes): weak comparison, lists, "*". */
bool none_match_hits(struct slice if_none_match, const char *etag);

#endif
