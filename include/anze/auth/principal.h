#ifndef ANZE_AUTH_PRINCIPAL_H
#define ANZE_AUTH_PRINCIPAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Who is calling, as the verified token says (RFC 9068 claims and ours). Immutable; strings never NULL.
 *
 *   scope         space-separated, RFC 6749
 *   anze_unit     uuid of the caller's own unit
 *   anze_region   division code prefix (2, 4, 6, 9 or 12 digits): what lies under it may be seen
 *   anze_sectors  array of sector codes; absent: every sector
 *   act           {"sub": …} (RFC 8693): who acts on behalf of `sub`
 *
 * Reach: a token with anze_region reaches that region; one with anze_unit alone reaches that unit; one with
 * neither reaches nothing but public data. */
enum reach { REACH_NONE, REACH_UNIT, REACH_REGION };

struct principal {
    const char *issuer;
    const char *subject;
    const char *actor;        /* act.sub, else sub */
    const char *on_behalf_of; /* sub when act is there, else the unit, else "" */
    const char *actor_id;     /* actor and on_behalf_of as rows and comparisons have them: names of the plain issuer */
    const char *on_behalf_id; /* as they are, others as issuer#name, so that no two issuers share a name (token.h) */
    const char *client;
    const char *token_id;     /* jti */
    const char *unit;         /* "" when none */
    const char *region;       /* "" when none */
    const char *sectors;      /* PostgreSQL array literal {a,b}; "" when every sector */
    const char *sector;       /* the one sector when there is exactly one, else "" */
    const char *scopes;       /* normalised: single spaces */
    enum reach reach;
    int64_t expires_at_s;
};

bool principal_has_scope(const struct principal *principal, const char *scope);

#endif
