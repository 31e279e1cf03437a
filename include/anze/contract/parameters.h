#ifndef ANZE_CONTRACT_PARAMETERS_H
#define ANZE_CONTRACT_PARAMETERS_H

#include "anze/base/arena.h"
#include "anze/base/problem.h"
#include "anze/contract/operation.h"
#include "anze/contract/route.h"

/* Reads path, query and header parameters of one request against its operation. All faults come together:
 * path values that do not fit -> 404 (PROBLEM_NOT_FOUND, at once); query -> 400 PROBLEM_INVALID_PARAMETER (unknown,
 * repeated, missing, malformed, not fitting); headers -> 400, except a missing If-Match (428) and a missing
 * Idempotency-Key (400 idempotency-key-required).
 *
 * ret_values has n_parameters entries: NUL-terminated text ready to be bound to a statement, NULL when absent.
 * If-Match is checked against its schema as it came and bound as the version that it names ("5" -> 5; a tag that no
 * resource has -> -1; * only where the schema takes it). Idempotency-Key is checked and bound without its quotes.
 *
 * Defaults are filled in. Arrays become a PostgreSQL array literal: {"a","b"}. Booleans become true/false. */
typedef struct slice header_lookup(void *context, const char *name);

struct parameter_source {
    const struct route_match *match;
    struct slice query;      /* raw, without '?'; bytes NULL when there is none */
    header_lookup *header;
    void *header_context;
    bool lenient;            /* Prefer: handling=lenient: unknown query parameters are passed over */
};

bool parameters_read(struct arena *arena, const struct operation *operation, const struct parameter_source *source,
                     const char **ret_values, struct problem *problem) NODISCARD;

#endif
