#include "anze/auth/keys.h"

#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <stdlib.h>

/* JWS signatures by OpenSSL's EVP, with keys that stay in memory. */
enum { ES256_BYTES = 64, DER_MAX_BYTES = 80 };

/* The salt is as long as the digest (RFC 7518, 3.5); a signature with another salt length is refused. */
static bool padding_set(const struct key *key, EVP_PKEY_CTX *context)
{
    if (key->algorithm != KEY_PS256)
        return true;
    return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1;
}

/* r || s -> DER. High s is good: RFC 7518 asks for no low s, and half of all signatures have a high one. */
static size_t der_of_raw(struct slice raw, uint8_t der[DER_MAX_BYTES])
{
    if (raw.length != ES256_BYTES)
        return 0;
    ECDSA_SIG *pair = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn((const uint8_t *)raw.bytes, ES256_BYTES / 2, NULL);
    BIGNUM *s = BN_bin2bn((const uint8_t *)raw.bytes + ES256_BYTES / 2, ES256_BYTES / 2, NULL);
    if (!pair || !r || !s)
        abort(); /* out of memory */
    bool good = !BN_is_zero(r) && !BN_is_zero(s);
    ECDSA_SIG_set0(pair, r, s);
    int length = good ? i2d_ECDSA_SIG(pair, &der) : 0;
    ECDSA_SIG_free(pair);
    return length > 0 ? (size_t)length : 0;
}

static bool raw_of_der(struct slice der, uint8_t raw[ES256_BYTES])
{
    const uint8_t *at = (const uint8_t *)der.bytes;
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &at, (long)der.length);
    if (!pair)
        return false;
    bool good = BN_bn2binpad(ECDSA_SIG_get0_r(pair), raw, ES256_BYTES / 2) == ES256_BYTES / 2 &&
                BN_bn2binpad(ECDSA_SIG_get0_s(pair), raw + ES256_BYTES / 2, ES256_BYTES / 2) == ES256_BYTES / 2;
    ECDSA_SIG_free(pair);
    return good;
}

bool key_verify(const struct key *key, struct slice text, struct slice signature)
{
    uint8_t der[DER_MAX_BYTES];
    if (key->algorithm == KEY_ES256) {
        size_t length = der_of_raw(signature, der);
        if (!length)
            return false;
        signature = (struct slice){ (const char *)der, length };
    }
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *padding = NULL;
    bool good = context && EVP_DigestVerifyInit(context, &padding, EVP_sha256(), NULL, key->pkey) == 1 &&
                padding_set(key, padding) &&
                EVP_DigestVerify(context, (const uint8_t *)signature.bytes, signature.length,
                                 (const uint8_t *)text.bytes, text.length) == 1;
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return good;
}

bool key_sign(const struct key *key, struct arena *arena, struct slice text, struct slice *ret_signature)
{
    size_t length = (size_t)EVP_PKEY_get_size(key->pkey);
    uint8_t *bytes = arena_alloc(arena, length + ES256_BYTES), *raw = bytes + length;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *padding = NULL;
    bool good = context && EVP_DigestSignInit(context, &padding, EVP_sha256(), NULL, key->pkey) == 1 &&
                padding_set(key, padding) &&
                EVP_DigestSign(context, bytes, &length, (const uint8_t *)text.bytes, text.length) == 1;
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    *ret_signature = (struct slice){ (const char *)bytes, length };
    if (!good || key->algorithm != KEY_ES256)
        return good;
    good = raw_of_der(*ret_signature, raw);
    *ret_signature = (struct slice){ (const char *)raw, ES256_BYTES };
    return good;
}
