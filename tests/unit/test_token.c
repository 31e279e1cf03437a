#include "anze/auth/claims.h"
#include "token_fixture.h"

static void each_algorithm_is_accepted_with_its_own_key(void **state)
{
    WITH_BENCH(bench);
    const struct key *keys[] = { &ec_key, &rs_key, &ps_key };
    for (size_t i = 0; i < ARRAY_LENGTH(keys); i++) {
        const char *header = arena_printf(arena, "{\"alg\":\"%s\",\"typ\":\"application/at+jwt\",\"kid\":\"%s\"}",
                                          key_algorithm_name(keys[i]->algorithm), keys[i]->kid);
        assert_string_equal(verdict_of_header(&bench, keys[i], header), "");
    }
}

static void issued_tokens_are_accepted_and_say_who_calls(void **state)
{
    WITH_BENCH(bench);
    const struct key *keys[] = { &ec_key, &rs_key, &ps_key };
    for (size_t i = 0; i < ARRAY_LENGTH(keys); i++) {
        json_t *claims = json_loads(claims_but(arena, "anze_region", "\"150622\""), 0, NULL);
        const char *token = token_issue(arena, keys[i], TOKEN_AT_JWT, claims);
        json_decref(claims);
        assert_non_null(token);
        const struct principal *principal;
        struct problem problem = { 0 };
        struct slice value = slice_of(arena_printf(arena, "bearer %s", token));
        if (!verifier_check(bench.verifier, arena, value, &principal, &problem))
            fail_msg("%s: %s: %s", keys[i]->kid, problem.cause, token);
        assert_string_equal(principal->issuer, issuer);
        assert_string_equal(principal->subject, "wang");
        assert_string_equal(principal->actor, "wang");
        assert_string_equal(principal->on_behalf_of, "");
        assert_string_equal(principal->client, "console");
        assert_string_equal(principal->token_id, "t-1");
        assert_string_equal(principal->region, "150622");
        assert_string_equal(principal->sectors, "");
        assert_string_equal(principal->scopes, "units:read accidents:write");
        assert_int_equal(principal->reach, REACH_REGION);
    }
}

/* libjwt writes those of type JWT with ES256 and RS256; the rest are ours. */
static void an_issued_token_says_its_type_and_key(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    const struct key *keys[] = { &ec_key, &rs_key, &ps_key };
    json_t *claims = json_loads(claims_but(arena, "", NULL), 0, NULL);
    for (size_t i = 0; i < 2 * ARRAY_LENGTH(keys); i++) {
        struct slice header;
        const char *token = token_issue(arena, keys[i / 2], i % 2 ? TOKEN_AT_JWT : TOKEN_JWT, claims);
        assert_true(crypto_base64url_decode(arena, (struct slice){ token, strcspn(token, ".") }, &header));
        json_t *read = json_loadb(header.bytes, header.length, 0, NULL);
        assert_int_equal(json_object_size(read), 3);
        assert_string_equal(json_string_value(json_object_get(read, "typ")), i % 2 ? "at+jwt" : "JWT");
        assert_string_equal(json_string_value(json_object_get(read, "kid")), keys[i / 2]->kid);
        assert_string_equal(json_string_value(json_object_get(read, "alg")), key_algorithm_name(keys[i / 2]->algorithm));
        json_decref(read);
    }
    json_decref(claims);
}

static void without_a_bearer_token_nobody_is_known(void **state)
{
    WITH_BENCH(bench);
    const struct principal *principal;
    struct problem problem = { 0 };
    assert_false(verifier_check(bench.verifier, arena, SLICE_NONE, &principal, &problem));
    assert_int_equal(problem.code, PROBLEM_UNAUTHENTICATED);
    static const char *const others[] = { "", "Basic dXNlcjpwYXNz", "Bear", "Bearerx abc", "Digest a=b" };
    for (size_t i = 0; i < ARRAY_LENGTH(others); i++) {
        assert_false(verifier_check(bench.verifier, arena, slice_of(others[i]), &principal, &problem));
        assert_int_equal(problem.code, PROBLEM_UNAUTHENTICATED);
    }
}

static void the_scheme_has_any_case_and_one_space_follows(void **state)
{
    WITH_BENCH(bench);
    const char *token = good_token(arena);
    static const char *const good[] = { "Bearer %s", "bearer %s", "BEARER %s", "bEaReR %s" };
    static const char *const bad[] = { "Bearer  %s", "Bearer\t%s", "Bearer \t%s", "Bearer %s ", "Bearer %s, Bearer x",
                                       "Bearer", "Bearer " };
    for (size_t i = 0; i < ARRAY_LENGTH(good); i++) {
        struct text value = text_on(arena);
        text_add(&value, good[i], 7);
        text_add_string(&value, token);
        assert_string_equal(verdict_of_value(&bench, value.bytes), "");
    }
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        struct text value = text_on(arena);
        const char *hole = strstr(bad[i], "%s");
        text_add(&value, bad[i], hole ? (size_t)(hole - bad[i]) : strlen(bad[i]));
        text_add_string(&value, hole ? token : "");
        text_add_string(&value, hole ? hole + 2 : "");
        assert_string_not_equal(verdict_of_value(&bench, value.bytes), "");
    }
}

static void a_token_has_exactly_three_strict_parts(void **state)
{
    WITH_BENCH(bench);
    const char *token = good_token(arena), *dot = strrchr(token, '.');
    static const char *const bad[] = { "..", "a.b", "a.b.c.d", ".", "a", "a..b", ".a.b", "a.b.", "...." };
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++)
        assert_non_null(strstr(verdict(&bench, bad[i]), "form:"));
    assert_string_equal(verdict(&bench, arena_printf(arena, "%s=", token)), "signature: text");
    assert_string_equal(verdict(&bench, arena_printf(arena, "%s\n", token)), "signature: text");
    assert_string_equal(verdict(&bench, arena_printf(arena, "=%s", token)), "header: text");
    assert_string_equal(verdict(&bench, arena_printf(arena, "%.*s.+/+/", (int)(dot - token), token)),
                        "signature: text");
    struct slice with_nul = { arena_printf(arena, "Bearer %s%c.x", token, 0), strlen(token) + 10 };
    const struct principal *principal;
    struct problem problem = { 0 };
    assert_false(verifier_check(bench.verifier, arena, with_nul, &principal, &problem));
}

static void a_token_of_4096_bytes_is_read_and_one_more_is_not(void **state)
{
    WITH_BENCH(bench);
    const char *token = good_token(arena);
    for (size_t room = 2000;; room++) { /* an ignored claim pads it to length */
        char *padding = arena_alloc(arena, room + 3);
        memset(padding, 'x', room + 2);
        padding[0] = padding[room + 1] = '"';
        token = token_of(arena, &ec_key, good_header, claims_but(arena, "pad", padding));
        if (strlen(token) > 4090 && strlen(token) <= 4096)
            assert_string_equal(verdict(&bench, token), "");
        if (strlen(token) > 4096)
            break;
        room += strlen(token) < 4000 ? 50 : 0;
    }
    assert_string_equal(verdict(&bench, token), "form: too long");
}

static void the_token_does_not_choose_its_algorithm(void **state)
{
    WITH_BENCH(bench);
    static const char *const others[] = { "\"none\"", "\"None\"", "\"NONE\"", "\"es256\"", "\"HS256\"", "\"ES384\"",
                                          "\"EdDSA\"", "7", "null", "[\"ES256\"]", "\"\"" };
    for (size_t i = 0; i < ARRAY_LENGTH(others); i++) {
        const char *header = arena_printf(arena, "{\"alg\":%s,\"typ\":\"at+jwt\",\"kid\":\"es\"}", others[i]);
        assert_string_equal(verdict_of_header(&bench, &ec_key, header), "alg: not one of ours");
    }
    assert_string_equal(verdict_of_header(&bench, &ec_key, "{\"typ\":\"at+jwt\",\"kid\":\"es\"}"),
                        "alg: not one of ours");
    assert_string_equal(verdict_of_header(&bench, &rs_key, "{\"alg\":\"RS256\",\"typ\":\"at+jwt\",\"kid\":\"ps\"}"),
                        "alg: not the key's"); /* the very RSA key, but it is pinned to PS256 */
}

/* The public key's text as an HMAC secret. */
static void a_public_key_is_no_secret(void **state)
{
    WITH_BENCH(bench);
    static const char *const algorithms[] = { "HS256", "RS256" };
    for (size_t i = 0; i < ARRAY_LENGTH(algorithms); i++) {
        const char *header = arena_printf(arena, "{\"alg\":\"%s\",\"typ\":\"at+jwt\",\"kid\":\"rs\"}", algorithms[i]);
        const char *claims = claims_but(arena, "", NULL);
        const char *text = arena_printf(arena, "%s.%s", crypto_base64url(arena, header, strlen(header)),
                                        crypto_base64url(arena, claims, strlen(claims)));
        uint8_t mac[CRYPTO_DIGEST_BYTES];
        crypto_hmac_sha256(slice_of(public_pem(arena, rs_key.pkey)), slice_of(text), mac);
        const char *token = arena_printf(arena, "%s.%s", text, crypto_base64url(arena, mac, sizeof mac));
        assert_string_not_equal(verdict(&bench, token), "");
    }
}

static void only_access_tokens_are_taken(void **state)
{
    WITH_BENCH(bench);
    static const char *const types[] = { "\"JWT\"", "\"id+jwt\"", "\"at+jwt \"", "1", "null", "\"application/jwt\"" };
    for (size_t i = 0; i < ARRAY_LENGTH(types); i++) {
        const char *header = arena_printf(arena, "{\"alg\":\"ES256\",\"typ\":%s,\"kid\":\"es\"}", types[i]);
        assert_string_equal(verdict_of_header(&bench, &ec_key, header), "typ: not an access token");
    }
    assert_string_equal(verdict_of_header(&bench, &ec_key, "{\"alg\":\"ES256\",\"kid\":\"es\"}"),
                        "typ: not an access token");
}

static void headers_that_bring_keys_or_change_the_reading_are_refused(void **state)
{
    WITH_BENCH(bench);
    static const char *const members[] = { "\"crit\":[]", "\"crit\":[\"exp\"]", "\"jku\":\"https://evil.example/k\"",
                                           "\"jwk\":{}", "\"x5u\":\"https://evil.example/c\"", "\"x5c\":[]",
                                           "\"b64\":false", "\"b64\":true", "\"zip\":\"DEF\"" };
    for (size_t i = 0; i < ARRAY_LENGTH(members); i++) {
        const char *header =
            arena_printf(arena, "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"es\",%s}", members[i]);
        assert_string_equal(verdict_of_header(&bench, &ec_key, header), "header: a member that is refused");
    }
    assert_string_equal(verdict_of_header(&bench, &ec_key,
                                          "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"es\",\"x\":1}"),
                        ""); /* RFC 7515: others are ignored */
}

static void a_kid_is_a_plain_name_of_a_key_of_that_issuer(void **state)
{
    WITH_BENCH(bench);
    static const char *const malformed[] = { "\"../../x\"", "\"\"", "\"' or 1=1--\"", "\"es.ES256\"",
                                             "\"es\\u0000\"", "1", "null", "{\"a\":1}" };
    for (size_t i = 0; i < ARRAY_LENGTH(malformed); i++) {
        const char *header = arena_printf(arena, "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":%s}", malformed[i]);
        assert_string_not_equal(verdict_of_header(&bench, &ec_key, header), "");
    }
    assert_string_equal(verdict_of_header(&bench, &ec_key, "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"eS\"}"),
                        "kid: unknown");
    char *huge = arena_alloc(arena, 1 << 20);
    memset(huge, 'a', (1 << 20) - 1);
    assert_string_equal(verdict(&bench, huge), "form: too long");
}

/* On both sides of the second where it matters. */
static void a_token_expires(void **state)
{
    WITH_BENCH(bench);
    static const char *const bad[] = { "\"1900000000\"", "1e300", "-1", "-0.5", "null", "[]",
                                       "9223372036854775807", "253402300800" };
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++)
        assert_string_not_equal(verdict_of_claim(&bench, "exp", bad[i]), "");
    assert_string_equal(verdict_of_claim(&bench, "exp", NULL), "exp: not a time");
    assert_string_equal(verdict_of_claim(&bench, "exp", arena_printf(arena, "%ld", now_s() - 61)), claims_expired);
    assert_string_equal(verdict_of_claim(&bench, "exp", arena_printf(arena, "%ld", now_s() - 50)), "");
}

static const char *cause_at(struct arena *arena, const char *claims, int64_t now)
{
    struct claims_rules rules = { audience, 60, now };
    struct principal principal;
    json_t *value = json_loads(claims, 0, NULL);
    const char *cause = claims_read(arena, value, &rules, &principal);
    json_decref(value);
    return cause ? cause : "";
}

static void times_are_forgiven_by_the_skew_and_not_a_second_more(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    const char *form = "{\"iss\":\"i\",\"aud\":\"anze\",\"sub\":\"s\",\"client_id\":\"c\",\"jti\":\"j\",\"iat\":1000,"
                       "\"nbf\":1100,\"exp\":2000}";
    assert_string_equal(cause_at(arena, form, 1039), "nbf: in the future");
    assert_string_equal(cause_at(arena, form, 1040), "");
    assert_string_equal(cause_at(arena, form, 2059), "");
    assert_string_equal(cause_at(arena, form, 2060), claims_expired);
    assert_string_equal(cause_at(arena, form, 939), "iat: in the future");
}

/* RFC 7519, NumericDate: a fraction is legal. It never makes a token good for longer. */
static void times_may_have_fractions(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    const char *form = "{\"iss\":\"i\",\"aud\":\"anze\",\"sub\":\"s\",\"client_id\":\"c\",\"jti\":\"j\",\"iat\":1e3,"
                       "\"nbf\":1100.25,\"exp\":2000.75}";
    assert_string_equal(cause_at(arena, form, 1040), "nbf: in the future");
    assert_string_equal(cause_at(arena, form, 1041), "");
    assert_string_equal(cause_at(arena, form, 2059), "");
    assert_string_equal(cause_at(arena, form, 2060), claims_expired);
}

static void a_token_from_the_future_is_refused(void **state)
{
    WITH_BENCH(bench);
    const char *later = arena_printf(arena, "%ld", now_s() + 90);
    assert_string_equal(verdict_of_claim(&bench, "iat", later), "iat: in the future");
    assert_string_equal(verdict_of_claim(&bench, "nbf", later), "nbf: in the future");
    assert_string_equal(verdict_of_claim(&bench, "nbf", arena_printf(arena, "%ld", now_s() + 30)), "");
    assert_string_equal(verdict_of_claim(&bench, "nbf", "\"0\""), "nbf: not a time");
    assert_string_equal(verdict_of_claim(&bench, "iat", "\"1\""), "iat: not a time");
    assert_string_equal(verdict_of_claim(&bench, "iat", NULL), "iat: not a time");
}

static void issuer_and_audience_must_be_ours(void **state)
{
    WITH_BENCH(bench);
    static const char *const issuers[] = { NULL, "\"https://id.example/\"", "\"HTTPS://id.example\"", "1", "null",
                                           "\"\"", "[\"https://id.example\"]" };
    for (size_t i = 0; i < ARRAY_LENGTH(issuers); i++)
        assert_string_equal(verdict_of_claim(&bench, "iss", issuers[i]), "iss: not trusted");
    static const char *const strangers[] = { "\"Anze\"", "\"\"", "[]", "[\"other\"]" };
    for (size_t i = 0; i < ARRAY_LENGTH(strangers); i++)
        assert_string_equal(verdict_of_claim(&bench, "aud", strangers[i]), "aud: not us");
    static const char *const malformed[] = { NULL, "1", "null", "{}", "[\"anze\",1]" };
    for (size_t i = 0; i < ARRAY_LENGTH(malformed); i++)
        assert_string_equal(verdict_of_claim(&bench, "aud", malformed[i]), "aud: not text");
    assert_string_equal(verdict_of_claim(&bench, "aud", "[\"other\",\"anze\"]"), "");
}

/* Claims, header, also spelt by escapes. */
static void a_name_stands_once(void **state)
{
    WITH_BENCH(bench);
    assert_string_equal(verdict_of_claim(&bench, "scope\":\"a\",\"scope", "\"b\""), "claims: json");
    assert_string_equal(verdict_of_claim(&bench, "s\\u0075b", "\"zhang\""), "claims: json");
    assert_string_equal(verdict_of_header(&bench, &ec_key,
                                          "{\"alg\":\"none\",\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"es\"}"),
                        "header: json");
    assert_string_equal(verdict_of_header(&bench, &ec_key, "[]"), "header: json");
    assert_string_equal(verdict(&bench, token_of(arena, &ec_key, good_header, "[]")), "claims: json");
}

/* What does not say clearly what it allows is refused whole; no scope allows nothing. */
static void reach_and_scopes_are_well_formed_or_refused(void **state)
{
    WITH_BENCH(bench);
    static const char *const bad[][2] = {
        { "scope", "[\"a\"]" },          { "scope", "1" },                   { "scope", "\"a\\tb\"" },
        { "scope", "\"a\\\"b\"" },       { "scope", "\"读\"" },              { "anze_unit", "\"\"" },
        { "anze_unit", "\"7\"" },        { "anze_unit", "\"0190A000-0000-7000-8000-000000000001\"" },
        { "anze_region", "\"1\"" },      { "anze_region", "\"15062\"" },     { "anze_region", "150622" },
        { "anze_region", "\"15x622\"" }, { "anze_region", "\"\"" },          { "anze_sectors", "[]" },
        { "anze_sectors", "\"coal\"" },  { "anze_sectors", "[\"coal\",1]" }, { "anze_sectors", "[\"Coal\"]" },
        { "anze_sectors", "[\"\"]" },    { "anze_sectors", "[\"a,b\"]" },    { "anze_sectors", "null" },
        { "anze_sectors", "[\"abcdefghijklmnopqrstuvwxyzabcdefg\"]" },
        { "sub", "\"\"" },               { "sub", "7" },                     { "sub", "\"a\\nb\"" },
        { "client_id", "null" },         { "jti", "\"\"" },                  { "act", "\"li\"" },
        { "act", "{}" },                 { "act", "{\"sub\":\"\"}" },        { "act", "null" },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++)
        if (!*verdict_of_claim(&bench, bad[i][0], bad[i][1]))
            fail_msg("%s: %s was accepted", bad[i][0], bad[i][1]);
    static const char *const required[] = { "sub", "client_id", "jti" };
    for (size_t i = 0; i < ARRAY_LENGTH(required); i++)
        assert_string_not_equal(verdict_of_claim(&bench, required[i], NULL), "");
    assert_string_equal(verdict_of_claim(&bench, "scope", NULL), "");
}

static const struct principal *principal_of(struct bench *bench, const char *name, const char *value)
{
    const char *token = token_of(bench->arena, &ec_key, good_header, claims_but(bench->arena, name, value));
    const struct principal *principal = NULL;
    struct problem problem = { 0 };
    assert_true(verifier_check(bench->verifier, bench->arena, slice_of(arena_printf(bench->arena, "Bearer %s", token)),
                               &principal, &problem));
    return principal;
}

static void claims_become_a_principal(void **state)
{
    WITH_BENCH(bench);
    static const char unit[] = "0190a000-0000-7000-8000-000000000001";
    const struct principal *of_unit = principal_of(&bench, "anze_unit", arena_printf(arena, "\"%s\"", unit));
    assert_string_equal(of_unit->unit, unit);
    assert_string_equal(of_unit->on_behalf_of, unit);
    assert_int_equal(of_unit->reach, REACH_UNIT);
    const struct principal *acting = principal_of(&bench, "act", "{\"sub\":\"li\"}");
    assert_string_equal(acting->actor, "li");
    assert_string_equal(acting->on_behalf_of, "wang");
    assert_int_equal(acting->reach, REACH_NONE);
    const struct principal *one = principal_of(&bench, "anze_sectors", "[\"coal\"]");
    assert_string_equal(one->sectors, "{coal}");
    assert_string_equal(one->sector, "coal");
    const struct principal *two = principal_of(&bench, "anze_sectors", "[\"coal\",\"road_traffic\"]");
    assert_string_equal(two->sectors, "{coal,road_traffic}");
    assert_string_equal(two->sector, "");
}

static void a_scope_is_a_whole_word(void **state)
{
    (void)state;
    struct principal principal = { .scopes = "units:read accidents:write" };
    assert_true(principal_has_scope(&principal, "units:read"));
    assert_true(principal_has_scope(&principal, "accidents:write"));
    assert_false(principal_has_scope(&principal, "units"));
    assert_false(principal_has_scope(&principal, "read"));
    assert_false(principal_has_scope(&principal, "accidents:writ"));
    assert_false(principal_has_scope(&principal, ""));
    principal.scopes = "";
    assert_false(principal_has_scope(&principal, "units:read"));
}

/* A high s is good: RFC 7518 knows no low s, and refusing it would refuse half of all tokens. */
static void es256_signatures_have_one_form(void **state)
{
    WITH_BENCH(bench);
    const char *token = good_token(arena), *dot = strrchr(token, '.');
    struct slice raw;
    assert_true(crypto_base64url_decode(arena, slice_of(dot + 1), &raw));
    char zero_r[64] = { 0 }, zero_s[64] = { 0 }, all_ones[64], longer[65] = { 0 };
    memcpy(zero_r + 32, raw.bytes + 32, 32);
    memcpy(zero_s, raw.bytes, 32);
    memset(all_ones, 0xff, sizeof all_ones);
    memcpy(longer, raw.bytes, 64);
    uint8_t der[80];
    size_t der_length = sizeof der;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, ec_key.pkey);
    assert_int_equal(EVP_DigestSign(context, der, &der_length, (const uint8_t *)token, (size_t)(dot - token)), 1);
    EVP_MD_CTX_free(context);
    const struct slice bad[] = { { zero_r, 64 }, { zero_s, 64 }, { all_ones, 64 }, { raw.bytes, 63 }, { longer, 65 },
                                 { (const char *)der, der_length } };
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        const char *signature = crypto_base64url(arena, bad[i].bytes, bad[i].length);
        assert_string_equal(verdict(&bench, arena_printf(arena, "%.*s.%s", (int)(dot - token), token, signature)),
                            "signature: wrong");
    }
}

static void every_flipped_bit_of_a_signature_is_seen(void **state)
{
    WITH_BENCH(bench);
    const char *token = good_token(arena), *dot = strrchr(token, '.');
    struct slice raw;
    assert_true(crypto_base64url_decode(arena, slice_of(dot + 1), &raw));
    for (size_t bit = 0; bit < 8 * raw.length; bit += 7) {
        char *changed = arena_strndup(arena, raw.bytes, raw.length);
        changed[bit / 8] = (char)(changed[bit / 8] ^ 1 << bit % 8);
        const char *other = crypto_base64url(arena, changed, raw.length);
        assert_string_equal(verdict(&bench, arena_printf(arena, "%.*s.%s", (int)(dot - token), token, other)),
                            "signature: wrong");
    }
}

/* The same names, another key. */
static void a_token_of_another_environment_is_refused(void **state)
{
    WITH_BENCH(bench);
    struct key foreign = { .kid = "es", .algorithm = KEY_ES256, .pkey = EVP_EC_gen("P-256") };
    assert_string_equal(verdict_of_header(&bench, &foreign, good_header), "signature: wrong");
    EVP_PKEY_free(foreign.pkey);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_algorithm_is_accepted_with_its_own_key),
        cmocka_unit_test(issued_tokens_are_accepted_and_say_who_calls),
        cmocka_unit_test(an_issued_token_says_its_type_and_key),
        cmocka_unit_test(without_a_bearer_token_nobody_is_known),
        cmocka_unit_test(the_scheme_has_any_case_and_one_space_follows),
        cmocka_unit_test(a_token_has_exactly_three_strict_parts),
        cmocka_unit_test(a_token_of_4096_bytes_is_read_and_one_more_is_not),
        cmocka_unit_test(the_token_does_not_choose_its_algorithm),
        cmocka_unit_test(a_public_key_is_no_secret),
        cmocka_unit_test(only_access_tokens_are_taken),
        cmocka_unit_test(headers_that_bring_keys_or_change_the_reading_are_refused),
        cmocka_unit_test(a_kid_is_a_plain_name_of_a_key_of_that_issuer),
        cmocka_unit_test(a_token_expires),
        cmocka_unit_test(times_are_forgiven_by_the_skew_and_not_a_second_more),
        cmocka_unit_test(times_may_have_fractions),
        cmocka_unit_test(a_token_from_the_future_is_refused),
        cmocka_unit_test(issuer_and_audience_must_be_ours),
        cmocka_unit_test(a_name_stands_once),
        cmocka_unit_test(reach_and_scopes_are_well_formed_or_refused),
        cmocka_unit_test(claims_become_a_principal),
        cmocka_unit_test(a_scope_is_a_whole_word),
        cmocka_unit_test(es256_signatures_have_one_form),
        cmocka_unit_test(every_flipped_bit_of_a_signature_is_seen),
        cmocka_unit_test(a_token_of_another_environment_is_refused),
    };
    return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
