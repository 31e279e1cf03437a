#ifndef ANZE_AUTH_LIBJWT_H
#define ANZE_AUTH_LIBJWT_H

#include "anze/auth/keys.h"

#include <jansson.h>

/* The door to libjwt (1.10, as Debian 12 has it), for tokens with `typ: JWT`. token.h says which tokens go this way.
 * It knows no PS256, and it parses the key's PEM at each call, about 0.6 ms: once for each token, since verified
 * tokens are remembered. */
bool libjwt_has(enum key_algorithm algorithm);

/* A token of three strict parts whose header was read and whose algorithm is the key's. */
bool libjwt_verify(const struct key *key, const char *token) NODISCARD;

/* With the key's kid. NULL when the library fails. */
const char *libjwt_issue(struct arena *arena, const struct key *key, const char *claims) NODISCARD;

#endif
