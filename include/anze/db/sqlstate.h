#ifndef ANZE_DB_SQLSTATE_H
#define ANZE_DB_SQLSTATE_H

#include "anze/base/arena.h"
#include "anze/base/problem.h"
#include <stdbool.h>

/* What PostgreSQL refuses with, as a problem: one table, by SQLSTATE or by its class (the first two characters).
 *
 * Class AZ is our own: the message is JSON that SQL wrote for the caller (anze.refuse). Constraints speak by their
 * COMMENT "中文 | English | /pointer". Nothing else of the server's texts goes out: they carry values. */
struct sql_refusal {
    const char *sqlstate;
    const char *message;    /* used for class AZ only */
    const char *table;      /* "" when the server named none, likewise the next two */
    const char *column;
    const char *constraint;
};

/* The sentences of a constraint; `of` looks them up. */
struct constraint_text {
    const char *zh;
    const char *en;
    const char *pointer;
};
typedef bool constraint_text_of(const void *context, const char *table, const char *constraint,
                                struct constraint_text *ret_text);

/* Always false, with the problem written. */
bool sqlstate_raise(struct arena *arena, const struct sql_refusal *refusal, constraint_text_of *of,
                    const void *context, struct problem *problem);

/* Counts what operators must hear of at once: a full disk. Raising counts by itself. */
void sqlstate_count(const char *sqlstate);

/* Trying the whole transaction again may help: 40001, 40P01, 55P03. */
bool sqlstate_is_transient(const char *sqlstate);
/* The session no longer fits the database (its statements are gone or stale): another connection will do. */
bool sqlstate_is_stale(const char *sqlstate);

#endif
