#include "anze/auth/token.h"
#include "anze/base/text.h"
#include "libjwt.h"

#include <stdlib.h>

static const char *const types[] = { [TOKEN_JWT] = "JWT", [TOKEN_AT_JWT] = "at+jwt" };

/* What libjwt cannot write: another `typ`, or PS256. */
static const char *issue_by_evp(struct arena *arena, const struct key *key, enum token_type type, const char *claims)
{
    struct text header = text_on(arena);
    struct slice signature;
    text_printf(&header, "{\"alg\":\"%s\",\"typ\":\"%s\",\"kid\":", key_algorithm_name(key->algorithm), types[type]);
    text_add_json(&header, key->kid);
    text_add_char(&header, '}');
    const char *unsigned_token = arena_printf(arena, "%s.%s", crypto_base64url(arena, header.bytes, header.length),
                                              crypto_base64url(arena, claims, strlen(claims)));
    if (!key_sign(key, arena, slice_of(unsigned_token), &signature))
        return NULL;
    return arena_printf(arena, "%s.%s", unsigned_token,
                        crypto_base64url(arena, signature.bytes, signature.length));
}

const char *token_issue(struct arena *arena, const struct key *key, enum token_type type, const json_t *claims)
{
    char *text = json_dumps(claims, JSON_COMPACT);
    if (!text)
        return NULL;
    const char *token = type == TOKEN_JWT && libjwt_has(key->algorithm) ? libjwt_issue(arena, key, text)
                                                                        : issue_by_evp(arena, key, type, text);
    free(text);
    return token;
}
