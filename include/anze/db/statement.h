#ifndef ANZE_DB_STATEMENT_H
#define ANZE_DB_STATEMENT_H

#include "anze/base/arena.h"
#include "anze/base/slice.h"
#include "anze/base/text.h"
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A statement template: SQL with named parameters, compiled to slots once, at start.
 *
 *   :name            becomes $n; not after another ':', not inside strings, quoted names, comments or dollar quotes.
 *                    A slice of an array needs a space: values[1 : n]
 *   … --? name       the line is there only when `name` has a value
 *   … --? !name      only when it has none
 *   … --? name=text  only when its value is exactly `text` (sort orders)
 *
 * Each set of lines is a prepared statement of its own, with its own plan. Parameters are sent as text and typed by
 * the SQL's casts. A name that `slot_of` does not know stops the start. One statement per template; a semicolon may
 * end it. A template that keeps its reply is put into a WITH, so it is a SELECT (its writes are in a function) with
 * the columns status, etag, location and body. */
enum { STATEMENT_MAX_CONDITIONS = 32, STATEMENT_MAX_PARAMETERS = 64, STATEMENT_MAX_KEPT_VARIANTS = 64 };

struct statement;

/* Number of the slot of a name, or -1. */
typedef int statement_slot_of(void *context, const char *name, size_t length);

struct statement_options {
    const char *name;      /* operationId: part of the prepared name, and in complaints */
    bool keeps_reply;      /* takes an Idempotency-Key: the reply is stored in the same transaction */
    statement_slot_of *slot_of;
    void *context;
};

/* NULL: complaints name the line. The statement lives on the arena. */
struct statement *statement_compile(struct arena *arena, struct slice sql, const struct statement_options *options,
                                    struct text *complaints) NODISCARD;

/* In a variant's slots: not a slot of the operation but the key and the hash of the request. */
enum { STATEMENT_KEY = -1, STATEMENT_HASH = -2 };

/* The text and the slots of the lines that these values select. */
struct statement_variant {
    uint64_t conditions;   /* bit per condition that holds; bit 32: the reply is kept */
    unsigned number;       /* of the prepared statement, in the whole process; 0: not worth preparing */
    const char *name;      /* its name */
    const char *sql;
    const int *slots;      /* slot of $1, $2, … */
    size_t n_slots;
    atomic_int *cost_us;   /* what the server took for it of late; NULL: nobody counts */
};

/* Any thread. The first STATEMENT_MAX_KEPT_VARIANTS live as long as the statement; others, which only a client that
 * tries out combinations gets to see, are made on the request's arena, so that memory stays bounded. */
const struct statement_variant *statement_variant(struct statement *statement, struct arena *arena,
                                                  const char *const *values, bool keeps_reply) NODISCARD;

/* What it took once more; a moving mean of the last eight or so is kept. */
void statement_took(const struct statement_variant *variant, int64_t us);

/* Numbers below are for the statements of the house (run.c). */
enum { STATEMENT_FIRST_NUMBER = 16 };

#endif
