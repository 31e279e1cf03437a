#ifndef ANZE_AUTH_TOKEN_H
#define ANZE_AUTH_TOKEN_H

#include "anze/auth/keys.h"
#include "anze/auth/principal.h"
#include "anze/base/arena.h"
#include "anze/base/problem.h"
#include "anze/base/slice.h"

#include <jansson.h>

/* Access tokens: RFC 9068 under the advice of RFC 8725.
 *
 * Verifying: the verifier owns the trusted keys, looks at their directories again at most once a second (no restart),
 * and remembers verified tokens by digest until they expire, are revoked (keys.h) or their key goes. Thread-safe.
 *
 * Which tokens go which way. libjwt 1.10, the one in Debian 12, can do neither half for access tokens: verifying, it
 * refuses every `typ` but JWT, knows no PS256, lets the token choose the algorithm, binds no curve to it and parses
 * the PEM at each call (about 0.6 ms); issuing, it writes `typ: JWT` over whatever was set. So all tokens, both ways,
 * go by OpenSSL's EVP with keys kept in memory (src/auth/signature.c), after bearer text, header, algorithm, key and
 * type are settled here. libjwt is the other party in tests/unit/test_signature.c: what it signs we verify, what we
 * sign it verifies. A libjwt that takes `at+jwt` would replace signature.c and issue.c, nothing else. */
struct verifier;

struct verifier_options {
    const char *issuers;       /* ANZE_TOKEN_ISSUERS: name=directory of public keys, separated by spaces */
    const char *own_issuer;    /* ANZE_TOKEN_ISSUER: tokens signed with our own keys are trusted; NULL or "": none */
    const char *key_directory; /* ANZE_KEY_DIRECTORY: our own private keys; NULL or "": none */
    const char *audience;      /* must be the token's aud, or in it */
    long skew_s;               /* forgiven in exp, nbf and iat */
    long cache_size;           /* tokens remembered */
};

/* NULL: complaints name each bad issuer, directory or key file (empty, unreadable, wrong curve or too small). */
struct verifier *verifier_open(const struct verifier_options *options, struct text *complaints) NODISCARD;
void verifier_close(struct verifier *verifier); /* after the last arena with a principal was freed; NULL is accepted */

/* `authorization` is the header's whole value. The principal is valid until the arena is freed. False: 401
 * PROBLEM_UNAUTHENTICATED without bearer token, PROBLEM_INVALID_TOKEN otherwise; `cause` for the log names the check,
 * never the token. */
bool verifier_check(struct verifier *verifier, struct arena *arena, struct slice authorization,
                    const struct principal **ret_principal, struct problem *problem) NODISCARD;

/* Our own public keys as a JWK Set (RFC 7517), public members only, sorted by kid. Kept keys: reads no file. */
struct slice verifier_jwks(struct verifier *verifier, struct arena *arena) NODISCARD;

/* Signs claims as they are, with `typ: at+jwt` and the key's kid. NULL when the library fails. */
const char *token_issue(struct arena *arena, const struct key *key, const json_t *claims) NODISCARD;

#endif
