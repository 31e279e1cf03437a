#ifndef ANZE_CONTRACT_CONTRACT_LOADER_H
#define ANZE_CONTRACT_CONTRACT_LOADER_H

#include "anze/contract/contract.h"
#include "anze/contract/schema.h"

/* The state of one contract_load, shared by
 *
 *   contract.c              the document: schemas, paths, the route tree
 *   contract_operation.c    one operation: parameters, body, security, extensions
 *   contract_response.c     its answers */
struct loader {
    struct arena *arena;
    struct text *complaints;
    size_t n_complaints;
    const json_t *root;
    struct schema_set *schemas;
    struct contract *contract;
};

/* One line to the complaints. Always false. */
bool loader_complain(struct loader *loader, const char *where, const char *format, ...) FORMAT(3, 4);

/* Every member is known; "x-" members of others are passed over, "x-anze-" ones are not. */
bool loader_members(struct loader *loader, const char *where, const json_t *object, const char *const *known);

/* The object itself, or what its $ref leads to; NULL after a complaint. */
const json_t *loader_follow(struct loader *loader, const char *where, const json_t *node);

struct schema *loader_schema(struct loader *loader, const char *where, const json_t *node);

/* example and examples beside a schema (of a parameter, a header or a media type) are values that it takes. */
void loader_examples(struct loader *loader, const char *where, const json_t *holder, const struct schema *schema);

bool loader_operation(struct loader *loader, const char *path, const json_t *item, const json_t *node,
                      struct operation *operation);
bool loader_responses(struct loader *loader, const char *where, const json_t *responses, struct operation *operation);
bool loader_response(struct loader *loader, const char *where, const json_t *node);
bool loader_header(struct loader *loader, const char *where, const json_t *node);
bool loader_parameter(struct loader *loader, const char *where, const json_t *node, struct parameter *parameter);
bool loader_body(struct loader *loader, const char *where, const json_t *node, struct operation *operation);

#endif
