#include "anze/auth/jwks.h"
#include "anze/base/json.h"
#include "key_inside.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/param_build.h>

enum { KEYS_MAX = 100, COORDINATE_BYTES = 32, POINT_BYTES = 1 + 2 * COORDINATE_BYTES };

static const char *jwk_text(const json_t *jwk, const char *name)
{
    return json_string_value(json_object_get(jwk, name));
}

static bool says(const json_t *value, const char *text)
{
    return json_is_string(value) && strcmp(json_string_value(value), text) == 0;
}

static bool is(const json_t *jwk, const char *name, const char *value)
{
    return says(json_object_get(jwk, name), value);
}

static bool number_read(struct arena *arena, const json_t *jwk, const char *name, struct slice *ret_bytes)
{
    const char *text = jwk_text(jwk, name);
    return text && crypto_base64url_decode(arena, slice_of(text), ret_bytes) && ret_bytes->length;
}

static EVP_PKEY *pkey_build(OSSL_PARAM_BLD *builder, const char *type)
{
    OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(builder);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY *pkey = NULL;
    if (!parameters || !context || EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, &pkey, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
        pkey = NULL;
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(parameters);
    return pkey;
}

/* OpenSSL's own check of public keys draws lots for it, and refuses a good key once in thousands. An even modulus or
 * exponent, or an exponent of one, is what makes a signature easy to forge. */
static EVP_PKEY *rsa_build(struct arena *arena, const json_t *jwk)
{
    struct slice n, e;
    if (!number_read(arena, jwk, "n", &n) || !number_read(arena, jwk, "e", &e))
        return NULL;
    BIGNUM *modulus = BN_bin2bn((const uint8_t *)n.bytes, (int)n.length, NULL);
    BIGNUM *exponent = BN_bin2bn((const uint8_t *)e.bytes, (int)e.length, NULL);
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    bool good = BN_is_odd(modulus) && BN_is_odd(exponent) && !BN_is_one(exponent) &&
                OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, modulus) == 1 &&
                OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, exponent) == 1;
    EVP_PKEY *pkey = good ? pkey_build(builder, "RSA") : NULL;
    OSSL_PARAM_BLD_free(builder);
    BN_free(modulus);
    BN_free(exponent);
    return pkey;
}

/* A point that is not on the curve makes no key; on this curve every other one is sound. */
static EVP_PKEY *ec_build(struct arena *arena, const json_t *jwk)
{
    struct slice x, y;
    if (!is(jwk, "crv", "P-256") || !number_read(arena, jwk, "x", &x) || !number_read(arena, jwk, "y", &y) ||
        x.length != COORDINATE_BYTES || y.length != COORDINATE_BYTES)
        return NULL;
    uint8_t point[POINT_BYTES] = { POINT_CONVERSION_UNCOMPRESSED };
    memcpy(point + 1, x.bytes, COORDINATE_BYTES);
    memcpy(point + 1 + COORDINATE_BYTES, y.bytes, COORDINATE_BYTES);
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    bool good = OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) == 1 &&
                OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, POINT_BYTES) == 1;
    EVP_PKEY *pkey = good ? pkey_build(builder, "EC") : NULL;
    OSSL_PARAM_BLD_free(builder);
    return pkey;
}

static const struct {
    const char *type;
    EVP_PKEY *(*build)(struct arena *arena, const json_t *jwk);
    enum key_algorithm usual; /* when the key names none */
} kinds[] = { { "RSA", rsa_build, KEY_RS256 }, { "EC", ec_build, KEY_ES256 } };

/* Why it is not for us to verify with, or NULL. */
static const char *purpose_fault(const json_t *jwk)
{
    const json_t *operations = json_object_get(jwk, "key_ops");
    bool verifies = !operations;
    for (size_t i = 0; i < json_array_size(operations); i++)
        verifies = verifies || says(json_array_get(operations, i), "verify");
    if (json_object_get(jwk, "use") && !is(jwk, "use", "sig"))
        return "is not for signatures";
    if (!verifies)
        return "is not for verifying";
    return json_object_get(jwk, "d") || json_object_get(jwk, "k") ? "shows its secret half" : NULL;
}

static const char *algorithm_read(const json_t *jwk, enum key_algorithm usual, struct key *key)
{
    const json_t *algorithm = json_object_get(jwk, "alg");
    key->algorithm = usual;
    if (algorithm && !key_algorithm_from_name(slice_of(json_string_value(algorithm)), &key->algorithm))
        return "has an algorithm that is not RS256, PS256 or ES256";
    return NULL;
}

static const char *pkey_read(struct arena *arena, const json_t *jwk, size_t kind, struct key *key)
{
    EVP_PKEY *pkey = kinds[kind].build(arena, jwk);
    const char *fault = pkey ? key_adopt(key, pkey) : "lacks numbers of a key on P-256 or of an RSA key";
    ERR_clear_error();
    return fault;
}

/* Fills `key`, whose kid is set. What is wrong, or NULL. */
static const char *jwk_read(struct arena *arena, const json_t *jwk, struct key *key)
{
    const char *fault = purpose_fault(jwk);
    size_t kind = 0;
    while (kind < ARRAY_LENGTH(kinds) && !is(jwk, "kty", kinds[kind].type))
        kind++;
    if (!fault && kind == ARRAY_LENGTH(kinds))
        fault = "is neither RSA nor EC";
    if (!fault)
        fault = algorithm_read(jwk, kinds[kind].usual, key);
    return fault ? fault : pkey_read(arena, jwk, kind, key);
}

static void jwk_take(struct arena *arena, const json_t *jwk, struct key_set *set, struct text *complaints)
{
    struct key *key = &set->keys[set->n];
    const char *kid = jwk_text(jwk, "kid");
    if (!kid || !key_id_is_valid(slice_of(kid))) {
        text_add_string(complaints, "a key without kid, or with one that is no plain text\n");
        return;
    }
    key->kid = arena_strdup(set->arena, kid);
    const char *fault = jwk_read(arena, jwk, key);
    if (fault)
        text_printf(complaints, "key %s: %s\n", kid, fault);
    else
        set->n++;
}

/* Sorted: of keys with one kid the same one stands once, and of different ones none is taken. */
static void drop_doubles(struct key_set *set, struct text *complaints)
{
    size_t kept = 0;
    for (size_t i = 0, end; i < set->n; i = end) {
        bool differ = false;
        for (end = i + 1; end < set->n && strcmp(set->keys[end].kid, set->keys[i].kid) == 0; end++) {
            differ = differ || memcmp(set->keys[end].print, set->keys[i].print, CRYPTO_DIGEST_BYTES) != 0;
            EVP_PKEY_free(set->keys[end].pkey);
        }
        if (differ) {
            text_printf(complaints, "key %s: is there twice, with different keys\n", set->keys[i].kid);
            EVP_PKEY_free(set->keys[i].pkey);
        } else {
            set->keys[kept++] = set->keys[i];
        }
    }
    set->n = kept;
}

struct key_set *jwks_read(const json_t *document, struct text *complaints)
{
    const json_t *keys = json_object_get(document, "keys");
    if (!json_is_array(keys) || json_array_size(keys) > KEYS_MAX)
        return NULL;
    AUTO(arena_free_at_end) struct arena *scratch = arena_new();
    struct arena *arena = arena_new();
    struct key_set *set = arena_new_of(arena, struct key_set);
    *set = (struct key_set){ .arena = arena, .keys = arena_array_of(arena, struct key, json_array_size(keys) + 1) };
    for (size_t i = 0; i < json_array_size(keys); i++)
        jwk_take(scratch, json_array_get(keys, i), set, complaints);
    keys_sort(set);
    drop_doubles(set, complaints);
    return set;
}
