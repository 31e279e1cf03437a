#include "anze/auth/jwks.h"
#include "anze/base/metrics.h"
#include "../../src/auth/fetch.h"
#include "token_fixture.h"
#include "web_fixture.h"

/* Keys of issuers that publish them by URL. A bench with a web server in place of a directory. */
static const char ok[] = "200 OK\r\nContent-Type: application/json\r\n";

struct remote {
    struct arena *keys; /* lives longer than the verifier */
    struct web *web;
    struct bench bench;
};

static const char *jwks_of(struct arena *arena, struct key *keys, size_t n)
{
    struct key_set set = { arena, keys, n };
    return jwks_render(arena, &set).bytes;
}

static struct remote remote_new(const char *path, const char *head, const char *body)
{
    struct remote remote = { arena_new(), web_open(), { arena_new(), NULL, NULL } };
    web_put(remote.web, 0, path, head, body);
    return remote;
}

static void remote_start(struct remote *remote, const char *path, const char *options, long refresh_s)
{
    struct text complaints = text_on(remote->keys);
    const char *url = web_url(remote->web, remote->keys, path);
    struct verifier_options verifier = { .issuers = arena_printf(remote->keys, "%s=%s%s", issuer, url, options),
                                         .audience = audience, .skew_s = 60, .cache_size = 64,
                                         .jwks_refresh_s = refresh_s, .jwks_cool_down_s = 1 };
    remote->bench.verifier = verifier_open(&verifier, &complaints);
    if (!remote->bench.verifier)
        fail_msg("%s", complaints.bytes);
}

static void remote_close(struct remote *remote)
{
    bench_close(&remote->bench);
    web_close(remote->web);
    arena_free(remote->keys);
}

static const char *token_by(struct remote *remote, const char *kid, const char *type)
{
    struct arena *arena = remote->bench.arena;
    const char *header = arena_printf(arena, "{\"alg\":\"ES256\",\"typ\":\"%s\",\"kid\":\"%s\"}", type, kid);
    return token_of(arena, &ec_key, header, claims_but(arena, "", NULL));
}

/* Whether the token gets that verdict within ten seconds, asked again and again. */
static bool in_time(struct remote *remote, const char *token, const char *expected)
{
    for (int i = 0; i < 100; i++, usleep(100000))
        if (strcmp(verdict(&remote->bench, token), expected) == 0)
            return true;
    return false;
}

static void keys_come_by_url_and_by_discovery(void **state)
{
    (void)state;
    static const char *const paths[] = { "/jwks", "/.well-known/openid-configuration" };
    for (size_t i = 0; i < ARRAY_LENGTH(paths); i++) {
        struct key keys[] = { ec_key, ps_key, rs_key };
        struct remote remote = remote_new("/jwks", ok, NULL);
        web_put(remote.web, 0, "/jwks", ok, jwks_of(remote.keys, keys, 3));
        const char *url = web_url(remote.web, remote.keys, "/jwks");
        web_put(remote.web, 1, paths[1], ok,
                arena_printf(remote.keys, "{\"issuer\":\"%s\",\"jwks_uri\":\"%s\"}", issuer, url));
        remote_start(&remote, paths[i], ";typ=jwt", 3600);
        assert_string_equal(verdict(&remote.bench, token_by(&remote, "es", "at+jwt")), "");
        assert_string_equal(verdict(&remote.bench, token_by(&remote, "es", "JWT")), "");
        assert_int_equal(atomic_load(&remote.web->asked), i + 1);
        remote_close(&remote);
    }
}

static void a_flood_of_unknown_keys_is_no_flood_of_fetches(void **state)
{
    (void)state;
    struct remote remote = remote_new("/jwks", ok, NULL);
    web_put(remote.web, 0, "/jwks", ok, jwks_of(remote.keys, &ec_key, 1));
    remote_start(&remote, "/jwks", "", 3600);
    int64_t began_us = clock_monotonic_us();
    const char *body = crypto_base64url(remote.keys, claims_but(remote.keys, "", NULL),
                                        strlen(claims_but(remote.keys, "", NULL)));
    for (int i = 0; i < 2000; i++) { /* nobody needs a key to make them up */
        const char *header = arena_printf(remote.keys, "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"k%d\"}", i);
        const char *token = arena_printf(remote.keys, "%s.%s.AAAA",
                                         crypto_base64url(remote.keys, header, strlen(header)), body);
        assert_string_equal(verdict(&remote.bench, token), "kid: unknown");
    }
    usleep(1200000);
    int64_t passed_s = (clock_monotonic_us() - began_us) / 1000000;
    int asked = atomic_load(&remote.web->asked);
    assert_true(asked >= 2); /* the first, and one for all of them */
    assert_true(asked <= 2 + passed_s);
    assert_string_equal(verdict(&remote.bench, token_by(&remote, "es", "at+jwt")), "");
    remote_close(&remote);
}

static void keys_are_rotated_without_a_restart(void **state)
{
    (void)state;
    struct remote remote = remote_new("/jwks", ok, NULL);
    web_put(remote.web, 0, "/jwks", ok, jwks_of(remote.keys, &ec_key, 1));
    remote_start(&remote, "/jwks", "", 3600);
    const char *old = token_by(&remote, "es", "at+jwt"), *new = token_by(&remote, "a+b/c=", "at+jwt");
    assert_string_equal(verdict(&remote.bench, old), "");
    struct key next = ec_key;
    next.kid = "a+b/c=";
    web_put(remote.web, 0, "/jwks", ok, jwks_of(remote.keys, &next, 1));
    assert_true(in_time(&remote, new, "")); /* the unknown key id made it ask */
    assert_true(in_time(&remote, old, "kid: unknown")); /* also when it is remembered */
    web_put(remote.web, 0, "/jwks", ok, "{\"keys\":[]}"); /* the issuer's word, too */
    verdict(&remote.bench, old);
    assert_true(in_time(&remote, new, "kid: unknown"));
    remote_close(&remote);
}

static void the_last_good_keys_stay_while_the_issuer_is_away(void **state)
{
    (void)state;
    struct remote remote = remote_new("/jwks", ok, NULL);
    const char *good = jwks_of(remote.keys, &ec_key, 1);
    web_put(remote.web, 0, "/jwks", ok, good);
    remote_start(&remote, "/jwks", "", 1);
    int64_t failed = metrics_get(METRIC_KEY_FETCHES_FAILED);
    web_put(remote.web, 0, "/jwks", "500 Broken\r\n", good);
    while (metrics_get(METRIC_KEY_FETCHES_FAILED) == failed)
        usleep(50000);
    assert_true(in_time(&remote, token_by(&remote, "es", "at+jwt"), ""));
    for (int i = 0; i < 100 && metrics_get(METRIC_ISSUERS_AWAY) != 1; i++)
        usleep(50000);
    assert_int_equal(metrics_get(METRIC_ISSUERS_AWAY), 1);
    web_put(remote.web, 0, "/jwks", ok, good);
    for (int i = 0; i < 100 && metrics_get(METRIC_ISSUERS_AWAY); i++)
        usleep(50000);
    assert_int_equal(metrics_get(METRIC_ISSUERS_AWAY), 0);
    remote_close(&remote);
}

/* It starts, has its clients come again (503, since 401 would have them throw their tokens away), and takes the tokens
 * once the keys are there. Then a key that is not among them is an invalid token, also while the issuer is away. */
static void an_issuer_may_be_away_at_the_start(void **state)
{
    (void)state;
    struct remote remote = remote_new("/jwks", "503 Away\r\n", "");
    remote_start(&remote, "/jwks", "", 3600);
    const char *token = token_by(&remote, "es", "at+jwt");
    assert_string_equal(verdict(&remote.bench, token), "keys: not there yet");
    web_put(remote.web, 0, "/jwks", ok, jwks_of(remote.keys, &ec_key, 1));
    assert_true(in_time(&remote, token, ""));
    web_put(remote.web, 0, "/jwks", "503 Away\r\n", "");
    assert_string_equal(verdict(&remote.bench, token_by(&remote, "other", "at+jwt")), "kid: unknown");
    remote_close(&remote);
}

/* Neither a request nor the end of the program waits for it. */
static void nobody_waits_for_an_issuer_that_never_answers(void **state)
{
    (void)state;
    struct remote remote = remote_new("/jwks", ok, NULL);
    web_put(remote.web, 0, "/jwks", ok, jwks_of(remote.keys, &ec_key, 1));
    remote_start(&remote, "/jwks", "", 1);
    int asked = atomic_load(&remote.web->asked);
    web_put(remote.web, 0, "/jwks", NULL, "");
    while (atomic_load(&remote.web->asked) == asked)
        usleep(50000);
    int64_t began_us = clock_monotonic_us();
    assert_string_equal(verdict(&remote.bench, token_by(&remote, "es", "at+jwt")), "");
    assert_string_equal(verdict(&remote.bench, token_by(&remote, "other", "at+jwt")), "kid: unknown");
    bench_close(&remote.bench);
    assert_true(clock_monotonic_us() - began_us < 8000000); /* the fetch itself would take ten seconds */
    web_close(remote.web);
    arena_free(remote.keys);
}

static bool goes_on(void *nothing)
{
    return nothing;
}

static void a_fetch_ends_when_its_time_is_over(void **state)
{
    (void)state;
    struct remote remote = remote_new("/jwks", NULL, "");
    struct slice document;
    const char *why = "";
    const struct fetch fetch = { .url = web_url(remote.web, remote.keys, "/jwks"), .within_ms = 300, .gives_up = goes_on };
    assert_false(fetch_document(remote.keys, &fetch, &document, &why));
    assert_non_null(strstr(why, "timed out"));
    web_close(remote.web);
    arena_free(remote.bench.arena);
    arena_free(remote.keys);
}

/* PORT: the server; GOOD: a JWK Set with the key; LARGE: the same, with too many blanks after it. */
static const struct {
    const char *head, *body;
} wrong_answers[] = {
    { "302 Found\r\nLocation: /other\r\n", "" }, { "301 Moved\r\nLocation: /other\r\n", "GOOD" },
    { "404 Not Found\r\n", "GOOD" },          { "204 No Content\r\n", "" },
    { ok, "LARGE" },                          { ok, "" },
    { ok, "<html></html>" },                { ok, "[]" },
    { ok, "{}" },                           { ok, "{\"keys\":{}}" },
    { ok, "{\"keys\":[],\"keys\":[]}" },    { ok, "{\"issuer\":\"https://id.example\"}" },
    { ok, "{\"issuer\":\"https://id.example/\",\"jwks_uri\":\"PORT/other\"}" },
    { ok, "{\"jwks_uri\":\"PORT/other\"}" },
    { ok, "{\"issuer\":\"https://id.example\",\"jwks_uri\":\"file:///etc/passwd\"}" },
    { ok, "{\"issuer\":\"https://id.example\",\"jwks_uri\":\"http://id.example/jwks\"}" },
    { ok, "{\"issuer\":\"https://id.example\",\"jwks_uri\":\"http://127.0.0.1@id.example/jwks\"}" },
    { ok, "{\"issuer\":\"https://id.example\",\"jwks_uri\":[\"PORT/other\"]}" },
};

static const char *body_of(struct arena *arena, struct web *web, const char *body, const char *good)
{
    const char *port = strstr(body, "PORT");
    if (port)
        return arena_printf(arena, "%.*s%s%s", (int)(port - body), body, web_url(web, arena, ""), port + 4);
    return strcmp(body, "GOOD") == 0    ? good
           : strcmp(body, "LARGE") == 0 ? arena_printf(arena, "%s%*s", good, 300000, "")
                                        : body;
}

static void only_a_jwk_set_of_that_issuer_is_taken(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    const char *good = jwks_of(arena, &ec_key, 1);
    for (size_t i = 0; i < ARRAY_LENGTH(wrong_answers); i++) {
        struct remote remote = remote_new("/jwks", wrong_answers[i].head, "");
        web_put(remote.web, 0, "/jwks", wrong_answers[i].head,
                body_of(arena, remote.web, wrong_answers[i].body, good));
        web_put(remote.web, 1, "/other", ok, good);
        remote_start(&remote, "/jwks", "", 3600);
        if (strcmp(verdict(&remote.bench, token_by(&remote, "es", "at+jwt")), "keys: not there yet") != 0)
            fail_msg("%zu was taken", i);
        remote_close(&remote);
    }
}

static void tokens_of_an_issuer_by_url_are_revoked_in_a_directory(void **state)
{
    (void)state;
    struct remote remote = remote_new("/jwks", ok, NULL);
    web_put(remote.web, 0, "/jwks", ok, jwks_of(remote.keys, &ec_key, 1));
    const char *directory = directory_new(remote.keys);
    remote_start(&remote, "/jwks", arena_printf(remote.keys, ";revoked=%s", directory), 3600);
    const char *token = token_by(&remote, "es", "at+jwt");
    assert_string_equal(verdict(&remote.bench, token), "");
    file_write(remote.keys, directory, "revoked", "sub wang\n");
    assert_true(in_time(&remote, token, "revoked"));
    remote_close(&remote);
}

static void a_url_that_is_not_allowed_stops_the_start(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    static const char *const faulty[] = {
        "a=http://id.example/jwks", "a=https://", "a=https://user@id.example/jwks", "a=http://127.0.0.1@id.example/",
        "a=http://localhost/jwks", "a=http://127.evil.example/", "a=ftp://id.example/jwks", "a=file:///etc/keys",
        "=https://id.example/jwks", "a=https://id.example/jwks;typ=id", "a=https://id.example/jwks;revoked=/does/not/exist",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(faulty); i++) {
        struct text complaints = text_on(arena);
        struct verifier_options options = { .issuers = faulty[i], .audience = audience, .skew_s = 60, .cache_size = 16,
                                            .jwks_refresh_s = 3600, .jwks_cool_down_s = 3600 };
        if (verifier_open(&options, &complaints))
            fail_msg("%s was taken", faulty[i]);
    }
}

/* A JWK of the fixture's keys, with one member put in the place of its like, or left out. */
static json_t *jwk_but(struct arena *arena, const struct key *key, const char *name, const char *value)
{
    struct key keys[] = { *key };
    json_t *set = json_loads(jwks_of(arena, keys, 1), 0, NULL);
    json_t *jwk = json_incref(json_array_get(json_object_get(set, "keys"), 0));
    json_decref(set);
    json_object_del(jwk, name);
    if (value)
        json_object_set_new(jwk, name, json_loads(value, JSON_DECODE_ANY, NULL));
    return jwk;
}

static struct key_set *set_of(struct arena *arena, json_t *one, json_t *two)
{
    struct text complaints = text_on(arena);
    json_t *list = json_array(), *document = json_object();
    json_array_append_new(list, one);
    if (two)
        json_array_append_new(list, two);
    json_object_set_new(document, "keys", list);
    struct key_set *set = jwks_read(document, &complaints);
    json_decref(document);
    return set;
}

static const struct {
    const struct key *key;
    const char *name, *value;
    int algorithm; /* -1: passed over */
} members[] = {
    { &ec_key, "x-more", "1", KEY_ES256 },        { &rs_key, "x5c", "[]", KEY_RS256 },
    { &ps_key, "use", NULL, KEY_PS256 },          { &ec_key, "alg", NULL, KEY_ES256 },
    { &rs_key, "alg", NULL, KEY_RS256 },          { &rs_key, "alg", "\"PS256\"", KEY_PS256 },
    { &rs_key, "key_ops", "[\"verify\"]", KEY_RS256 }, { &ec_key, "key_ops", "[\"sign\",\"verify\"]", KEY_ES256 },
    { &ec_key, "kid", "\"a+b/c=\"", KEY_ES256 },  { &ec_key, "kid", NULL, -1 },
    { &ec_key, "kid", "7", -1 },                  { &ec_key, "kid", "\"\"", -1 },
    { &ec_key, "kid", "\"a\\nb\"", -1 },          { &ec_key, "use", "\"enc\"", -1 },
    { &ec_key, "use", "1", -1 },                  { &ec_key, "use", "null", -1 },
    { &ec_key, "key_ops", "[\"sign\"]", -1 },     { &ec_key, "key_ops", "[]", -1 },
    { &ec_key, "key_ops", "\"verify\"", -1 },     { &ec_key, "alg", "\"ES384\"", -1 },
    { &ec_key, "alg", "\"RS256\"", -1 },          { &rs_key, "alg", "\"ES256\"", -1 },
    { &rs_key, "alg", "\"RSA-OAEP\"", -1 },       { &rs_key, "alg", "\"none\"", -1 },
    { &rs_key, "alg", "null", -1 },               { &rs_key, "alg", "\"rs256\"", -1 },
    { &ec_key, "kty", "\"oct\"", -1 },            { &ec_key, "kty", "\"OKP\"", -1 },
    { &ec_key, "kty", NULL, -1 },                 { &ec_key, "kty", "\"RSA\"", -1 },
    { &ec_key, "crv", "\"P-384\"", -1 },          { &ec_key, "crv", NULL, -1 },
    { &ec_key, "x", NULL, -1 },                   { &ec_key, "y", "\"AAAA\"", -1 },
    { &ec_key, "x", "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"", -1 },
    { &ec_key, "x", "\"+/=\"", -1 },              { &ec_key, "d", "\"AAAA\"", -1 },
    { &rs_key, "n", NULL, -1 },                   { &rs_key, "n", "\"AAAA\"", -1 },
    { &rs_key, "e", "\"AQ\"", -1 },               { &rs_key, "e", "\"Ag\"", -1 },
    { &rs_key, "e", "\"\"", -1 },                 { &rs_key, "d", "\"AAAA\"", -1 },
};

static void a_key_of_a_jwk_set_is_pinned_or_passed_over(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    for (size_t i = 0; i < ARRAY_LENGTH(members); i++) {
        struct key_set *set = set_of(arena, jwk_but(arena, members[i].key, members[i].name, members[i].value), NULL);
        int found = set->n ? (int)set->keys[0].algorithm : -1;
        if (found != members[i].algorithm)
            fail_msg("%s %s: %d", members[i].name, members[i].value ? members[i].value : "left out", found);
        key_set_free(set);
    }
    struct key weak = { .kid = "k", .algorithm = KEY_RS256, .pkey = EVP_RSA_gen(1024) };
    struct key_set *set = set_of(arena, jwk_but(arena, &weak, "", NULL), NULL);
    assert_int_equal(set->n, 0);
    key_set_free(set);
    EVP_PKEY_free(weak.pkey);
}

static void two_keys_under_one_kid_are_none(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    struct key_set *same = set_of(arena, jwk_but(arena, &ec_key, "", NULL), jwk_but(arena, &ec_key, "", NULL));
    assert_int_equal(same->n, 1);
    struct key_set *other = set_of(arena, jwk_but(arena, &ec_key, "", NULL), jwk_but(arena, &rs_key, "kid", "\"es\""));
    assert_int_equal(other->n, 0);
    struct key_set *both = set_of(arena, jwk_but(arena, &ec_key, "", NULL), jwk_but(arena, &rs_key, "", NULL));
    assert_int_equal(both->n, 2);
    key_set_free(same);
    key_set_free(other);
    key_set_free(both);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_come_by_url_and_by_discovery),
        cmocka_unit_test(a_flood_of_unknown_keys_is_no_flood_of_fetches),
        cmocka_unit_test(keys_are_rotated_without_a_restart),
        cmocka_unit_test(the_last_good_keys_stay_while_the_issuer_is_away),
        cmocka_unit_test(an_issuer_may_be_away_at_the_start),
        cmocka_unit_test(nobody_waits_for_an_issuer_that_never_answers),
        cmocka_unit_test(a_fetch_ends_when_its_time_is_over),
        cmocka_unit_test(only_a_jwk_set_of_that_issuer_is_taken),
        cmocka_unit_test(tokens_of_an_issuer_by_url_are_revoked_in_a_directory),
        cmocka_unit_test(a_url_that_is_not_allowed_stops_the_start),
        cmocka_unit_test(a_key_of_a_jwk_set_is_pinned_or_passed_over),
        cmocka_unit_test(two_keys_under_one_kid_are_none),
    };
    return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
