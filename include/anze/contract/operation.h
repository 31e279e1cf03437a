#ifndef ANZE_CONTRACT_OPERATION_H
#define ANZE_CONTRACT_OPERATION_H

#include "anze/base/slice.h"
#include "anze/contract/schema.h"
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* One operation of the contract, compiled.
 *
 * To add an operation, touch three places:
 *   1. openapi/<tag>.yaml                          the operation, its parameters, schemas, examples, responses
 *   2. sql/queries/<tag>/<operationId>.sql         its statement (or a row in op/table.c where C is needed)
 *   3. tests/api/                                  what it promises
 * A table that does not exist yet adds a migration: sql/README.md. */

enum method { METHOD_GET, METHOD_HEAD, METHOD_POST, METHOD_PUT, METHOD_PATCH, METHOD_DELETE, METHOD_OPTIONS,
              METHOD_COUNT };
enum place { PLACE_PATH, PLACE_QUERY, PLACE_HEADER };
#define MEDIA_EVENTS "text/event-stream"
enum listener { LISTENER_PUBLIC = 1, LISTENER_ADMIN = 2 };

struct parameter {
    const char *name;
    enum place place;
    bool required;
    bool is_array;        /* query, style form, explode false: a,b,c */
    const char *initial;  /* the schema's default as text, or NULL */
    struct schema *schema;
    enum schema_type type; /* of the value, or of an array's items */
};

struct operation {
    size_t index;             /* position in contract->operations; also the metrics' slot */
    const char *id;           /* operationId: SQL file, handler, log field, metric label, audit entry */
    const char *tag;          /* first tag: the folder of the SQL file */
    enum method method;
    const char *path;         /* template: /v1/accidents/{accident_id} */
    bool is_public;           /* security: [] */
    const char *const *scopes; /* all of these are needed; NULL-terminated */
    unsigned listeners;       /* x-anze-listeners: [public, admin]; default public */
    struct parameter *parameters; /* those of the path first, in the order of the template */
    size_t n_parameters;
    struct schema *body;      /* of a JSON body, or of the strings of a form */
    bool body_required;
    const char *request_media; /* NULL: no body allowed */
    bool is_form;             /* the body is application/x-www-form-urlencoded: an object of strings */
    bool is_raw;              /* the body is application/octet-stream: bytes without a schema */
    const char *reply_media[3]; /* of the success answer: application/json, …, best first; NULL ends it: none (204) */
    bool streams;             /* text/event-stream is one of them */
    bool says_oauth;          /* x-anze-errors: oauth: its 400 and 401 are told as RFC 6749 5.2 has it */
    int success_status;       /* the lowest 2xx documented */
    bool writes;              /* method is not GET */
    bool is_list;             /* x-anze-list: true: has limit and cursor, SQL returns items and next */
    bool takes_key;           /* has an Idempotency-Key header parameter */
    bool is_conditional;      /* GET whose 304 is documented: answers If-None-Match */
    bool no_store;            /* x-anze-no-store: true: Cache-Control: no-store */
    const char *cache_control; /* x-anze-cache-control, or NULL for private, no-cache */
};

/* Position of a parameter by name among operation->parameters, or -1. Header names compare without case. */
int operation_parameter(const struct operation *operation, enum place place, const char *name);

const char *method_name(enum method method);
bool method_from_name(const char *name, enum method *ret_method); /* exact, upper case */

#endif
