#include "anze/auth/cache.h"
#include "anze/auth/claims.h"
#include "anze/base/metrics.h"
#include "token_fixture.h"

#include <pthread.h>

static void an_issuer_vouches_with_its_own_keys_only(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *keys = arena_new();
    struct arena *arena = arena_new();
    const char *one = directory_new(keys), *two = directory_new(keys);
    public_key_write(keys, one, "rs", &rs_key);
    public_key_write(keys, two, "es", &ec_key);
    struct verifier_options options = { .issuers = arena_printf(keys, "%s=%s  other=%s", issuer, one, two),
                                        .audience = audience, .skew_s = 60, .cache_size = 16 };
    struct text complaints = text_on(keys);
    struct bench bench = { arena, one, verifier_open(&options, &complaints) };
    assert_string_equal(verdict(&bench, good_token(arena)), "kid: unknown");
    assert_string_equal(verdict_of_claim(&bench, "iss", "\"other\""), "");
    bench_close(&bench);
}

static void a_remembered_token_is_found_again_until_its_key_goes(void **state)
{
    WITH_BENCH(bench);
    const char *token = good_token(arena);
    int64_t hits = metrics_get(METRIC_TOKEN_CACHE_HITS), misses = metrics_get(METRIC_TOKEN_CACHE_MISSES);
    assert_string_equal(verdict(&bench, token), "");
    assert_string_equal(verdict(&bench, token), "");
    assert_int_equal(metrics_get(METRIC_TOKEN_CACHE_HITS) - hits, 1);
    assert_int_equal(metrics_get(METRIC_TOKEN_CACHE_MISSES) - misses, 1);
    file_remove(arena, bench.directory, "rs.RS256.pem"); /* another key: still trusted */
    usleep(1100000);
    assert_string_equal(verdict(&bench, token), "");
    assert_int_equal(metrics_get(METRIC_TOKEN_CACHE_HITS) - hits, 2);
    file_remove(arena, bench.directory, "es.ES256.pem");
    usleep(1100000);
    assert_string_equal(verdict(&bench, token), "kid: unknown");
    public_key_write(arena, bench.directory, "es", &ec_key);
    usleep(1100000);
    assert_string_equal(verdict(&bench, token), "");
}

/* A token, and everybody's tokens who may no longer act. */
static void a_revoked_token_ends_within_a_second_also_when_remembered(void **state)
{
    WITH_BENCH(bench);
    const char *token = good_token(arena);
    const char *other = token_of(arena, &ec_key, good_header, claims_but(arena, "jti", "\"t-2\""));
    const char *acted = token_of(arena, &ec_key, good_header, claims_but(arena, "act", "{\"sub\":\"li\"}"));
    assert_string_equal(verdict(&bench, token), "");
    assert_string_equal(verdict(&bench, other), "");
    file_write(arena, bench.directory, "revoked", "# leaked\n\njti t-1\r\nnonsense\njti \n");
    usleep(1100000);
    assert_string_equal(verdict(&bench, token), "revoked");
    assert_string_equal(verdict(&bench, other), "");
    file_write(arena, bench.directory, "revoked", "sub li");
    usleep(1100000);
    assert_string_equal(verdict(&bench, token), "");
    assert_string_equal(verdict(&bench, acted), "revoked");
    file_write(arena, bench.directory, "revoked", "\xef\xbb\xbf \t sub\t  wang \t \r\n");
    usleep(1100000);
    assert_string_equal(verdict(&bench, token), "revoked");
    assert_string_equal(verdict(&bench, other), "revoked");
}

/* Two issuers may call different people by one name, and number their tokens alike. */
static void a_revocation_is_its_issuers_own(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *keys = arena_new();
    struct arena *arena = arena_new();
    struct text complaints = text_on(keys);
    const char *one = directory_new(keys), *two = directory_new(keys);
    public_key_write(keys, one, "es", &ec_key);
    public_key_write(keys, two, "es", &ec_key);
    file_write(keys, one, "revoked", "sub wang\njti t-1\n");
    struct verifier_options options = { .issuers = arena_printf(keys, "%s=%s other=%s", issuer, one, two),
                                        .audience = audience, .skew_s = 60, .cache_size = 16 };
    struct bench bench = { arena, one, verifier_open(&options, &complaints) };
    assert_string_equal(verdict(&bench, good_token(arena)), "revoked");
    assert_string_equal(verdict_of_claim(&bench, "iss", "\"other\""), "");
    bench_close(&bench);
}

static void a_faulty_revocation_stops_the_start(void **state)
{
    (void)state;
    static const char *const faulty[] = { "jti a\ntoken b\n", "\njti\n", "\njti  \n", "\nsubx\n", "\nSUB a\n" };
    for (size_t i = 0; i < ARRAY_LENGTH(faulty); i++) {
        AUTO(arena_free_at_end) struct arena *arena = arena_new();
        const char *directory = directory_new(arena);
        struct text complaints = text_on(arena);
        public_key_write(arena, directory, "es", &ec_key);
        file_write(arena, directory, "revoked", faulty[i]);
        assert_null(key_set_read(directory, KEY_PUBLIC, NULL, &complaints));
        assert_non_null(strstr(complaints.bytes, "revoked line 2"));
    }
}

static void a_remembered_token_expires(void **state)
{
    WITH_BENCH(bench);
    const char *value = arena_printf(arena, "%ld", now_s() - 58);
    const char *token = token_of(arena, &ec_key, good_header, claims_but(arena, "exp", value));
    assert_string_equal(verdict(&bench, token), "");
    usleep(2100000);
    assert_string_equal(verdict(&bench, token), claims_expired);
}

static void a_principal_outlives_its_place_in_the_cache(void **state)
{
    (void)state;
    struct token_cache *cache = token_cache_new(1);
    struct principal principal = { "i", "s", "a", "", "a", "", "c", "t", "", "", "", "", "x", REACH_NONE, 100 };
    struct verified *first = verified_new(&principal);
    first->good_until_s = 100;
    token_cache_keep(cache, first, 0);
    for (uint8_t i = 1; i < 20; i++) { /* more than there are places */
        struct verified *other = verified_new(&principal);
        other->good_until_s = 100;
        other->digest[0] = i;
        token_cache_keep(cache, other, 0);
        verified_release(other);
    }
    uint8_t digest[CRYPTO_DIGEST_BYTES] = { 0 };
    assert_null(token_cache_find(cache, digest, 0));
    assert_string_equal(first->principal.scopes, "x");
    digest[0] = 19;
    assert_null(token_cache_find(cache, digest, 100)); /* no longer good */
    struct verified *last = token_cache_find(cache, digest, 99);
    token_cache_drop(cache, digest);
    token_cache_free(cache);
    assert_string_equal(last->principal.issuer, "i");
    verified_release(last);
    verified_release(first);
}

static void what_was_used_last_stays(void **state)
{
    (void)state;
    struct token_cache *cache = token_cache_new(8);
    struct principal principal = { "i", "s", "a", "", "a", "", "c", "t", "", "", "", "", "x", REACH_NONE, 100 };
    uint8_t kept[CRYPTO_DIGEST_BYTES] = { 0 };
    for (uint8_t i = 0; i < 40; i++) {
        struct verified *other = verified_new(&principal);
        other->good_until_s = 100;
        other->digest[0] = i;
        token_cache_keep(cache, other, 0);
        verified_release(other);
        struct verified *used = token_cache_find(cache, kept, 0);
        assert_non_null(used);
        verified_release(used);
    }
    token_cache_free(cache);
}

static void our_own_directory_is_an_issuer_and_gives_the_jwk_set(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *keys = arena_new();
    struct arena *arena = arena_new();
    struct text complaints = text_on(keys);
    const char *directory = directory_new(keys);
    file_write(keys, directory, "es.ES256.pem", private_pem(keys, ec_key.pkey));
    struct verifier_options options = { .issuers = "", .own_issuer = issuer, .key_directory = directory,
                                        .audience = audience, .skew_s = 60, .cache_size = 16 };
    struct bench bench = { arena, directory, verifier_open(&options, &complaints) };
    assert_non_null(bench.verifier);
    assert_string_equal(verdict(&bench, good_token(arena)), "");
    json_t *claims = json_loads(claims_but(arena, "", NULL), 0, NULL);
    for (enum token_type type = TOKEN_JWT; type <= TOKEN_AT_JWT; type++) /* what it issues it takes */
        assert_string_equal(verdict(&bench, token_issue(arena, &ec_key, type, claims)), "");
    json_decref(claims);
    const char *jwks = verifier_jwks(bench.verifier, arena).bytes;
    assert_non_null(strstr(jwks, "\"kid\":\"es\""));
    assert_null(strstr(jwks, "\"d\":"));
    bench_close(&bench);
}

/* Of wang by https://id.example and by `other`, whose keys are our own where `own` says so. */
static const char *names_of_wang(struct arena *keys, const char *own, const char *plain, const char *act)
{
    struct arena *arena = arena_new();
    struct text complaints = text_on(keys), names = text_on(keys);
    const char *one = directory_new(keys), *two = directory_new(keys);
    public_key_write(keys, one, "es", &ec_key);
    if (own)
        file_write(keys, two, "es.ES256.pem", private_pem(keys, ec_key.pkey));
    else
        public_key_write(keys, two, "es", &ec_key);
    struct verifier_options options = { .issuers = own ? arena_printf(keys, "%s=%s", issuer, one)
                                                       : arena_printf(keys, "%s=%s other=%s", issuer, one, two),
                                        .own_issuer = own, .key_directory = own ? two : NULL, .plain_issuer = plain,
                                        .audience = audience, .skew_s = 60, .cache_size = 16 };
    struct verifier *verifier = verifier_open(&options, &complaints);
    assert_non_null(verifier);
    for (int i = 0; i < 2; i++) {
        json_t *claims = json_loads(claims_but(arena, "act", act), 0, NULL);
        json_object_set_new(claims, "iss", json_string(i ? "other" : issuer));
        char *body = json_dumps(claims, 0);
        const struct principal *principal;
        struct problem problem = { 0 };
        const char *value = arena_printf(arena, "Bearer %s", token_of(arena, &ec_key, good_header, body));
        assert_true(verifier_check(verifier, arena, slice_of(value), &principal, &problem));
        text_printf(&names, "%s(%s) ", principal->actor_id, principal->on_behalf_id);
        json_decref(claims);
        free(body);
    }
    arena_free(arena);
    verifier_close(verifier);
    return names.bytes;
}

static void names_are_plain_of_our_own_issuer_else_of_the_first_unless_it_is_said(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    static const char *const act = "{\"sub\":\"li\"}";
    const struct {
        const char *own, *plain, *act, *names;
    } rows[] = {
        { NULL, "", NULL, "wang() other#wang() " },
        { "other", "", NULL, "https://id.example#wang() wang() " },
        { "other", issuer, NULL, "wang() other#wang() " },
        { NULL, "other", NULL, "https://id.example#wang() wang() " },
        { NULL, "", act, "li(wang) other#li(other#wang) " },
        { "other", "", act, "https://id.example#li(https://id.example#wang) li(wang) " },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
        assert_string_equal(names_of_wang(arena, rows[i].own, rows[i].plain, rows[i].act), rows[i].names);
}

struct caller {
    struct bench *bench;
    const char *value;
    atomic_bool *stops;
    long refused, accepted;
};

static void *call_until_stopped(void *context)
{
    struct caller *caller = context;
    while (!atomic_load(caller->stops)) {
        AUTO(arena_free_at_end) struct arena *arena = arena_new();
        const struct principal *principal;
        struct problem problem = { 0 };
        if (verifier_check(caller->bench->verifier, arena, slice_of(caller->value), &principal, &problem))
            caller->accepted += strcmp(principal->subject, "wang") == 0;
        else
            caller->refused++;
    }
    return NULL;
}

static void many_threads_may_ask_while_keys_change(void **state)
{
    WITH_BENCH(bench);
    atomic_bool stops = false;
    const char *header = "{\"alg\":\"RS256\",\"typ\":\"at+jwt\",\"kid\":\"rs\"}";
    const char *fleeting = token_of(arena, &rs_key, header, claims_but(arena, "", NULL));
    struct caller callers[4];
    pthread_t threads[ARRAY_LENGTH(callers)];
    for (size_t i = 0; i < ARRAY_LENGTH(callers); i++) {
        const char *value = arena_printf(arena, "Bearer %s", i ? good_token(arena) : fleeting);
        callers[i] = (struct caller){ &bench, value, &stops, 0, 0 };
        assert_int_equal(pthread_create(&threads[i], NULL, call_until_stopped, &callers[i]), 0);
    }
    usleep(200000);
    file_remove(arena, bench.directory, "rs.RS256.pem");
    usleep(1300000);
    atomic_store(&stops, true);
    for (size_t i = 0; i < ARRAY_LENGTH(callers); i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_true(callers[i].accepted > 0);
        assert_int_equal(callers[i].refused > 0, i == 0);
    }
}

static void a_faulty_setting_stops_the_start(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    const char *directory = directory_new(arena);
    public_key_write(arena, directory, "es", &ec_key);
    const struct {
        const char *issuers, *own, *keys, *reason, *plain;
    } faulty[] = {
        { "", "", "", "no token issuer" },
        { "name", "", "", "not of the form" },
        { "=x", "", "", "not of the form" },
        { "name=", "", "", "not of the form" },
        { "name=/does/not/exist", "", "", "/does/not/exist" },
        { arena_printf(arena, "a=%s;typ=id", directory), "", "", "unknown option \"typ=id\"" },
        { arena_printf(arena, "a=%s;typ=jwt;", directory), "", "", "unknown option" },
        { arena_printf(arena, "a=%s a=%s", directory, directory), "", "", "named twice" },
        { arena_printf(arena, "a=%s", directory), "own", "", "no key directory" },
        { arena_printf(arena, "a=%s", directory), "", directory, "private key" },
        { arena_printf(arena, "a=%s", directory), "", "", "issuer b: its names are to be plain", .plain = "b" },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(faulty); i++) {
        struct text complaints = text_on(arena);
        struct verifier_options options = { .issuers = faulty[i].issuers, .own_issuer = faulty[i].own,
                                            .plain_issuer = faulty[i].plain, .key_directory = faulty[i].keys,
                                            .audience = audience, .skew_s = 60, .cache_size = 16 };
        assert_null(verifier_open(&options, &complaints));
        if (!strstr(complaints.bytes, faulty[i].reason))
            fail_msg("%zu: %s", i, complaints.bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_issuer_vouches_with_its_own_keys_only),
        cmocka_unit_test(a_remembered_token_is_found_again_until_its_key_goes),
        cmocka_unit_test(a_revoked_token_ends_within_a_second_also_when_remembered),
        cmocka_unit_test(a_revocation_is_its_issuers_own),
        cmocka_unit_test(a_faulty_revocation_stops_the_start),
        cmocka_unit_test(a_remembered_token_expires),
        cmocka_unit_test(a_principal_outlives_its_place_in_the_cache),
        cmocka_unit_test(what_was_used_last_stays),
        cmocka_unit_test(our_own_directory_is_an_issuer_and_gives_the_jwk_set),
        cmocka_unit_test(names_are_plain_of_our_own_issuer_else_of_the_first_unless_it_is_said),
        cmocka_unit_test(many_threads_may_ask_while_keys_change),
        cmocka_unit_test(a_faulty_setting_stops_the_start),
    };
    return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
