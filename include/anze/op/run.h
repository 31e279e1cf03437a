#ifndef ANZE_OP_RUN_H
#define ANZE_OP_RUN_H

#include "anze/db/run.h"
#include "anze/op/call.h"

/* What runners are made of: running a statement as the caller, and taking its row as the reply. */

/* Runs one statement for the call, as its caller. OP_KEYED: under the call's Idempotency-Key, and undone again when it
 * is a dry run; for the statement that does the call's work. OP_READS: in a transaction that cannot write.
 * OP_BINARY: see db_request. */
enum op_how { OP_PLAIN = 0, OP_KEYED = 1, OP_READS = 2, OP_BINARY = 4 };
struct db_request op_request(const struct call *call, struct statement *statement, const char *const *values,
                             unsigned how);
bool op_run(const struct call *call, struct statement *statement, const char *const *values, unsigned how,
            struct db_reply *ret_reply) NODISCARD;

/* The row's columns as the reply: body, status, etag, location, last_modified. Of a list: items, next, total, and more,
 * an object whose members stand beside the items. */
void op_reply_row(struct call *call, const struct db_row *row);
/* A column's text on the call's arena, or NULL. */
const char *op_text_of(const struct call *call, const struct db_row *row, const char *column);
/* 404: no such thing, or not the caller's to see. Always false. */
bool op_raise_absent(const struct call *call);

#endif
