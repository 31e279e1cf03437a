#include "libjwt.h"

#include <jwt.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>

static const jwt_alg_t algorithms[KEY_ALGORITHMS] = {
    [KEY_RS256] = JWT_ALG_RS256,
    [KEY_PS256] = JWT_ALG_INVAL,
    [KEY_ES256] = JWT_ALG_ES256,
};

bool libjwt_has(enum key_algorithm algorithm)
{
    return algorithms[algorithm] != JWT_ALG_INVAL;
}

static struct slice pem_of(struct arena *arena, EVP_PKEY *pkey, enum key_kind kind)
{
    BIO *bio = BIO_new(kind == KEY_PRIVATE ? BIO_s_secmem() : BIO_s_mem());
    bool good = bio && (kind == KEY_PRIVATE ? PEM_write_bio_PKCS8PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL) == 1
                                            : PEM_write_bio_PUBKEY(bio, pkey) == 1);
    char *bytes = NULL;
    long length = good ? BIO_get_mem_data(bio, &bytes) : 0;
    if (length <= 0)
        abort(); /* a key that was read from PEM, or out of memory */
    struct slice pem = { arena_strndup(arena, bytes, (size_t)length), (size_t)length };
    BIO_free(bio);
    return pem;
}

/* libjwt takes the algorithm from the token, and checks nothing at all when the key is empty: what it took is compared
 * with what the key is pinned to, and the key is never empty. */
bool libjwt_verify(const struct key *key, const char *token)
{
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    struct slice pem = pem_of(arena, key->pkey, KEY_PUBLIC);
    jwt_t *jwt = NULL;
    bool good = libjwt_has(key->algorithm) &&
                jwt_decode(&jwt, token, (const unsigned char *)pem.bytes, (int)pem.length) == 0 &&
                jwt_get_alg(jwt) == algorithms[key->algorithm];
    jwt_free(jwt);
    ERR_clear_error();
    return good;
}

/* It writes `typ: JWT` over any other. */
static char *encoded(jwt_t *jwt, const struct key *key, struct slice pem, const char *claims)
{
    bool good = jwt_add_header(jwt, "kid", key->kid) == 0 && jwt_add_grants_json(jwt, claims) == 0 &&
                jwt_set_alg(jwt, algorithms[key->algorithm], (const unsigned char *)pem.bytes, (int)pem.length) == 0;
    return good ? jwt_encode_str(jwt) : NULL;
}

const char *libjwt_issue(struct arena *arena, const struct key *key, const char *claims)
{
    AUTO(arena_free_at_end) struct arena *secret = arena_new_secret();
    jwt_t *jwt = NULL;
    if (jwt_new(&jwt) != 0)
        return NULL;
    char *token = encoded(jwt, key, pem_of(secret, key->pkey, KEY_PRIVATE), claims);
    const char *kept = token ? arena_strdup(arena, token) : NULL;
    free(token);
    jwt_free(jwt);
    ERR_clear_error();
    return kept;
}
