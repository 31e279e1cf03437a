#ifndef ANZE_TESTS_TOKEN_FIXTURE_H
#define ANZE_TESTS_TOKEN_FIXTURE_H

#include "anze/auth/token.h"
#include "anze/base/clock.h"
#include "auth_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/* A verifier that trusts https://id.example with the fixture's three keys, and tokens made by hand. */
static const char issuer[] = "https://id.example", audience[] = "anze";

struct bench {
    struct arena *arena;
    const char *directory;
    struct verifier *verifier;
};

static inline struct bench bench_new(struct arena *arena)
{
    struct bench bench = { arena, directory_new(arena), NULL };
    struct text complaints = text_on(arena);
    public_key_write(arena, bench.directory, "es", &ec_key);
    public_key_write(arena, bench.directory, "rs", &rs_key);
    public_key_write(arena, bench.directory, "ps", &ps_key);
    struct verifier_options options = { .issuers = arena_printf(arena, "%s=%s", issuer, bench.directory),
                                        .audience = audience, .skew_s = 60, .cache_size = 64 };
    bench.verifier = verifier_open(&options, &complaints);
    if (!bench.verifier)
        fail_msg("%s", complaints.bytes);
    return bench;
}

static inline long now_s(void)
{
    return (long)(clock_wall_us() / 1000000);
}

/* An object of these members, with one put in the place of its like, added or left out. */
static inline const char *object_but(struct arena *arena, const char *const (*members)[2], size_t n,
                                     const char *name, const char *value)
{
    struct text text = text_on(arena);
    for (size_t i = 0; i < n; i++)
        if (strcmp(members[i][0], name) != 0)
            text_printf(&text, "%c\"%s\":%s", text.length ? ',' : '{', members[i][0], members[i][1]);
    if (value)
        text_printf(&text, ",\"%s\":%s", name, value);
    text_add_char(&text, '}');
    return text.bytes;
}

/* Claims that are good, but for `name`: its JSON text is `value`, or it is not there when NULL. */
static inline const char *claims_but(struct arena *arena, const char *name, const char *value)
{
    const char *const members[][2] = { { "iss", "\"https://id.example\"" }, { "aud", "\"anze\"" },
                                       { "sub", "\"wang\"" }, { "client_id", "\"console\"" }, { "jti", "\"t-1\"" },
                                       { "iat", arena_printf(arena, "%ld", now_s()) },
                                       { "exp", arena_printf(arena, "%ld", now_s() + 600) },
                                       { "scope", "\"units:read  accidents:write\"" } };
    return object_but(arena, members, ARRAY_LENGTH(members), name, value);
}

static inline const char *token_of(struct arena *arena, const struct key *key, const char *header, const char *claims)
{
    const char *text = arena_printf(arena, "%s.%s", crypto_base64url(arena, header, strlen(header)),
                                    crypto_base64url(arena, claims, strlen(claims)));
    struct slice signature;
    assert_true(key_sign(key, arena, slice_of(text), &signature));
    return arena_printf(arena, "%s.%s", text, crypto_base64url(arena, signature.bytes, signature.length));
}

static const char good_header[] = "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"es\"}";

static inline const char *good_token(struct arena *arena)
{
    return token_of(arena, &ec_key, good_header, claims_but(arena, "", NULL));
}

/* "" when the header's value is accepted, else the cause. The problem must be a 401. */
static inline const char *verdict_of_value(struct bench *bench, const char *value)
{
    const struct principal *principal = NULL;
    struct problem problem = { 0 };
    if (verifier_check(bench->verifier, bench->arena, slice_of(value), &principal, &problem)) {
        assert_non_null(principal);
        return "";
    }
    assert_non_null(problem.cause);
    bool awaits_keys = strcmp(problem.cause, "keys: not there yet") == 0;
    assert_int_equal(problem_kind(problem.code)->status, awaits_keys ? 503 : 401);
    assert_int_equal(problem.retry_after_s > 0, awaits_keys);
    return problem.cause;
}

static inline const char *verdict(struct bench *bench, const char *token)
{
    return verdict_of_value(bench, arena_printf(bench->arena, "Bearer %s", token));
}

static inline const char *verdict_of_claim(struct bench *bench, const char *name, const char *value)
{
    return verdict(bench, token_of(bench->arena, &ec_key, good_header, claims_but(bench->arena, name, value)));
}

static inline const char *verdict_of_header(struct bench *bench, const struct key *key, const char *header)
{
    return verdict(bench, token_of(bench->arena, key, header, claims_but(bench->arena, "", NULL)));
}

/* The bench owns the arena. */
#define WITH_BENCH(bench)                                             \
    (void)state;                                                      \
    struct arena *arena = arena_new();                                \
    AUTO(bench_close) struct bench bench = bench_new(arena)

static inline void bench_close(struct bench *bench)
{
    arena_free(bench->arena); /* principals before the verifier */
    bench->arena = NULL;
    verifier_close(bench->verifier);
}

#endif
