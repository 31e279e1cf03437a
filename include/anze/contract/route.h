#ifndef ANZE_CONTRACT_ROUTE_H
#define ANZE_CONTRACT_ROUTE_H

#include "anze/base/arena.h"
#include "anze/base/problem.h"
#include "anze/contract/contract.h"

/* The route tree: one node per path segment, literal children sorted, at most one {parameter} child. */
enum { ROUTE_MAX_SEGMENTS = 16 };

struct route_match {
    const struct operation *operation; /* for the method asked; HEAD falls back to GET; NULL when only others exist */
    unsigned allowed;                  /* bit per enum method that this path takes on this listener; 0: no such path */
    struct slice captures[ROUTE_MAX_SEGMENTS]; /* decoded {parameters} in template order; NUL-terminated on arena */
};

/* `path` is the raw request target up to '?'. Nothing is normalised: empty segments, dot segments, a trailing slash
 * and %2F inside a segment are simply no route. False with 400 for bad percent-escapes, %00 and invalid UTF-8. */
bool route_find(struct arena *arena, const struct contract *contract, enum listener listener, enum method method,
                struct slice path, struct route_match *ret_match, struct problem *problem) NODISCARD;

/* "GET, HEAD, OPTIONS" for an Allow header. */
const char *route_allow(struct arena *arena, unsigned allowed) NODISCARD;

/* Percent-decoding and UTF-8 check shared with query strings; `plus_is_space` for queries. NULL bytes on failure. */
struct slice route_decode(struct arena *arena, struct slice raw, bool plus_is_space) NODISCARD;

#endif
