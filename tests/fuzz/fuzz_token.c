#include "anze/auth/claims.h"
#include "anze/auth/token.h"
#include "anze/base/clock.h"
#include "anze/base/text.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Anything in the Authorization header, and anything in a token that was signed well.
 *
 * First byte odd: the rest is the header's value. Even: the rest is "header\nclaims", which is spelt as base64url and
 * signed, so that the checks behind the signature are reached. What is accepted must keep the promises of
 * principal.h. The issuer j sends `typ: JWT`, so that libjwt is reached, too. */
static struct verifier *verifier;
static struct key key = { .kid = "es", .algorithm = KEY_ES256 };

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool good)
{
    if (!good)
        abort();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    char directory[] = P_tmpdir "/anze-fuzz-XXXXXX";
    need(mkdtemp(directory) != NULL);
    const char *path = arena_printf(arena, "%s/es.ES256.pem", directory);
    FILE *file = fopen(path, "we");
    key.pkey = EVP_EC_gen("P-256");
    need(file && PEM_write_PUBKEY(file, key.pkey) == 1 && fclose(file) == 0);
    struct text complaints = text_on(arena);
    struct verifier_options options = { .issuers = arena_printf(arena, "i=%s j=%s;typ=jwt", directory, directory),
                                        .audience = "anze", .skew_s = 60, .cache_size = 16 };
    need((verifier = verifier_open(&options, &complaints)) != NULL);
    need(unlink(path) == 0 && rmdir(directory) == 0); /* a directory that cannot be read keeps its keys */
    return 0;
}

static struct slice signed_token(struct arena *arena, const uint8_t *data, size_t size)
{
    const uint8_t *line = size ? memchr(data, '\n', size) : NULL;
    size_t length = line ? (size_t)(line - data) : size;
    const char *header = crypto_base64url(arena, data, length);
    const char *claims = line ? crypto_base64url(arena, line + 1, size - length - 1) : "";
    const char *text = arena_printf(arena, "%s.%s", header, claims);
    struct slice signature;
    need(key_sign(&key, arena, slice_of(text), &signature));
    return slice_of(arena_printf(arena, "Bearer %s.%s", text,
                                 crypto_base64url(arena, signature.bytes, signature.length)));
}

static void assert_promises(const struct principal *principal)
{
    const char *const strings[] = { principal->issuer,  principal->subject,  principal->actor, principal->on_behalf_of,
                                    principal->client,  principal->token_id, principal->unit,  principal->region,
                                    principal->sectors, principal->sector,   principal->scopes };
    for (size_t i = 0; i < ARRAY_LENGTH(strings); i++)
        need(strings[i] && strlen(strings[i]) < 8192);
    need((strcmp(principal->issuer, "i") == 0 || strcmp(principal->issuer, "j") == 0) && *principal->subject && *principal->actor && *principal->client);
    need(strspn(principal->region, "0123456789") == strlen(principal->region));
    need(strlen(principal->unit) == 36 || !*principal->unit);
    need(!*principal->sectors || (principal->sectors[0] == '{' && strchr(principal->sectors, '}')));
    need(!strstr(principal->scopes, "  "));
    need((principal->reach == REACH_REGION) == (*principal->region != '\0'));
    need(principal->expires_at_s + 60 >= clock_wall_us() / 1000000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size)
        return 0;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    struct slice value = data[0] & 1 ? (struct slice){ (const char *)data + 1, size - 1 }
                                     : signed_token(arena, data + 1, size - 1);
    const struct principal *principal = NULL;
    struct problem problem = { 0 };
    if (verifier_check(verifier, arena, value, &principal, &problem))
        assert_promises(principal);
    else
        need(problem_kind(problem.code)->status == 401 && problem.cause && problem.zh && problem.en);
    return 0;
}
