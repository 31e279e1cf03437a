#ifndef ANZE_CONTRACT_SCHEMA_H
#define ANZE_CONTRACT_SCHEMA_H

#include "anze/base/arena.h"
#include "anze/base/problem.h"
#include "anze/base/text.h"
#include <jansson.h>

/* JSON Schema 2020-12, the part that openapi/README.md lists, compiled to lists of rules.
 * Compiling resolves every $ref (recursion allowed), compiles patterns (PCRE2, UTF, anchors as written) and refuses
 * unknown keywords. Checking reports every fault with a JSON Pointer. Compiled schemas are immutable. */
struct schema;

/* A set of schemas compiled against one root document, in which $ref "#/…" are looked up. */
struct schema_set;
struct schema_set *schema_set_new(struct arena *arena, const json_t *root) NODISCARD;

/* NULL: what is wrong is in `complaints`, each line prefixed with `where`. The same node gives the same schema again.
 * The root document must live as long as the set and its schemas. */
struct schema *schema_compile(struct schema_set *set, const json_t *node, const char *where, struct text *complaints)
    NODISCARD;

/* True when the value is valid. Else faults of `code` are added to the problem, with `in` and pointers that begin
 * with `base` ("" for a body; the parameter's name for a parameter). problem may be NULL: only the verdict. */
bool schema_check(const struct schema *schema, const json_t *value, struct arena *arena, const char *in,
                  const char *base, enum problem_code code, struct problem *problem) NODISCARD;

/* How a parameter's text becomes a value: the schema's type if it has exactly one of string, integer, number,
 * boolean (after $ref), else string. */
enum schema_type { SCHEMA_STRING, SCHEMA_INTEGER, SCHEMA_NUMBER, SCHEMA_BOOLEAN, SCHEMA_ARRAY, SCHEMA_OTHER };
enum schema_type schema_type_of(const struct schema *schema);
const struct schema *schema_items_of(const struct schema *schema); /* of an array; NULL if none */

#endif
