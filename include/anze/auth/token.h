#ifndef ANZE_AUTH_TOKEN_H
#define ANZE_AUTH_TOKEN_H

#include "anze/auth/keys.h"
#include "anze/auth/principal.h"
#include "anze/base/arena.h"
#include "anze/base/problem.h"
#include "anze/base/slice.h"

#include <jansson.h>

/* Access tokens: RFC 9068 under the advice of RFC 8725, and those of issuers that call all their tokens JWT.
 *
 * Verifying: the verifier owns the trusted keys, looks at their directories again at most once a second (no restart),
 * has those of issuers by URL fetched in the background (src/auth/remote.h),
 * and remembers verified tokens by digest until they expire, are revoked (keys.h) or their key goes. Thread-safe.
 *
 * Types. A token with `typ: at+jwt` (in any case, also with application/ before it) says that it is an access token
 * and is taken from every issuer. One with `typ: JWT` says nothing of the kind, so it is taken only from our own
 * issuer, which signs nothing else, and from issuers that are configured with typ=jwt. What keeps such an issuer's ID
 * tokens out is what they hold: `aud` must name us and `client_id` and `jti` must be there, where an ID token names the
 * client in `aud` and has neither; and claims that only ID tokens (at_hash, c_hash, s_hash) or logout tokens (events)
 * have are refused. So nobody may register a client at that issuer under the name of ANZE_TOKEN_AUDIENCE.
 *
 * Which tokens go which way. Bearer text, header, algorithm, key and type are settled here for all. Then tokens with
 * `typ: JWT` are verified, and our own issued, by libjwt (src/auth/libjwt.c) with RS256 and ES256. libjwt 1.10, the one
 * in Debian 12, refuses every other `typ` when it verifies, writes JWT over any other when it issues, and knows no
 * PS256: those go by OpenSSL's EVP with keys kept in memory (src/auth/signature.c). Each is the other's check in
 * tests/unit/test_signature.c. A libjwt that takes `at+jwt` would replace signature.c, nothing else. */
struct verifier;

struct verifier_options {
    const char *issuers;       /* ANZE_TOKEN_ISSUERS: see src/auth/issuer.h */
    const char *own_issuer;    /* ANZE_TOKEN_ISSUER: tokens signed with our own keys are trusted; NULL or "": none */
    const char *plain_issuer;  /* ANZE_TOKEN_PLAIN_ISSUER: whose names stand without it before them; NULL or "": our own
                                * where there is one, else the first of the others */
    const char *key_directory; /* ANZE_KEY_DIRECTORY: our own private keys; NULL or "": none */
    const char *audience;      /* must be the token's aud, or in it */
    long skew_s;               /* forgiven in exp, nbf and iat */
    long cache_size;           /* tokens remembered */
    long jwks_refresh_s;       /* keys of issuers by URL are fetched anew so often, */
    long jwks_cool_down_s;     /* and never more often than that */
    const char *jwks_ca_file;  /* ANZE_JWKS_CA_FILE: by which those URLs are trusted; NULL or "": the machine's */
};

/* NULL: complaints name each bad issuer, directory or key file (empty, unreadable, wrong curve or too small). */
struct verifier *verifier_open(const struct verifier_options *options, struct text *complaints) NODISCARD;
void verifier_close(struct verifier *verifier); /* after the last arena with a principal was freed; NULL is accepted */

/* `authorization` is the header's whole value. The principal is valid until the arena is freed. False: 401
 * PROBLEM_UNAUTHENTICATED without bearer token, PROBLEM_INVALID_TOKEN otherwise; `cause` for the log names the check,
 * never the token. While the keys of an issuer by URL have not come once, its tokens get 503: a client throws a token
 * away that is called invalid, and asks its issuer, which may be away, for another one; with 503 it comes again. */
bool verifier_check(struct verifier *verifier, struct arena *arena, struct slice authorization,
                    const struct principal **ret_principal, struct problem *problem) NODISCARD;

/* Our own public keys as a JWK Set (RFC 7517), public members only, sorted by kid. Kept keys: reads no file. */
struct slice verifier_jwks(struct verifier *verifier, struct arena *arena) NODISCARD;

enum token_type { TOKEN_JWT, TOKEN_AT_JWT };

/* Signs claims as they are, with that `typ` and the key's kid. NULL when a library fails. */
const char *token_issue(struct arena *arena, const struct key *key, enum token_type type,
                        const json_t *claims) NODISCARD;

#endif
