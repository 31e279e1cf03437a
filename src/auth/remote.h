#ifndef ANZE_AUTH_REMOTE_H
#define ANZE_AUTH_REMOTE_H

#include "anze/auth/keys.h"

/* The keys of an issuer who publishes them by URL: a JWK Set, or metadata (OpenID Connect Discovery, RFC 8414) whose
 * `issuer` is exactly the name that we know and whose `jwks_uri` leads to one.
 *
 * A thread of its own fetches them, anew every `refresh_s` seconds, so that no request ever waits for an issuer. A
 * token with a key id that is not known hurries it: however many there are, `cool_down_s` seconds lie between two
 * fetches. What the issuer says last counts, also when it withdraws all keys; while it is away, or answers something
 * else, the last good keys stay. The log says once that it is away and once that it is back. */
struct key_remote;

struct key_remote_options {
    const char *issuer, *url; /* fetch.h says which are allowed */
    const char *ca_file;      /* by which it is trusted; NULL: by the machine's authorities */
    long refresh_s, cool_down_s;
};

struct key_remote *key_remote_open(const struct key_remote_options *options) NODISCARD RETURNS_NONNULL;
void key_remote_wait(struct key_remote *remote, int64_t deadline_us); /* for the first fetch, however it ends */
void key_remote_close(struct key_remote *remote);                     /* within about a second; NULL is accepted */

struct key_shelf *key_remote_shelf(struct key_remote *remote) RETURNS_NONNULL; /* empty before the first fetch */
bool key_remote_look(struct key_remote *remote) NODISCARD;                     /* they changed since the last look */
bool key_remote_has_had_keys(const struct key_remote *remote) NODISCARD;       /* a fetch has brought some, once */
void key_remote_hurry(struct key_remote *remote);

#endif
