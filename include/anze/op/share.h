#ifndef ANZE_OP_SHARE_H
#define ANZE_OP_SHARE_H

#include "anze/op/call.h"

/* Quick reads on connections that others use at the same time, on the thread of the lanes' loop: begun, and ended when
 * `done` is called. They are only another way to the same answer: what cannot be had so is run as any other call. */
struct lanes;
struct query;

bool op_may_share(const struct service *service, const struct operation *operation);

/* NULL: not now. The call stays until the end. */
struct query *op_share(struct call *call, struct lanes *lanes, void (*done)(void *context), void *context) NODISCARD;

enum op_shared {
    OP_REPLIED,
    OP_REFUSED,  /* call->problem says why */
    OP_ELSEWHERE /* run it */
};
enum op_shared op_take_shared(const struct query *query) NODISCARD;

#endif
