#ifndef ANZE_OP_CURSOR_H
#define ANZE_OP_CURSOR_H

#include "anze/base/arena.h"
#include "anze/base/crypto.h"
#include "anze/base/problem.h"
#include "anze/base/slice.h"

#include <stdint.h>

/* Page cursors: where the next page of a list begins, signed so that clients can neither write nor alter them.
 *
 *     base64url( version 1 byte | issued 8 bytes, big endian | MAC 16 bytes | sort values, a JSON array of strings )
 *
 * The MAC (HMAC-SHA-256, first half) also covers `binding`, a digest that the caller makes of everything that the
 * position belongs to: operation, filters, sort and who asks. A cursor taken elsewhere is thus not valid.
 * `key` is ANZE_CURSOR_KEY, the same on every replica. */
enum { CURSOR_MAX_PARTS = 3, CURSOR_MAX_LENGTH = 2048, CURSOR_LIFETIME_S = 24 * 60 * 60 };

/* `parts` is the statement's `next`: a JSON array of one to three strings. The text is NUL-terminated. */
const char *cursor_seal(struct arena *arena, struct slice key, const uint8_t binding[CRYPTO_DIGEST_BYTES],
                        struct slice parts, int64_t issued_at_s) NODISCARD RETURNS_NONNULL;

/* Parts beyond those given are NULL. False: PROBLEM_GONE when it is older than a day, else PROBLEM_INVALID_CURSOR. */
bool cursor_open(struct arena *arena, struct slice key, const uint8_t binding[CRYPTO_DIGEST_BYTES],
                 struct slice cursor, int64_t now_s, const char *ret_parts[CURSOR_MAX_PARTS],
                 struct problem *problem) NODISCARD;

#endif
