#ifndef ANZE_AUTH_CACHE_H
#define ANZE_AUTH_CACHE_H

#include "anze/auth/principal.h"
#include "anze/base/crypto.h"

#include <stdatomic.h>

struct issuer;

/* Verified tokens by the SHA-256 of their whole text: bounded, thread-safe, a hit holds one of many locks for a
 * look at eight entries. Counted references keep an entry alive for the requests that use it after it was pushed out.
 * Nothing about the token itself is kept but the digest. */
struct verified {
    atomic_uint references;
    uint8_t digest[CRYPTO_DIGEST_BYTES];
    uint8_t key_print[CRYPTO_DIGEST_BYTES]; /* of the key that signed it */
    const struct issuer *issuer;            /* the verifier's */
    atomic_ulong generation;                /* of the keys, when it was last known to be good */
    int64_t good_until_s;
    uint64_t used;                          /* the cache's: order of use */
    struct principal principal;             /* its strings follow in the same piece of memory */
};

/* A copy of the principal with one reference, the caller's. Other fields are the caller's to fill in. */
struct verified *verified_new(const struct principal *principal) NODISCARD RETURNS_NONNULL;
void verified_release(void *verified); /* gives one reference back; for arena_defer */

struct token_cache;
struct token_cache *token_cache_new(size_t size) NODISCARD RETURNS_NONNULL;
void token_cache_free(struct token_cache *cache);

/* With a reference for the caller; NULL when unknown or no longer good at `now_s`. */
struct verified *token_cache_find(struct token_cache *cache, const uint8_t digest[CRYPTO_DIGEST_BYTES],
                                  int64_t now_s) NODISCARD;
/* Takes a reference of its own. What expired, else what was used least recently, makes room. */
void token_cache_keep(struct token_cache *cache, struct verified *verified, int64_t now_s);
void token_cache_drop(struct token_cache *cache, const uint8_t digest[CRYPTO_DIGEST_BYTES]);

#endif
