#ifndef ANZE_OP_TABLE_H
#define ANZE_OP_TABLE_H

#include "anze/op/call.h"

/* The operations that C answers itself. One that names statements has its own as well. Everything else is op_query. */
struct op_exception {
    const char *id;
    op_runner *run;
    const char *more[OP_MAX_MORE]; /* statements besides its own: queries/<tag>/<name>.sql */
    const char *const *slots;      /* names that its statements use and that it fills in itself (slot_own) */
};

extern const struct op_exception op_exceptions[];
extern const size_t n_op_exceptions;

op_runner op_query;
op_runner op_service_description, op_openapi_json, op_openapi_yaml, op_health, op_readiness, op_metrics, op_key_set,
    op_security_text, op_api_catalog, op_file_content, op_complete_file;
extern const char *const op_file_slots[];

#endif
