#ifndef ANZE_BASE_CRYPTO_H
#define ANZE_BASE_CRYPTO_H

#include "anze/base/arena.h"
#include "anze/base/slice.h"
#include <stdbool.h>
#include <stdint.h>

/* Digests, MACs, randomness and base64url: the door to OpenSSL for everything but token signatures (auth/). */
enum { CRYPTO_DIGEST_BYTES = 32 };
enum digest_kind { DIGEST_SHA256, DIGEST_SM3 };

bool digest_kind_from_name(const char *name, enum digest_kind *ret_kind) NODISCARD; /* "sha256", "sm3" */
const char *digest_kind_name(enum digest_kind kind);

/* Digest of the concatenation of `n` parts. */
void crypto_digest(enum digest_kind kind, const struct slice *parts, size_t n, uint8_t out[CRYPTO_DIGEST_BYTES]);
/* The same for what comes piece by piece. Ended once, or freed with the arena. */
struct digest_stream;
struct digest_stream *crypto_digest_begin(struct arena *arena, enum digest_kind kind) NODISCARD RETURNS_NONNULL;
void crypto_digest_add(struct digest_stream *stream, struct slice piece);
void crypto_digest_end(struct digest_stream *stream, uint8_t out[CRYPTO_DIGEST_BYTES]);
void crypto_hmac_sha256(struct slice key, struct slice data, uint8_t out[CRYPTO_DIGEST_BYTES]);
void crypto_random(void *bytes, size_t length); /* ends the process if the system has none */
bool crypto_equal(const void *a, const void *b, size_t length) NODISCARD; /* in constant time */

char *crypto_base64url(struct arena *arena, const void *bytes, size_t length) NODISCARD; /* unpadded */
/* Strict: no padding, no whitespace, no foreign alphabet, canonical last character. False if not so. */
bool crypto_base64url_decode(struct arena *arena, struct slice text, struct slice *ret_bytes) NODISCARD;

#endif
