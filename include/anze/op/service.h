#ifndef ANZE_OP_SERVICE_H
#define ANZE_OP_SERVICE_H

#include "anze/base/config.h"
#include "anze/contract/contract.h"
#include "anze/db/pool.h"

/* What every request shares: made once by serve, read-only while requests run. */
struct service {
    const struct config *config;
    const struct contract *contract;
    struct pool *pool;
    struct verifier *verifier;
    const struct op_binding *bindings; /* by operation->index */
    const _Atomic bool *is_stopping;   /* a stop is under way: not ready any more */
};

#endif
