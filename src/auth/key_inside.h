#ifndef ANZE_AUTH_KEY_INSIDE_H
#define ANZE_AUTH_KEY_INSIDE_H

#include "anze/auth/keys.h"

/* Gives a key, whose kid and algorithm are set, what was read for it. What is wrong with that, or NULL; then it is
 * freed. */
const char *key_adopt(struct key *key, EVP_PKEY *pkey) NODISCARD;
void keys_sort(struct key_set *set);

#endif
