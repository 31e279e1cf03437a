#include "auth_fixture.h"

#include <jwt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/* Two implementations that know nothing of each other must agree on RS256 and ES256. libjwt has no PS256. */
static const struct {
    struct key *key;
    jwt_alg_t algorithm;
} shared[] = { { &ec_key, JWT_ALG_ES256 }, { &rs_key, JWT_ALG_RS256 } };

static void what_libjwt_signs_we_verify(void **state)
{
    (void)state;
    for (int i = 0; i < 60; i++) {
        AUTO(arena_free_at_end) struct arena *arena = arena_new();
        const struct key *key = shared[i % 2].key;
        const char *pem = private_pem(arena, key->pkey);
        jwt_t *jwt;
        struct slice signature;
        assert_int_equal(jwt_new(&jwt), 0);
        assert_int_equal(jwt_add_grant_int(jwt, "n", i), 0);
        assert_int_equal(jwt_set_alg(jwt, shared[i % 2].algorithm, (const unsigned char *)pem, (int)strlen(pem)), 0);
        char *token = jwt_encode_str(jwt);
        const char *dot = strrchr(token, '.');
        assert_true(crypto_base64url_decode(arena, slice_of(dot + 1), &signature));
        assert_true(key_verify(key, (struct slice){ token, (size_t)(dot - token) }, signature));
        assert_false(key_verify(key, (struct slice){ token, (size_t)(dot - token) - 1 }, signature));
        free(token);
        jwt_free(jwt);
    }
}

static void what_we_sign_libjwt_verifies(void **state)
{
    (void)state;
    for (int i = 0; i < 60; i++) {
        AUTO(arena_free_at_end) struct arena *arena = arena_new();
        const struct key *key = shared[i % 2].key;
        const char *pem = public_pem(arena, key->pkey);
        const char *header = arena_printf(arena, "{\"alg\":\"%s\"}", key_algorithm_name(key->algorithm));
        const char *claims = arena_printf(arena, "{\"n\":%d}", i);
        const char *text = arena_printf(arena, "%s.%s", crypto_base64url(arena, header, strlen(header)),
                                        crypto_base64url(arena, claims, strlen(claims)));
        struct slice signature;
        assert_true(key_sign(key, arena, slice_of(text), &signature));
        const char *token =
            arena_printf(arena, "%s.%s", text, crypto_base64url(arena, signature.bytes, signature.length));
        jwt_t *jwt = NULL;
        assert_int_equal(jwt_decode(&jwt, token, (const unsigned char *)pem, (int)strlen(pem)), 0);
        assert_int_equal(jwt_get_alg(jwt), shared[i % 2].algorithm);
        assert_int_equal(jwt_get_grant_int(jwt, "n"), i);
        jwt_free(jwt);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_libjwt_signs_we_verify),
        cmocka_unit_test(what_we_sign_libjwt_verifies),
    };
    return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
