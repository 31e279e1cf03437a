#include "anze/base/crypto.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static const struct {
    const char *name;
    const char *openssl_name;
} digests[] = {
    [DIGEST_SHA256] = { "sha256", "SHA256" },
    [DIGEST_SM3] = { "sm3", "SM3" },
};

/* Looked up once: a fetch costs more than the digest of a short text. */
static EVP_MD *fetched_digests[ARRAY_LENGTH(digests)];
static EVP_MAC_CTX *fresh_hmac;
static pthread_once_t fetched = PTHREAD_ONCE_INIT;

static void need(bool worked)
{
    if (worked)
        return;
    fputs("anze: OpenSSL cannot do SHA-256, SM3, HMAC or random numbers here\n", stderr);
    abort();
}

static void fetch_algorithms(void)
{
    for (size_t i = 0; i < ARRAY_LENGTH(digests); i++)
        need((fetched_digests[i] = EVP_MD_fetch(NULL, digests[i].openssl_name, NULL)) != NULL);
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    need(hmac != NULL && (fresh_hmac = EVP_MAC_CTX_new(hmac)) != NULL);
    char digest[] = "SHA256";
    const OSSL_PARAM parameters[] = { OSSL_PARAM_utf8_string("digest", digest, sizeof digest - 1), OSSL_PARAM_END };
    need(EVP_MAC_CTX_set_params(fresh_hmac, parameters) == 1);
    EVP_MAC_free(hmac); /* the context holds it */
}

bool digest_kind_from_name(const char *name, enum digest_kind *ret_kind)
{
    for (size_t i = 0; i < ARRAY_LENGTH(digests); i++)
        if (strcmp(digests[i].name, name) == 0) {
            *ret_kind = (enum digest_kind)i;
            return true;
        }
    return false;
}

const char *digest_kind_name(enum digest_kind kind)
{
    return digests[kind].name;
}

void crypto_digest(enum digest_kind kind, const struct slice *parts, size_t n, uint8_t out[CRYPTO_DIGEST_BYTES])
{
    pthread_once(&fetched, fetch_algorithms);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    need(context && EVP_DigestInit_ex2(context, fetched_digests[kind], NULL) == 1);
    for (size_t i = 0; i < n; i++)
        need(EVP_DigestUpdate(context, parts[i].bytes, parts[i].length) == 1);
    need(EVP_DigestFinal_ex(context, out, NULL) == 1);
    EVP_MD_CTX_free(context);
}

/* The context itself, under a name of our own. */
static void dispose_stream(void *stream)
{
    EVP_MD_CTX_free(stream);
}

struct digest_stream *crypto_digest_begin(struct arena *arena, enum digest_kind kind)
{
    pthread_once(&fetched, fetch_algorithms);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    need(context && EVP_DigestInit_ex2(context, fetched_digests[kind], NULL) == 1);
    arena_defer(arena, dispose_stream, context);
    return (struct digest_stream *)context;
}

void crypto_digest_add(struct digest_stream *stream, struct slice piece)
{
    need(EVP_DigestUpdate((EVP_MD_CTX *)stream, piece.bytes, piece.length) == 1);
}

void crypto_digest_end(struct digest_stream *stream, uint8_t out[CRYPTO_DIGEST_BYTES])
{
    need(EVP_DigestFinal_ex((EVP_MD_CTX *)stream, out, NULL) == 1);
}

void crypto_hmac_sha256(struct slice key, struct slice data, uint8_t out[CRYPTO_DIGEST_BYTES])
{
    pthread_once(&fetched, fetch_algorithms);
    EVP_MAC_CTX *context = EVP_MAC_CTX_dup(fresh_hmac);
    const uint8_t *key_bytes = (const uint8_t *)(key.bytes ? key.bytes : ""); /* NULL would mean "keep the key" */
    size_t length = 0;
    need(context && EVP_MAC_init(context, key_bytes, key.length, NULL) == 1);
    need(EVP_MAC_update(context, (const uint8_t *)data.bytes, data.length) == 1);
    need(EVP_MAC_final(context, out, &length, CRYPTO_DIGEST_BYTES) == 1 && length == CRYPTO_DIGEST_BYTES);
    EVP_MAC_CTX_free(context);
}

void crypto_random(void *bytes, size_t length)
{
    for (uint8_t *at = bytes; length;) {
        size_t piece = length < 4096 ? length : 4096;
        need(RAND_bytes(at, (int)piece) == 1);
        at += piece;
        length -= piece;
    }
}

bool crypto_equal(const void *a, const void *b, size_t length)
{
    return CRYPTO_memcmp(a, b, length) == 0;
}

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

char *crypto_base64url(struct arena *arena, const void *bytes, size_t length)
{
    const uint8_t *in = bytes;
    char *out = arena_alloc(arena, (length + 2) / 3 * 4 + 1), *at = out;
    uint32_t bits = 0;
    unsigned held = 0;
    for (size_t i = 0; i < length; i++) {
        bits = bits << 8 | in[i];
        for (held += 8; held >= 6;) {
            held -= 6;
            *at++ = alphabet[bits >> held & 63];
        }
    }
    if (held)
        *at++ = alphabet[bits << (6 - held) & 63];
    return out;
}

static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '-' ? 62 : c == '_' ? 63 : -1;
}

bool crypto_base64url_decode(struct arena *arena, struct slice text, struct slice *ret_bytes)
{
    if (text.length % 4 == 1)
        return false;
    char *out = arena_alloc(arena, text.length / 4 * 3 + 3);
    size_t length = 0;
    uint32_t bits = 0;
    unsigned held = 0;
    for (size_t i = 0; i < text.length; i++) {
        int value = base64_value(text.bytes[i]);
        if (value < 0)
            return false;
        bits = bits << 6 | (uint32_t)value;
        held += 6;
        if (held >= 8) {
            held -= 8;
            out[length++] = (char)(bits >> held & 0xff);
        }
    }
    if (bits & ((1U << held) - 1)) /* bits that no byte uses: another spelling of the same bytes */
        return false;
    *ret_bytes = (struct slice){ out, length };
    return true;
}
