#ifndef ANZE_AUTH_KEYS_H
#define ANZE_AUTH_KEYS_H

#include "anze/base/crypto.h"
#include "anze/base/text.h"

#include <openssl/evp.h>

/* Signature keys, each pinned to one algorithm by the name of its file:
 *
 *     <kid>.<ALG>.pem      ALG: RS256, PS256 or ES256
 *
 * A key id is any text of 1 to 255 bytes without control characters, as issuers choose them; in a file's name every
 * byte of it but A-Z a-z 0-9 _ - is written as % and two digits (`key+1=` is key%2B1%3D.RS256.pem), and no other way.
 * A directory holds either public keys (an issuer that we trust; SubjectPublicKeyInfo) or private keys (our own;
 * PKCS #8, not encrypted). RSA keys have 2048 to 8192 bits, EC keys lie on P-256. One kid stands for one key. Names
 * that begin with a dot and names that do not end in .pem are passed over; any other .pem is a fault, so that a
 * mistyped name does not go unseen.
 *
 * A file named `revoked` beside the keys ends tokens of that issuer, and of no other, before their time: a line
 * `jti <token id>` ends one token, `sub <name>` every token for that subject or acted with by it. Blanks around word
 * and name do not count. Empty lines and lines that begin with # are passed over. It is looked at again together with
 * the keys. */
enum key_algorithm { KEY_RS256, KEY_PS256, KEY_ES256, KEY_ALGORITHMS };
enum key_kind { KEY_PUBLIC, KEY_PRIVATE, KEY_NONE }; /* none: only what is revoked is read */
enum { KEY_ID_MAX = 255, KEY_ID_PLAIN_MAX = 64 };

const char *key_algorithm_name(enum key_algorithm algorithm);
bool key_algorithm_from_name(struct slice name, enum key_algorithm *ret_algorithm) NODISCARD; /* exact */
bool key_id_is_valid(struct slice kid) NODISCARD;
bool key_id_is_plain(struct slice kid) NODISCARD; /* as we name our own: [A-Za-z0-9_-]{1,64} */
const char *key_file_name(struct arena *arena, const char *kid, enum key_algorithm algorithm) NODISCARD RETURNS_NONNULL;

struct key {
    const char *kid;
    enum key_algorithm algorithm;
    EVP_PKEY *pkey;
    uint8_t print[CRYPTO_DIGEST_BYTES]; /* of kid, algorithm and public half */
    int64_t written_at_ns;              /* the file's time of change */
};

/* The keys of one issuer, sorted by kid. Immutable; owns its EVP_PKEYs. */
struct key_set {
    struct arena *arena;
    struct key *keys;
    size_t n;
    char **revoked; /* "jti x", "sub y": sorted */
    size_t n_revoked;
};

/* Each fault is a line in `complaints` that names the file. Without `old` any fault makes it NULL. With `old` only an
 * unreadable directory does: a file that cannot be read keeps the key that it stood for in `old`, others go their
 * way, so that a half-written new key disturbs nobody and a removed one goes at once. */
struct key_set *key_set_read(const char *directory, enum key_kind kind, const struct key_set *old,
                             struct text *complaints) NODISCARD;
void key_set_free(struct key_set *set); /* NULL is accepted */
const struct key *key_set_find(const struct key_set *set, const char *kid) NODISCARD;
bool key_set_revokes(const struct key_set *set, const char *claim, const char *value) NODISCARD;
const struct key *key_set_newest(const struct key_set *set) NODISCARD; /* NULL when empty */

/* Part of key_set_read: fills the set's revocations from the open directory; keeps the old ones when the file cannot be
 * read. Lines that are no revocation are complaints and passed over. */
void revoked_read(struct key_set *set, const struct key_set *old, const char *path, int directory,
                  struct text *complaints);

/* Where a set lies that is exchanged for a newer one while others use it. Thread-safe. */
struct key_shelf;

struct key_shelf *key_shelf_new(struct key_set *set) NODISCARD RETURNS_NONNULL;
void key_shelf_free(struct key_shelf *shelf);
void key_shelf_put(struct key_shelf *shelf, struct key_set *set); /* the old set is freed */
/* The keys now. They stay until key_shelf_let_go, which each hold needs. No thread holds a shelf twice. */
const struct key_set *key_shelf_hold(struct key_shelf *shelf) NODISCARD RETURNS_NONNULL;
void key_shelf_let_go(struct key_shelf *shelf);

/* A directory that is looked at again while the program runs. Thread-safe. */
struct key_directory;

/* NULL when a key is faulty or there is none where some are asked for. */
struct key_directory *key_directory_open(const char *path, enum key_kind kind, struct text *complaints) NODISCARD;
void key_directory_close(struct key_directory *directory); /* NULL is accepted */

/* Reads the directory again when a name, size or time in it has changed. True when it did. Faults are logged. */
bool key_directory_look(struct key_directory *directory);

struct key_shelf *key_directory_shelf(struct key_directory *directory) RETURNS_NONNULL; /* with its keys */

/* Makes a private key and writes it as a file of mode 0600, whole or not at all, never over another key. */
bool key_create(const char *directory, const char *kid, enum key_algorithm algorithm, struct text *complaints)
    NODISCARD;

/* Compact JWS signatures (RFC 7515, 7518) over `text`; ES256 as 64 bytes r || s. */
bool key_verify(const struct key *key, struct slice text, struct slice signature) NODISCARD;
bool key_sign(const struct key *key, struct arena *arena, struct slice text, struct slice *ret_signature) NODISCARD;

#endif
