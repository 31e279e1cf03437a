#ifndef ANZE_BASE_JSON_H
#define ANZE_BASE_JSON_H

#include "anze/base/arena.h"
#include "anze/base/problem.h"
#include "anze/base/slice.h"
#include <jansson.h>
#include <stdbool.h>

/* Strict JSON in (I-JSON, RFC 7493): UTF-8 without BOM, no duplicate names (also not by escapes), no U+0000, no
 * lone surrogates, at most JSON_MAX_DEPTH levels and JSON_MAX_NODES values, numbers at most JSON_MAX_DIGITS
 * characters and within range, nothing after the value. Depth and nodes are counted before jansson sees the text.
 * Any value may stand at the top: who needs an object asks json_is_object.
 *
 * The program calls json_object_seed(0) once, before its first thread: member names come from outside, and
 * jansson's hash must not be guessable. */
enum { JSON_MAX_DEPTH = 32, JSON_MAX_NODES = 10000, JSON_MAX_DIGITS = 64 };

/* The value is hung on the arena. False: PROBLEM_INVALID_JSON with the byte offset in `extra` and one fault whose
 * rule is among "syntax", "duplicate-key", "depth", "nodes", "number-range", "utf8", "nul", "empty". */
bool json_read(struct arena *arena, struct slice text, json_t **ret_value, struct problem *problem) NODISCARD;

/* JSON that was built into the program or that its operator wrote: as strict in form, but without the limits on
 * depth and nodes. False: ret_offset is the byte where it ends to be JSON. Never for what a client sent. */
bool json_read_trusted(struct arena *arena, struct slice text, json_t **ret_value, size_t *ret_offset) NODISCARD;

/* Hang a value on the arena: what json_* functions have made lives as long as the request. */
json_t *json_keep(struct arena *arena, json_t *value);

/* Any value as compact text on the arena. */
const char *json_text(struct arena *arena, const json_t *value) NODISCARD RETURNS_NONNULL;

#endif
