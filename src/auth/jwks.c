#include "anze/auth/jwks.h"

#include <assert.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>

enum { NUMBER_MAX_BYTES = 1024, COORDINATE_BYTES = 32 };

/* ,"name":"base64url of the number": as short as it goes (width 0), or padded on the left. */
static void add_key_number(struct text *text, EVP_PKEY *pkey, const char *name, const char *parameter, int width)
{
    BIGNUM *number = NULL;
    uint8_t bytes[NUMBER_MAX_BYTES];
    bool got = EVP_PKEY_get_bn_param(pkey, parameter, &number) == 1;
    assert(got && BN_num_bytes(number) <= NUMBER_MAX_BYTES);
    int length = BN_bn2binpad(number, bytes, width ? width : BN_num_bytes(number));
    assert(got && length > 0);
    BN_free(number);
    text_printf(text, ",\"%s\":\"%s\"", name, crypto_base64url(text->arena, bytes, (size_t)length));
}

static void jwk_render(struct text *text, const struct key *key)
{
    bool is_ec = key->algorithm == KEY_ES256;
    text_printf(text, "{\"kty\":\"%s\",\"use\":\"sig\",\"alg\":\"%s\",\"kid\":", is_ec ? "EC" : "RSA",
                key_algorithm_name(key->algorithm));
    text_add_json(text, key->kid);
    if (is_ec) {
        text_add_string(text, ",\"crv\":\"P-256\"");
        add_key_number(text, key->pkey, "x", OSSL_PKEY_PARAM_EC_PUB_X, COORDINATE_BYTES);
        add_key_number(text, key->pkey, "y", OSSL_PKEY_PARAM_EC_PUB_Y, COORDINATE_BYTES);
    } else {
        add_key_number(text, key->pkey, "n", OSSL_PKEY_PARAM_RSA_N, 0);
        add_key_number(text, key->pkey, "e", OSSL_PKEY_PARAM_RSA_E, 0);
    }
    text_add_char(text, '}');
}

struct slice jwks_render(struct arena *arena, const struct key_set *set)
{
    struct text text = text_on(arena);
    text_add_string(&text, "{\"keys\":[");
    for (size_t i = 0; set && i < set->n; i++) {
        if (i)
            text_add_char(&text, ',');
        jwk_render(&text, &set->keys[i]);
    }
    text_add_string(&text, "]}");
    return text_slice(&text);
}
