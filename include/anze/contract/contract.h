#ifndef ANZE_CONTRACT_CONTRACT_H
#define ANZE_CONTRACT_CONTRACT_H

#include "anze/base/arena.h"
#include "anze/base/text.h"
#include "anze/contract/operation.h"

/* The compiled contract: openapi/ bundled to one JSON document at build time, compiled at start.
 * What the compiler does not know stops the start: unknown schema keywords, dangling $ref, an operation without
 * operationId, summary in both languages (summary, x-anze-summary-zh) or responses, two operations of one name.
 * Immutable after loading; lives on the arena given. */
struct contract {
    struct operation *operations; /* numbered by `index`, in the document's order */
    size_t n_operations;
    struct route *routes;         /* the tree's root; see route.h */
};

/* NULL: each fault is a line in `complaints`, naming file-independent places ("GET /v1/units: parameter q: …"). */
struct contract *contract_load(struct arena *arena, struct slice document, struct text *complaints) NODISCARD;

const struct operation *contract_operation(const struct contract *contract, const char *id) NODISCARD;

#endif
