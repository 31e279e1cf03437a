#ifndef ANZE_AUTH_CLAIMS_H
#define ANZE_AUTH_CLAIMS_H

#include "anze/auth/principal.h"
#include "anze/base/arena.h"

#include <jansson.h>

/* The claims of a token whose signature is good, read into a principal (principal.h lists what they mean).
 *
 * Required: iss, sub, client_id, jti (text of 1 to 255 bytes, no control characters), aud (text or array of text,
 * with ours), exp, iat (numbers, also with a fraction: RFC 7519, NumericDate). Optional, but refused when malformed:
 * nbf, scope (RFC 6749), act.sub, anze_unit (uuid, lower case), anze_region (2, 4, 6, 9 or 12 digits), anze_sectors
 * (at least one of [a-z_]{1,32}). Others are passed over. */
struct claims_rules {
    const char *audience;
    int64_t skew_s;
    int64_t now_s;
    const char *plain_issuer; /* whose names stand alone; NULL: everybody's */
};

/* NULL: good. Else the name of the check that refused, for the log ("exp: passed"). Strings live on the arena. */
const char *claims_read(struct arena *arena, const json_t *claims, const struct claims_rules *rules,
                        struct principal *ret_principal) NODISCARD;

extern const char claims_expired[]; /* the one refusal that clients are told apart */

#endif
