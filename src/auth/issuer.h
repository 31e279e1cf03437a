#ifndef ANZE_AUTH_ISSUER_H
#define ANZE_AUTH_ISSUER_H

#include "anze/auth/keys.h"

/* Whose tokens are trusted. ANZE_TOKEN_ISSUERS is words separated by blanks, each
 *
 *     name=directory[;typ=jwt]
 *
 * The name is what tokens say in `iss`, often a URI: the last = before the first ; parts name and directory.
 * typ=jwt: its tokens may say `typ: JWT` too (token.h). */
struct issuer {
    const char *name;
    struct key_directory *directory; /* its public keys, or our own private ones */
    bool takes_jwt;
};

struct issuers {
    struct issuer *list;
    size_t n;
};

/* A complaint for each word that is wrong, issuer that is named twice, and directory without keys. */
void issuers_read(struct issuers *issuers, struct arena *arena, const char *setting, struct text *complaints);
/* Our own; the directory stays the caller's. */
void issuers_add_own(struct issuers *issuers, const char *name, struct key_directory *directory,
                     struct text *complaints);
const struct issuer *issuers_find(const struct issuers *issuers, const char *name) NODISCARD; /* NULL: not trusted */

#endif
