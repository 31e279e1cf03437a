#include "anze/auth/claims.h"
#include "token_fixture.h"

/* Tokens that are good but for one thing, with the verdict on each. Every row is tried as at+jwt and as JWT with
 * ES256, those of header and text also as JWT with RS256; JWT goes by libjwt. A verdict must not depend on which way a token
 * goes. In values, @N is the time now and N seconds. */
struct way {
    const char *issuer, *type;
    const struct key *key;
};

static const struct way ways[] = {
    { "https://id.example", "at+jwt", &ec_key },
    { "https://jwt.example", "JWT", &ec_key },
    { "https://jwt.example", "JWT", &rs_key },
};

struct row {
    const char *name, *value; /* of the member; NULL: it is not there */
    const char *cause;        /* "": accepted */
};

#define NONE "alg: not one of ours"
#define TYPE "typ: not an access token"
#define MEMBER "header: a member that is refused"

static const struct row headers[] = {
    { "alg", "\"none\"", NONE },     { "alg", "\"None\"", NONE },     { "alg", "\"NONE\"", NONE },
    { "alg", "\"nOnE\"", NONE },     { "alg", "\"\"", NONE },         { "alg", NULL, NONE },
    { "alg", "null", NONE },         { "alg", "7", NONE },            { "alg", "true", NONE },
    { "alg", "[\"ES256\"]", NONE },  { "alg", "{}", NONE },           { "alg", "\"HS256\"", NONE },
    { "alg", "\"HS384\"", NONE },    { "alg", "\"HS512\"", NONE },    { "alg", "\"RS384\"", NONE },
    { "alg", "\"RS512\"", NONE },    { "alg", "\"ES384\"", NONE },    { "alg", "\"ES512\"", NONE },
    { "alg", "\"ES256K\"", NONE },   { "alg", "\"PS384\"", NONE },    { "alg", "\"EdDSA\"", NONE },
    { "alg", "\"es256\"", NONE },    { "alg", "\"rs256\"", NONE },    { "alg", "\"ES256 \"", NONE },
    { "alg", "\"PS256\"", "alg: not the key's" },
    { "typ", NULL, TYPE },           { "typ", "null", TYPE },         { "typ", "\"\"", TYPE },
    { "typ", "1", TYPE },            { "typ", "[\"at+jwt\"]", TYPE }, { "typ", "\"id+jwt\"", TYPE },
    { "typ", "\"at+jwt \"", TYPE },  { "typ", "\" at+jwt\"", TYPE },  { "typ", "\"at jwt\"", TYPE },
    { "typ", "\"JWS\"", TYPE },      { "typ", "\"JOSE\"", TYPE },     { "typ", "\"application/jwt\"", TYPE },
    { "typ", "\"logout+jwt\"", TYPE }, { "typ", "\"dpop+jwt\"", TYPE }, { "typ", "\"secevent+jwt\"", TYPE },
    { "typ", "\"text/at+jwt\"", TYPE }, { "typ", "\"JWT \"", TYPE },  { "typ", "\"jwt+at\"", TYPE },
    { "typ", "\"at+jwt\"", "" },     { "typ", "\"AT+JWT\"", "" },     { "typ", "\"At+Jwt\"", "" },
    { "typ", "\"application/at+jwt\"", "" }, { "typ", "\"Application/AT+JWT\"", "" },
    { "kid", NULL, "kid: malformed" }, { "kid", "null", "kid: malformed" }, { "kid", "\"\"", "kid: malformed" },
    { "kid", "7", "kid: malformed" }, { "kid", "[\"es\"]", "kid: malformed" }, { "kid", "{}", "kid: malformed" },
    { "kid", "\"a\\nb\"", "kid: malformed" }, { "kid", "\"\\u007f\"", "kid: malformed" },
    { "kid", "\"es\\u0000\"", "header: json" }, { "kid", "\"\\ud800\"", "header: json" },
    { "kid", "\"../../x\"", "kid: unknown" }, { "kid", "\"' or 1=1--\"", "kid: unknown" },
    { "kid", "\"ES\"", "kid: unknown" }, { "kid", "\"es.ES256\"", "kid: unknown" }, { "kid", "\"es \"", "kid: unknown" },
    { "kid", "\"%65s\"", "kid: unknown" }, { "kid", "\"a+b/c=\"", "kid: unknown" }, { "kid", "\"钥匙\"", "kid: unknown" },
    { "crit", "[]", MEMBER },        { "crit", "[\"exp\"]", MEMBER }, { "crit", "null", MEMBER },
    { "jku", "\"https://evil.example/k\"", MEMBER }, { "jwk", "{}", MEMBER }, { "x5c", "[]", MEMBER },
    { "x5u", "\"https://evil.example/c\"", MEMBER }, { "b64", "true", MEMBER }, { "b64", "false", MEMBER },
    { "zip", "\"DEF\"", MEMBER },    { "x5t", "\"AAAA\"", "" },       { "cty", "\"JWT\"", "" },
    { "x", "{\"a\":[1]}", "" },      { "alg\":\"none\",\"x", "1", "header: json" },
    { "k\\u0069d", "\"es\"", "header: json" }, { "x", "01", "header: json" }, { "x", "1}{\"y\":1", "header: json" },
};

#define EXP "exp: not a time"
#define IAT "iat: not a time"
#define NBF "nbf: not a time"
#define UNKNOWN "iss: not trusted"
#define AUD "aud: not us"
#define AUD_TEXT "aud: not text"
#define SECTORS "anze_sectors: not a sector"
#define REGION "anze_region: not a division code"
#define UNIT "anze_unit: not a uuid"

static const struct row claims[] = {
    { "exp", NULL, EXP },            { "exp", "null", EXP },          { "exp", "\"@600\"", EXP },
    { "exp", "true", EXP },          { "exp", "[]", EXP },            { "exp", "{}", EXP },
    { "exp", "-1", EXP },            { "exp", "-0.1", EXP },          { "exp", "1e300", EXP },
    { "exp", "253402300800", EXP },  { "exp", "9223372036854775807", EXP }, { "exp", "1e400", "claims: json" },
    { "exp", "0", claims_expired },  { "exp", "0.9", claims_expired }, { "exp", "@-61", claims_expired },
    { "exp", "@-61.5", claims_expired }, { "exp", "@-50", "" },       { "exp", "@600.5", "" },
    { "exp", "1.9e9", "" },          { "exp", "253402300799", "" },
    { "iat", NULL, IAT },            { "iat", "null", IAT },          { "iat", "\"0\"", IAT },
    { "iat", "-1", IAT },            { "iat", "[]", IAT },            { "iat", "1e300", IAT },
    { "iat", "@90", "iat: in the future" }, { "iat", "@90.5", "iat: in the future" }, { "iat", "@30", "" },
    { "iat", "@-5.25", "" },         { "iat", "1.5", "" },            { "iat", "0", "" },
    { "nbf", "null", NBF },          { "nbf", "\"0\"", NBF },         { "nbf", "-1", NBF },
    { "nbf", "1e300", NBF },         { "nbf", "@90", "nbf: in the future" }, { "nbf", "@90.5", "nbf: in the future" },
    { "nbf", "@30", "" },            { "nbf", "@-1.5", "" },          { "nbf", "0.0", "" },
    { "iss", NULL, UNKNOWN },        { "iss", "null", UNKNOWN },      { "iss", "\"\"", UNKNOWN },
    { "iss", "1", UNKNOWN },         { "iss", "[\"https://id.example\"]", UNKNOWN },
    { "iss", "\"https://id.example/\"", UNKNOWN }, { "iss", "\"HTTPS://id.example\"", UNKNOWN },
    { "iss", "\" https://id.example\"", UNKNOWN }, { "iss", "\"https://id.example.evil\"", UNKNOWN },
    { "aud", NULL, AUD_TEXT },       { "aud", "null", AUD_TEXT },     { "aud", "1", AUD_TEXT },
    { "aud", "{}", AUD_TEXT },       { "aud", "[\"anze\",1]", AUD_TEXT }, { "aud", "\"\"", AUD },
    { "aud", "\"Anze\"", AUD },      { "aud", "\"anze \"", AUD },     { "aud", "[]", AUD },
    { "aud", "[\"other\"]", AUD },   { "aud", "\"console\"", AUD },   { "aud", "[\"other\",\"anze\"]", "" },
    { "sub", NULL, "sub: not a name" }, { "sub", "\"\"", "sub: not a name" }, { "sub", "7", "sub: not a name" },
    { "sub", "null", "sub: not a name" }, { "sub", "\"a\\nb\"", "sub: not a name" }, { "sub", "\"王 强\"", "" },
    { "sub", "\"a\\u0000b\"", "claims: json" },
    { "client_id", NULL, "client_id: not a name" }, { "client_id", "null", "client_id: not a name" },
    { "client_id", "\"\"", "client_id: not a name" }, { "client_id", "[\"a\"]", "client_id: not a name" },
    { "azp", "\"console\"", "" },
    { "jti", NULL, "jti: not a name" }, { "jti", "\"\"", "jti: not a name" }, { "jti", "1", "jti: not a name" },
    { "scope", NULL, "" },           { "scope", "\"\"", "" },         { "scope", "[\"a\"]", "scope: not text" },
    { "scope", "1", "scope: not text" }, { "scope", "null", "scope: not text" },
    { "scope", "\"a\\tb\"", "scope: foreign character" }, { "scope", "\"a\\\\b\"", "scope: foreign character" },
    { "scope", "\"读\"", "scope: foreign character" },
    { "act", "null", "act: without sub" }, { "act", "\"li\"", "act: without sub" }, { "act", "{}", "act: without sub" },
    { "act", "[]", "act: without sub" }, { "act", "{\"sub\":\"\"}", "act: without sub" },
    { "act", "{\"sub\":1}", "act: without sub" }, { "act", "{\"sub\":\"li\"}", "" },
    { "anze_unit", "\"\"", UNIT },   { "anze_unit", "7", UNIT },      { "anze_unit", "null", UNIT },
    { "anze_unit", "\"0190A000-0000-7000-8000-000000000001\"", UNIT },
    { "anze_unit", "\"0190a000-0000-7000-8000-00000000000\"", UNIT },
    { "anze_unit", "\"0190a000-0000-7000-8000-000000000001\"", "" },
    { "anze_region", "\"1\"", REGION }, { "anze_region", "\"15062\"", REGION }, { "anze_region", "150622", REGION },
    { "anze_region", "\"15x622\"", REGION }, { "anze_region", "\"\"", REGION }, { "anze_region", "null", REGION },
    { "anze_region", "\"15\"", "" }, { "anze_region", "\"150622\"", "" },
    { "anze_sectors", "[]", "anze_sectors: not a list of sectors" },
    { "anze_sectors", "\"coal\"", "anze_sectors: not a list of sectors" },
    { "anze_sectors", "null", "anze_sectors: not a list of sectors" },
    { "anze_sectors", "[\"coal\",1]", SECTORS }, { "anze_sectors", "[\"Coal\"]", SECTORS },
    { "anze_sectors", "[\"\"]", SECTORS }, { "anze_sectors", "[\"a,b\"]", SECTORS },
    { "anze_sectors", "[\"coal\"]", "" },
    { "sub\":\"a\",\"sub", "\"b\"", "claims: json" }, { "s\\u0075b", "\"zhang\"", "claims: json" },
    { "x", "nul", "claims: json" },  { "x", "\"\xff\"", "claims: json" }, { "x", "[[[[[[[[]]]]]]]]", "" },
    { "nonce", "\"n\"", "" },        { "auth_time", "1", "" },
};

/* Base64url, dots and the signature. %s is the token, or its parts %1 %2 %3. */
static const struct row texts[] = {
    { "whole", "%1.%2.%3", "" },     { "no signature", "%1.%2.", "form: an empty part" },
    { "two parts", "%1.%2", "form: not three parts" }, { "four parts", "%1.%2.%3.%3", "form: not three parts" },
    { "five parts", "%1.%2.%3.a.b", "form: not three parts" }, { "dots", "..", "form: an empty part" },
    { "no claims", "%1..%3", "form: an empty part" }, { "no header", ".%2.%3", "form: an empty part" },
    { "padded", "%1.%2.%3=", "signature: text" }, { "padded header", "%1=.%2.%3", "header: text" },
    { "padded claims", "%1.%2=.%3", "claims: text" }, { "line end", "%1.%2.%3\n", "signature: text" },
    { "blank", "%1.%2. %3", "signature: text" }, { "plus", "%1.%2.+%3", "signature: text" },
    { "slash", "%1.%2./%3", "signature: text" }, { "percent", "%1.%2.%253D", "signature: text" },
    { "header twice", "%1.%1.%3", "iss: not trusted" }, { "claims twice", "%2.%2.%3", "alg: not one of ours" },
    { "claims as signature", "%1.%2.%2", "signature: wrong" }, { "short", "%1.%2.AAAA", "signature: wrong" },
    { "turned", "%1.%2.%3AAAA", "signature: wrong" }, { "letters", "a.b.c", "header: text" },
    { "not JSON", "AAAA.%2.%3", "header: json" }, { "claims not JSON", "%1.AAAA.%3", "claims: json" },
    { "array", "W10.%2.%3", "header: json" }, { "claims an array", "%1.W10.%3", "claims: json" },
};

static const char *value_of(struct arena *arena, const char *value)
{
    const char *at = value ? strchr(value, '@') : NULL;
    if (!at)
        return value;
    char *rest;
    long seconds = strtol(at + 1, &rest, 10);
    return arena_printf(arena, "%.*s%ld%s", (int)(at - value), value, now_s() + seconds, rest);
}

static const char *header_but(struct arena *arena, const struct way *way, const char *name, const char *value)
{
    const char *const members[][2] = {
        { "alg", arena_printf(arena, "\"%s\"", key_algorithm_name(way->key->algorithm)) },
        { "typ", arena_printf(arena, "\"%s\"", way->type) },
        { "kid", arena_printf(arena, "\"%s\"", way->key->kid) },
    };
    return object_but(arena, members, ARRAY_LENGTH(members), name, value);
}

static const char *claims_of(struct arena *arena, const struct way *way, const char *name, const char *value)
{
    const char *const members[][2] = {
        { "iss", arena_printf(arena, "\"%s\"", way->issuer) }, { "aud", "\"anze\"" }, { "sub", "\"wang\"" },
        { "client_id", "\"console\"" }, { "jti", "\"t-1\"" }, { "iat", arena_printf(arena, "%ld", now_s()) },
        { "exp", arena_printf(arena, "%ld", now_s() + 600) }, { "scope", "\"units:read\"" },
    };
    return object_but(arena, members, ARRAY_LENGTH(members), name, value_of(arena, value));
}

static struct bench cases_new(struct arena *arena)
{
    struct bench bench = { arena, directory_new(arena), NULL };
    struct text complaints = text_on(arena);
    public_key_write(arena, bench.directory, "es", &ec_key);
    public_key_write(arena, bench.directory, "rs", &rs_key);
    struct verifier_options options = {
        .issuers = arena_printf(arena, "%s=%s %s=%s;typ=jwt", ways[0].issuer, bench.directory, ways[1].issuer,
                                bench.directory),
        .audience = audience, .skew_s = 60, .cache_size = 64,
    };
    bench.verifier = verifier_open(&options, &complaints);
    if (!bench.verifier)
        fail_msg("%s", complaints.bytes);
    return bench;
}

static void row_check(struct bench *bench, const struct way *way, const struct row *row, const char *token)
{
    const char *found = verdict(bench, token);
    if (strcmp(found, row->cause) != 0)
        fail_msg("%s %s as %s, %s: \"%s\", not \"%s\"", row->name, row->value ? row->value : "left out", way->type,
                 way->key->kid, found, row->cause);
}

#define WITH_CASES(bench)                                             \
    (void)state;                                                      \
    struct arena *arena = arena_new();                                \
    AUTO(bench_close) struct bench bench = cases_new(arena)

static void every_header_has_its_verdict(void **state)
{
    WITH_CASES(bench);
    for (size_t i = 0; i < ARRAY_LENGTH(headers) * ARRAY_LENGTH(ways); i++) {
        const struct way *way = &ways[i % ARRAY_LENGTH(ways)];
        const struct row *row = &headers[i / ARRAY_LENGTH(ways)];
        const char *header = header_but(arena, way, row->name, row->value);
        row_check(&bench, way, row, token_of(arena, way->key, header, claims_of(arena, way, "", NULL)));
    }
}

static void every_claim_has_its_verdict(void **state)
{
    WITH_CASES(bench);
    for (size_t i = 0; i < 2 * ARRAY_LENGTH(claims); i++) {
        const struct way *way = &ways[i % 2];
        const struct row *row = &claims[i / 2];
        const char *header = header_but(arena, way, "", NULL);
        row_check(&bench, way, row, token_of(arena, way->key, header, claims_of(arena, way, row->name, row->value)));
    }
}

static void every_text_has_its_verdict(void **state)
{
    WITH_CASES(bench);
    for (size_t i = 0; i < ARRAY_LENGTH(texts) * ARRAY_LENGTH(ways); i++) {
        const struct way *way = &ways[i % ARRAY_LENGTH(ways)];
        const struct row *row = &texts[i / ARRAY_LENGTH(ways)];
        struct text bent = text_on(arena);
        char *parts[3], *rest = arena_strdup(arena, token_of(arena, way->key, header_but(arena, way, "", NULL),
                                                             claims_of(arena, way, "", NULL)));
        for (size_t part = 0; part < ARRAY_LENGTH(parts); part++)
            parts[part] = strsep(&rest, ".");
        for (const char *at = row->value; *at; at++)
            if (*at == '%' && at[1] >= '1' && at[1] <= '3')
                text_add_string(&bent, parts[*++at - '1']);
            else
                text_add_char(&bent, *at);
        row_check(&bench, way, row, bent.bytes);
    }
}

/* By an issuer whose tokens all say JWT, an ID or logout token must not pass for an access token. */
static void tokens_of_another_kind_are_refused(void **state)
{
    WITH_CASES(bench);
    static const struct row rows[] = {
        { "at_hash", "\"h\"", "typ: a claim that access tokens do not have" },
        { "c_hash", "\"h\"", "typ: a claim that access tokens do not have" },
        { "s_hash", "null", "typ: a claim that access tokens do not have" },
        { "events", "{}", "typ: a claim that access tokens do not have" },
        { "aud", "\"console\"", "aud: not us" },
        { "client_id", NULL, "client_id: not a name" },
        { "jti", NULL, "jti: not a name" },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
        for (size_t j = 1; j < ARRAY_LENGTH(ways); j++)
            row_check(&bench, &ways[j], &rows[i],
                      token_of(arena, ways[j].key, header_but(arena, &ways[j], "", NULL),
                               claims_of(arena, &ways[j], rows[i].name, rows[i].value)));
}

/* `typ: JWT` is for issuers that are configured so; at+jwt for all. */
static void the_type_jwt_is_the_issuers_to_send(void **state)
{
    WITH_CASES(bench);
    static const char *const spelt[] = { "JWT", "jwt", "Jwt" };
    for (size_t i = 0; i < ARRAY_LENGTH(spelt); i++)
        for (size_t j = 0; j < 2; j++) {
            struct row row = { "typ", spelt[i], j ? "" : TYPE };
            const char *header = header_but(arena, &ways[j], "typ", arena_printf(arena, "\"%s\"", spelt[i]));
            row_check(&bench, &ways[j], &row, token_of(arena, &ec_key, header, claims_of(arena, &ways[j], "", NULL)));
        }
}

/* libjwt would take an HMAC with the key's text, an empty key, or another curve: it is not asked. */
static void libjwt_is_not_led_astray(void **state)
{
    WITH_CASES(bench);
    const char *claims_text = claims_of(arena, &ways[1], "", NULL);
    static const char *const algorithms[] = { "HS256", "RS256", "none" };
    for (size_t i = 0; i < ARRAY_LENGTH(algorithms); i++) {
        const char *header = arena_printf(arena, "{\"alg\":\"%s\",\"typ\":\"JWT\",\"kid\":\"rs\"}", algorithms[i]);
        const char *text = arena_printf(arena, "%s.%s", crypto_base64url(arena, header, strlen(header)),
                                        crypto_base64url(arena, claims_text, strlen(claims_text)));
        uint8_t mac[CRYPTO_DIGEST_BYTES];
        crypto_hmac_sha256(slice_of(public_pem(arena, rs_key.pkey)), slice_of(text), mac);
        assert_string_not_equal(verdict(&bench, arena_printf(arena, "%s.%s", text,
                                                             crypto_base64url(arena, mac, sizeof mac))), "");
    }
    struct key other = { .kid = "es", .algorithm = KEY_ES256, .pkey = EVP_EC_gen("P-256") };
    struct row row = { "signed by another key", "", "signature: wrong" };
    row_check(&bench, &ways[1], &row, token_of(arena, &other, header_but(arena, &ways[1], "", NULL), claims_text));
    EVP_PKEY_free(other.pkey);
}

/* What a caller is told helps him, and does not tell a stranger which issuers and keys are known. */
static void a_refusal_says_what_to_do(void **state)
{
    WITH_CASES(bench);
    const struct {
        const char *header, *claim, *value, *said;
    } rows[] = {
        { "", "exp", "1", "expired: get a new one" },     { "", "nbf", "@90", "not good yet" },
        { "", "aud", "\"x\"", "another audience" },       { "", "client_id", NULL, "claim client_id" },
        { "", "exp", "\"1\"", "claim exp" },              { "typ", "", "\"id+jwt\"", "not an ID token" },
        { "alg", "", "\"HS256\"", "ES256, PS256 or RS256" }, { "kid", "", NULL, "must have a kid" },
        { "kid", "", "\"x\"", "trusted here, or was revoked" }, { "", "iss", "\"x\"", "trusted here, or was revoked" },
        { "alg", "", "\"PS256\"", "trusted here, or was revoked" },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        const struct principal *principal;
        struct problem problem = { 0 };
        const char *header = header_but(arena, &ways[0], rows[i].header, *rows[i].header ? rows[i].value : NULL);
        const char *body = claims_of(arena, &ways[0], rows[i].claim, *rows[i].claim ? rows[i].value : NULL);
        struct slice value = slice_of(arena_printf(arena, "Bearer %s", token_of(arena, &ec_key, header, body)));
        assert_false(verifier_check(bench.verifier, arena, value, &principal, &problem));
        if (!strstr(problem.en, rows[i].said))
            fail_msg("%s%s: %s", rows[i].header, rows[i].claim, problem.en);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_header_has_its_verdict),
        cmocka_unit_test(every_claim_has_its_verdict),
        cmocka_unit_test(every_text_has_its_verdict),
        cmocka_unit_test(tokens_of_another_kind_are_refused),
        cmocka_unit_test(the_type_jwt_is_the_issuers_to_send),
        cmocka_unit_test(libjwt_is_not_led_astray),
        cmocka_unit_test(a_refusal_says_what_to_do),
    };
    return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
