#ifndef ANZE_AUTH_ISSUER_H
#define ANZE_AUTH_ISSUER_H

#include "anze/auth/keys.h"
#include "anze/auth/principal.h"
#include "anze/auth/token.h"

struct key_remote;

/* Whose tokens are trusted. ANZE_TOKEN_ISSUERS is words separated by blanks, each of one of the forms
 *
 *     name=directory[;typ=jwt]
 *     name=https://…[;typ=jwt][;revoked=directory]
 *
 * The name is what tokens say in `iss`, often a URI; the last = before the first ; parts it from a directory of public
 * keys (keys.h), the first =https:// (or =http://, for a loopback address) from the URL of a JWK Set or of metadata
 * that leads to one (remote.h).
 *
 * typ=jwt: its tokens may say `typ: JWT` too (token.h). revoked=directory: where the file named `revoked` stands, which
 * otherwise stands beside the keys. */
struct issuer {
    const char *name;
    struct key_shelf *keys;
    struct key_directory *directory;   /* that fills it; NULL: by URL, or our own */
    struct key_remote *remote;         /* that fills it; NULL: from files */
    struct key_directory *revocations; /* NULL: beside the keys */
    bool takes_jwt;
};

struct issuers {
    struct issuer *list;
    size_t n;
};

/* A complaint for each word that is wrong, issuer that is named twice, and directory without keys. An issuer by URL
 * may be away: then its tokens are refused until it comes. */
void issuers_open(struct issuers *issuers, struct arena *arena, const struct verifier_options *options,
                  struct text *complaints);
/* Our own; the directory stays the caller's. */
void issuers_add_own(struct issuers *issuers, const char *name, struct key_directory *directory,
                     struct text *complaints);
void issuers_close(struct issuers *issuers);

bool issuers_look(struct issuers *issuers) NODISCARD; /* keys or revocations have changed */
const struct issuer *issuers_find(const struct issuers *issuers, const char *name) NODISCARD; /* NULL: not trusted */

void issuer_misses_key(const struct issuer *issuer); /* one that a token named */
/* Its keys have never come. */
bool issuer_awaits_keys(const struct issuer *issuer) NODISCARD;
/* It still has the key and has revoked neither the token nor anybody in it. */
bool issuer_vouches(const struct issuer *issuer, const uint8_t *key_print, const struct principal *principal) NODISCARD;

#endif
