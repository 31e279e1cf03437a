#ifndef ANZE_CONTRACT_CONTRACT_LOADER_H
#define ANZE_CONTRACT_CONTRACT_LOADER_H

#include "anze/contract/contract.h"
#include "anze/contract/schema.h"

/* The state of one contract_load and what every part of it does. Each file calls those above it:
 *
 *   contract_loader.c       complaints, members, $ref, schemas with their examples
 *   contract_response.c     the answers of one operation
 *   contract_operation.c    one operation: parameters, body, security, extensions
 *   contract.c              the document: schemas, paths, the route tree */
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

/* What stands under a media type: a schema with examples; NULL after a complaint. */
struct schema *loader_media(struct loader *loader, const char *where, const json_t *media);

#endif
