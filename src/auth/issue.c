#include "anze/auth/token.h"

#include <stdlib.h>

const char *token_issue(struct arena *arena, const struct key *key, const json_t *claims)
{
    const char *header = arena_printf(arena, "{\"alg\":\"%s\",\"kid\":\"%s\",\"typ\":\"at+jwt\"}",
                                      key_algorithm_name(key->algorithm), key->kid);
    char *text = json_dumps(claims, JSON_COMPACT);
    struct slice signature;
    if (!text)
        return NULL;
    const char *unsigned_token = arena_printf(arena, "%s.%s", crypto_base64url(arena, header, strlen(header)),
                                              crypto_base64url(arena, text, strlen(text)));
    free(text);
    if (!key_sign(key, arena, slice_of(unsigned_token), &signature))
        return NULL;
    return arena_printf(arena, "%s.%s", unsigned_token,
                        crypto_base64url(arena, signature.bytes, signature.length));
}
