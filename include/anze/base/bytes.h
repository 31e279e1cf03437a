#ifndef ANZE_BASE_BYTES_H
#define ANZE_BASE_BYTES_H

#include "anze/base/arena.h"
#include "anze/base/slice.h"
#include <stdint.h>

/* Bytes as numbers, the highest first, and as hexadecimal digits. */
void bytes_of_number(uint8_t *out, uint64_t number, size_t width);
uint64_t bytes_number(const void *bytes, size_t width);

char *bytes_hex(struct arena *arena, const void *bytes, size_t length) NODISCARD RETURNS_NONNULL; /* lower case */
int hex_value(char digit); /* of either case; -1: it is no digit */
/* Two digits for each byte of `out`, and nothing else. */
bool bytes_of_hex(uint8_t *out, size_t length, struct slice digits) NODISCARD;

uint64_t bytes_hash(const char *text); /* FNV-1a, for tables: whoever chooses the texts can make two meet */

#endif
