#ifndef ANZE_DB_GUARD_H
#define ANZE_DB_GUARD_H

#include "anze/db/connection.h"
#include "anze/db/migration.h"

/* Whether the service may work with this login and this schema. True: ret_refusal is NULL or the operator's sentence,
 * on the arena. False: it could not be found out. */
bool guard_check(struct arena *arena, struct connection *connection, const struct migration_plan *plan,
                 int64_t deadline_us, const char **ret_refusal) NODISCARD;

#endif
