#ifndef ANZE_AUTH_JWKS_H
#define ANZE_AUTH_JWKS_H

#include "anze/auth/keys.h"

#include <jansson.h>

/* A JWK Set of an issuer. Taken are keys with a kid that are for signatures (use and key_ops say so or are not there),
 * RSA with 2048 to 8192 bits or EC on P-256, each pinned to its alg; one that names none to RS256 or ES256, as issuers
 * who leave it out mean it. The rest is passed over, each with a line in `complaints`: other kinds and algorithms,
 * keys that show their secret half, and different keys under one kid. NULL: it is no JWK Set, or has more than 100
 * keys. */
struct key_set *jwks_read(const json_t *document, struct text *complaints) NODISCARD;

/* The public halves as a JWK Set (RFC 7517): kty, use, alg, kid and n, e or crv, x, y. NULL: the empty set. */
struct slice jwks_render(struct arena *arena, const struct key_set *set) NODISCARD;

#endif
