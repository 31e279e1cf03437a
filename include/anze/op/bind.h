#ifndef ANZE_OP_BIND_H
#define ANZE_OP_BIND_H

#include "anze/op/call.h"

/* Binds every operation to its statement or its C runner. An operation without either, and a statement or runner
 * without its operation, is a complaint. NULL when there are any. */
const struct op_binding *op_bind(struct arena *arena, const struct contract *contract, struct text *complaints)
    NODISCARD;

#endif
