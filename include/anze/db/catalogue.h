#ifndef ANZE_DB_CATALOGUE_H
#define ANZE_DB_CATALOGUE_H

#include "anze/db/connection.h"
#include "anze/db/sqlstate.h"

/* The comments of all constraints and unique indexes, as sentences. Read-only once made. */
struct catalogue;

/* NULL: it could not be read. Lives on the arena. */
struct catalogue *catalogue_read(struct arena *arena, struct connection *connection, int64_t deadline_us) NODISCARD;

/* NULL equals none. */
bool catalogue_equals(const struct catalogue *a, const struct catalogue *b);

bool catalogue_find(const struct catalogue *catalogue, const char *table, const char *constraint,
                    struct constraint_text *ret_text);

#endif
