#include "anze/auth/token.h"
#include "anze/auth/cache.h"
#include "anze/auth/claims.h"
#include "anze/auth/jwks.h"
#include "anze/base/clock.h"
#include "anze/base/json.h"
#include "anze/base/metrics.h"
#include "anze/base/text.h"
#include "issuer.h"
#include "libjwt.h"

#include <strings.h>

enum { TOKEN_MAX_BYTES = 4096, LOOK_EVERY_US = 1000000 };

struct verifier {
    struct arena *arena;
    struct issuers issuers;
    struct key_directory *own; /* NULL: no keys of our own; may also stand among the issuers */
    const char *plain_issuer;  /* whose names stand alone */
    const char *audience;
    int64_t skew_s;
    long keys_again_s;         /* fetches that bring none are as far apart */
    struct token_cache *cache;
    atomic_ulong generation;   /* goes up when any key directory has changed */
    _Atomic int64_t next_look_us;
};

static void own_keys_read(struct verifier *verifier, const struct verifier_options *options, struct text *complaints)
{
    bool has_directory = options->key_directory && *options->key_directory;
    if (has_directory)
        verifier->own = key_directory_open(options->key_directory, KEY_PRIVATE, complaints);
    if (!options->own_issuer || !*options->own_issuer)
        return;
    if (!has_directory)
        text_printf(complaints, "issuer %s: is our own, but no key directory is set\n", options->own_issuer);
    issuers_add_own(&verifier->issuers, arena_strdup(verifier->arena, options->own_issuer), verifier->own, complaints);
}

/* People keep their names when issuers come and go: which issuer's names are plain may be said. */
static const char *plain_issuer(const struct verifier *verifier, const struct verifier_options *options,
                                struct text *complaints)
{
    const char *own = options->own_issuer && *options->own_issuer ? options->own_issuer : NULL;
    const char *name = options->plain_issuer && *options->plain_issuer ? options->plain_issuer : own;
    if (!verifier->issuers.n)
        return "";
    const struct issuer *issuer = name ? issuers_find(&verifier->issuers, name) : verifier->issuers.list;
    if (!issuer)
        text_printf(complaints, "issuer %s: its names are to be plain, but it is not trusted\n", name);
    return issuer ? issuer->name : "";
}

struct verifier *verifier_open(const struct verifier_options *options, struct text *complaints)
{
    struct arena *arena = arena_new();
    struct verifier *verifier = arena_new_of(arena, struct verifier);
    size_t complained = complaints->length;
    verifier->arena = arena;
    verifier->audience = arena_strdup(arena, options->audience);
    verifier->skew_s = options->skew_s;
    verifier->keys_again_s = options->jwks_cool_down_s;
    verifier->cache = token_cache_new((size_t)options->cache_size);
    atomic_init(&verifier->generation, 1);
    atomic_init(&verifier->next_look_us, clock_monotonic_us() + LOOK_EVERY_US);
    issuers_open(&verifier->issuers, arena, options, complaints);
    own_keys_read(verifier, options, complaints);
    verifier->plain_issuer = plain_issuer(verifier, options, complaints);
    if (!verifier->issuers.n)
        text_add_string(complaints, "no token issuer is trusted, so nobody could call\n");
    if (complaints->length == complained)
        return verifier;
    verifier_close(verifier);
    return NULL;
}

void verifier_close(struct verifier *verifier)
{
    if (!verifier)
        return;
    token_cache_free(verifier->cache);
    issuers_close(&verifier->issuers);
    key_directory_close(verifier->own);
    arena_free(verifier->arena);
}

/* At most once a second, by whichever request comes first. */
static void look_at_keys(struct verifier *verifier)
{
    int64_t now = clock_monotonic_us(), due = atomic_load_explicit(&verifier->next_look_us, memory_order_relaxed);
    if (now < due || !atomic_compare_exchange_strong(&verifier->next_look_us, &due, now + LOOK_EVERY_US))
        return;
    bool changed = verifier->own && key_directory_look(verifier->own);
    changed |= issuers_look(&verifier->issuers);
    if (changed)
        atomic_fetch_add(&verifier->generation, 1);
}

/* One token on its way through the checks. */
struct checking {
    struct verifier *verifier;
    struct arena *arena;
    struct arena *secret;             /* for what is decoded of the token */
    struct slice text;                /* the whole token */
    struct slice header, claims, signature; /* as in the token, base64url */
    json_t *header_json, *claims_json;
    int64_t now_s;
    unsigned long generation;         /* of the keys, before they were asked */
    enum token_type type;
    enum key_algorithm algorithm;
    const char *kid;
    const struct issuer *issuer;
    uint8_t key_print[CRYPTO_DIGEST_BYTES];
};

/* Exactly three parts, none empty. Their alphabet is checked when they are decoded. */
static const char *parts_split(struct checking *checking)
{
    struct slice text = checking->text;
    const char *first = memchr(text.bytes, '.', text.length), *end = text.bytes + text.length;
    const char *second = first ? memchr(first + 1, '.', (size_t)(end - first - 1)) : NULL;
    if (!second || memchr(second + 1, '.', (size_t)(end - second - 1)))
        return "form: not three parts";
    checking->header = (struct slice){ text.bytes, (size_t)(first - text.bytes) };
    checking->claims = (struct slice){ first + 1, (size_t)(second - first - 1) };
    checking->signature = (struct slice){ second + 1, (size_t)(end - second - 1) };
    if (!checking->header.length || !checking->claims.length || !checking->signature.length)
        return "form: an empty part";
    return NULL;
}

static const char *read_token_object(struct arena *arena, struct slice part, json_t **ret_object, const char *bad_text,
                                     const char *bad_json)
{
    struct slice decoded;
    struct problem ignored = { 0 }; /* its rule would say more about the token than a log should */
    if (!crypto_base64url_decode(arena, part, &decoded))
        return bad_text;
    if (!json_read(arena, decoded, ret_object, &ignored) || !json_is_object(*ret_object))
        return bad_json;
    return NULL;
}

/* What would change how the token is to be read, or bring its own key (RFC 8725, 3.9 and 3.10). */
static const char *const refused_headers[] = { "crit", "jku", "jwk", "x5u", "x5c", "b64", "zip" };

/* RFC 7515, 4.1.9: a media type, whose case does not matter. */
static const struct {
    const char *name;
    enum token_type type;
} types[] = { { "at+jwt", TOKEN_AT_JWT }, { "application/at+jwt", TOKEN_AT_JWT }, { "JWT", TOKEN_JWT } };

static bool type_header_read(const json_t *header, enum token_type *ret_type)
{
    const char *name = json_string_value(json_object_get(header, "typ"));
    for (size_t i = 0; name && i < ARRAY_LENGTH(types); i++)
        if (strcasecmp(types[i].name, name) == 0) {
            *ret_type = types[i].type;
            return true;
        }
    return false;
}

static const char *header_check(struct checking *checking)
{
    const json_t *header = checking->header_json;
    for (size_t i = 0; i < ARRAY_LENGTH(refused_headers); i++)
        if (json_object_get(header, refused_headers[i]))
            return "header: a member that is refused";
    struct slice algorithm = slice_of(json_string_value(json_object_get(header, "alg")));
    if (!algorithm.bytes || !key_algorithm_from_name(algorithm, &checking->algorithm))
        return "alg: not one of ours";
    if (!type_header_read(header, &checking->type))
        return "typ: not an access token";
    checking->kid = json_string_value(json_object_get(header, "kid"));
    return key_id_is_valid(slice_of(checking->kid)) ? NULL : "kid: malformed";
}

static const char *header_read(struct checking *checking)
{
    const char *cause = read_token_object(checking->secret, checking->header, &checking->header_json, "header: text",
                                          "header: json");
    return cause ? cause : header_check(checking);
}

/* What only other kinds of token have, that may also say `typ: JWT`. */
static const char *const foreign_claims[] = { "at_hash", "c_hash", "s_hash", "events" };

static const char *type_check(const struct checking *checking)
{
    if (checking->type == TOKEN_AT_JWT)
        return NULL;
    if (!checking->issuer->takes_jwt)
        return "typ: not an access token";
    for (size_t i = 0; i < ARRAY_LENGTH(foreign_claims); i++)
        if (json_object_get(checking->claims_json, foreign_claims[i]))
            return "typ: a claim that access tokens do not have";
    return NULL;
}

static const char *issuer_claim_read(struct checking *checking)
{
    const char *cause = read_token_object(checking->secret, checking->claims, &checking->claims_json, "claims: text",
                                          "claims: json");
    if (cause)
        return cause;
    const char *name = json_string_value(json_object_get(checking->claims_json, "iss"));
    checking->issuer = name ? issuers_find(&checking->verifier->issuers, name) : NULL;
    return checking->issuer ? type_check(checking) : "iss: not trusted";
}

static bool is_signed_by(const struct checking *checking, const struct key *key, struct slice signature)
{
    struct slice text = checking->text;
    if (checking->type == TOKEN_JWT && libjwt_has(key->algorithm))
        return libjwt_verify(key, arena_strndup(checking->secret, text.bytes, text.length));
    text.length = checking->header.length + 1 + checking->claims.length;
    return key_verify(key, text, signature);
}

static const char awaits_keys[] = "keys: not there yet";

static const char *signature_check(struct checking *checking)
{
    struct slice signature;
    if (!crypto_base64url_decode(checking->secret, checking->signature, &signature))
        return "signature: text";
    struct key_shelf *keys = checking->issuer->keys;
    const struct key *key = key_set_find(key_shelf_hold(keys), checking->kid);
    const char *cause = !key && issuer_awaits_keys(checking->issuer) ? awaits_keys
                        : !key                                    ? "kid: unknown"
                        : key->algorithm != checking->algorithm   ? "alg: not the key's"
                        : !is_signed_by(checking, key, signature) ? "signature: wrong"
                                                                  : NULL;
    if (!cause)
        memcpy(checking->key_print, key->print, sizeof checking->key_print);
    key_shelf_let_go(keys);
    if (!key)
        issuer_misses_key(checking->issuer);
    return cause;
}

/* Everything that the header and the issuer decide is settled before the first look at the signature. */
static const char *token_verify(struct checking *checking, struct principal *ret_principal)
{
    static const char *(*const steps[])(struct checking *checking) = { parts_split, header_read, issuer_claim_read,
                                                                       signature_check };
    const char *cause = NULL;
    for (size_t i = 0; i < ARRAY_LENGTH(steps) && !cause; i++)
        cause = steps[i](checking);
    struct claims_rules rules = { checking->verifier->audience, checking->verifier->skew_s, checking->now_s,
                                  checking->verifier->plain_issuer };
    if (!cause)
        cause = claims_read(checking->secret, checking->claims_json, &rules, ret_principal);
    if (!cause && !issuer_vouches(checking->issuer, checking->key_print, ret_principal))
        cause = "revoked";
    return cause;
}

/* What a caller is told of a cause, by how it begins; the first row that fits. Who has not proved whose token it is
 * does not learn whether issuer and key are known here, but while an issuer's keys have never come. */
static const struct {
    const char *cause, *zh, *en;
} advice[] = {
    { "exp: passed", "访问令牌已过期，请重新获取", "The access token has expired: get a new one" },
    { "nbf: in", "访问令牌尚未生效，请检查签发方的时钟", "The access token is not good yet: look at the issuer's clock" },
    { "iat: in", "访问令牌的签发时间在未来，请检查签发方的时钟",
      "The access token was issued in the future: look at the issuer's clock" },
    { "bearer:", "Authorization 头应为 Bearer、一个空格和访问令牌，别无其他",
      "Authorization must be Bearer, one space and the access token, and nothing else" },
    { "form: too long", "访问令牌超过 4096 字节，请减少其中的声明",
      "The access token is longer than 4096 bytes: have fewer claims put into it" },
    { "form:", "访问令牌不是紧凑形式的 JWS", "The access token is no JWS in compact form" },
    { "header:", "访问令牌的头部无法接受：须为普通 JSON 对象，不得含 crit、jku、jwk、x5u、x5c、b64 或 zip",
      "The header of the access token must be a JSON object, without crit, jku, jwk, x5u, x5c, b64 or zip" },
    { "claims:", "访问令牌的声明不是合法的 JSON 对象", "The claims of the access token are no JSON object" },
    { "typ:", "请发送访问令牌（typ 为 at+jwt），而不是 ID 令牌等其他令牌",
      "Send an access token (typ at+jwt), not an ID token or one of another kind" },
    { "alg: not one", "访问令牌须以 ES256、PS256 或 RS256 签名",
      "The access token must be signed with ES256, PS256 or RS256" },
    { "aud:", "访问令牌不是签发给本服务的（aud）", "The access token was issued for another audience (aud)" },
    { "kid: malformed", "访问令牌的头部须有 kid", "The header of the access token must have a kid" },
    { "kid:", NULL, NULL },
    { "alg:", NULL, NULL },
    { "iss:", NULL, NULL },
    { "signature:", NULL, NULL },
    { "revoked", NULL, NULL },
};

static bool refuse_until_keys(struct arena *arena, struct problem *problem, long retry_after_s)
{
    problem->cause = awaits_keys;
    problem->retry_after_s = (int)retry_after_s;
    return problem_raise(arena, problem, PROBLEM_UNAVAILABLE, "签发方的公钥尚未取得，请用同一令牌稍后重试",
                         "The keys of the token's issuer have not been fetched yet: try again with the same token");
}

static bool refuse_token(struct arena *arena, struct problem *problem, const char *cause)
{
    problem->cause = cause;
    for (size_t i = 0; i < ARRAY_LENGTH(advice); i++) {
        if (strncmp(cause, advice[i].cause, strlen(advice[i].cause)) != 0)
            continue;
        if (advice[i].en)
            return problem_raise(arena, problem, PROBLEM_INVALID_TOKEN, SENTENCE_ZH, SENTENCE_EN, advice[i].zh,
                                 advice[i].en);
        return problem_raise(arena, problem, PROBLEM_INVALID_TOKEN, "访问令牌不是由这里信任的签发方签名，或已被吊销",
                             "The access token was not signed by an issuer that is trusted here, or was revoked");
    }
    int length = (int)strcspn(cause, ":");
    return problem_raise(arena, problem, PROBLEM_INVALID_TOKEN, "访问令牌的声明 %.*s 缺失或格式不对",
                         "The claim %.*s of the access token is missing or malformed", length, cause);
}

static bool refuse_caller(struct arena *arena, struct problem *problem, const char *cause)
{
    problem->cause = cause;
    return problem_raise(arena, problem, PROBLEM_UNAUTHENTICATED, "请在 Authorization 头中提供 Bearer 访问令牌",
                         "Give a bearer access token in the Authorization header");
}

/* "Bearer" in any case, one space, the token. */
static bool bearer_read(struct arena *arena, struct slice authorization, struct slice *ret_token,
                        struct problem *problem)
{
    static const char scheme[] = "bearer";
    enum { LENGTH = sizeof scheme - 1 };
    const char *bytes = authorization.bytes;
    if (!bytes || authorization.length < LENGTH || strncasecmp(bytes, scheme, LENGTH) != 0 ||
        (authorization.length > LENGTH && bytes[LENGTH] != ' ' && bytes[LENGTH] != '\t'))
        return refuse_caller(arena, problem, bytes ? "bearer: another scheme" : "bearer: none");
    if (authorization.length < LENGTH + 2 || bytes[LENGTH] != ' ' || bytes[LENGTH + 1] == ' ')
        return refuse_token(arena, problem, "bearer: form");
    *ret_token = (struct slice){ bytes + LENGTH + 1, authorization.length - LENGTH - 1 };
    return true;
}

/* The key that signed it may have gone since, or the token: asked again only when a directory has changed. */
static bool is_still_trusted(struct verifier *verifier, struct verified *verified)
{
    unsigned long generation = atomic_load(&verifier->generation);
    if (atomic_load_explicit(&verified->generation, memory_order_relaxed) == generation)
        return true;
    bool found = issuer_vouches(verified->issuer, verified->key_print, &verified->principal);
    if (found)
        atomic_store_explicit(&verified->generation, generation, memory_order_relaxed);
    else
        token_cache_drop(verifier->cache, verified->digest);
    return found;
}

static bool remembered(struct checking *checking, const uint8_t *digest, const struct principal **ret_principal)
{
    struct verified *verified = token_cache_find(checking->verifier->cache, digest, checking->now_s);
    if (verified && !is_still_trusted(checking->verifier, verified)) {
        verified_release(verified);
        verified = NULL;
    }
    metrics_add(verified ? METRIC_TOKEN_CACHE_HITS : METRIC_TOKEN_CACHE_MISSES, 1);
    if (!verified)
        return false;
    arena_defer(checking->arena, verified_release, verified);
    *ret_principal = &verified->principal;
    return true;
}

static const struct principal *remember(struct checking *checking, const uint8_t *digest,
                                        const struct principal *principal)
{
    struct verified *verified = verified_new(principal);
    memcpy(verified->digest, digest, sizeof verified->digest);
    memcpy(verified->key_print, checking->key_print, sizeof verified->key_print);
    verified->issuer = checking->issuer;
    verified->good_until_s = principal->expires_at_s + checking->verifier->skew_s;
    atomic_init(&verified->generation, checking->generation);
    token_cache_keep(checking->verifier->cache, verified, checking->now_s);
    arena_defer(checking->arena, verified_release, verified);
    return &verified->principal;
}

bool verifier_check(struct verifier *verifier, struct arena *arena, struct slice authorization,
                    const struct principal **ret_principal, struct problem *problem)
{
    struct checking checking = { .verifier = verifier, .arena = arena, .now_s = clock_wall_us() / 1000000 };
    if (!bearer_read(arena, authorization, &checking.text, problem))
        return false;
    if (checking.text.length > TOKEN_MAX_BYTES)
        return refuse_token(arena, problem, "form: too long");
    look_at_keys(verifier);
    uint8_t digest[CRYPTO_DIGEST_BYTES];
    crypto_digest(DIGEST_SHA256, &checking.text, 1, digest);
    if (remembered(&checking, digest, ret_principal))
        return true;
    checking.generation = atomic_load(&verifier->generation);
    AUTO(arena_free_at_end) struct arena *secret = arena_new_secret();
    checking.secret = secret;
    struct principal principal; /* its strings are the secret arena's until they are remembered */
    const char *cause = token_verify(&checking, &principal);
    if (cause == awaits_keys)
        return refuse_until_keys(arena, problem, verifier->keys_again_s);
    if (cause)
        return refuse_token(arena, problem, cause);
    *ret_principal = remember(&checking, digest, &principal);
    return true;
}

struct slice verifier_jwks(struct verifier *verifier, struct arena *arena)
{
    look_at_keys(verifier);
    if (!verifier->own)
        return jwks_render(arena, NULL);
    struct key_shelf *keys = key_directory_shelf(verifier->own);
    struct slice text = jwks_render(arena, key_shelf_hold(keys));
    key_shelf_let_go(keys);
    return text;
}
