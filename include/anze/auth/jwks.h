#ifndef ANZE_AUTH_JWKS_H
#define ANZE_AUTH_JWKS_H

#include "anze/auth/keys.h"

/* The public halves as a JWK Set (RFC 7517): kty, use, alg, kid and n, e or crv, x, y. NULL: the empty set. */
struct slice jwks_render(struct arena *arena, const struct key_set *set) NODISCARD;

#endif
