#ifndef ANZE_DB_SESSION_H
#define ANZE_DB_SESSION_H

#include "anze/base/arena.h"
#include "anze/base/slice.h"
#include <stdbool.h>
#include <stddef.h>

/* A session of the operator's commands (migrate, import): one connection, used by one thread, waiting as long as it
 * takes. Requests never use it: they have the pool. Closed with the arena; an open transaction is then rolled back. */
struct session;
struct session_rows;

/* NULL: ret_why is a sentence for the operator. `operation` is what the audit will name. */
struct session *session_open(struct arena *arena, const char *url, const char *operation, const char **ret_why)
    NODISCARD;

/* Why the last call failed: "23505 some_constraint" and the server's own sentence. */
const char *session_why(const struct session *session);
bool session_failed_with(const struct session *session, const char *sqlstate);

/* Several statements, without parameters. */
bool session_script(struct session *session, const char *sql) NODISCARD;

/* One statement with text parameters. ret_rows may be NULL. */
bool session_query(struct session *session, const char *sql, const char *const *values, size_t n_values,
                   const struct session_rows **ret_rows) NODISCARD;

size_t session_count(const struct session_rows *rows);
/* NULL: SQL NULL. */
const char *session_value(const struct session_rows *rows, size_t row, size_t column);

/* Copies rows into a table: begin with `copy … from stdin`, put its text format in pieces of any size, end. */
bool session_copy_begin(struct session *session, const char *sql) NODISCARD;
bool session_copy_put(struct session *session, struct slice piece) NODISCARD;
bool session_copy_end(struct session *session) NODISCARD;

/* Sets a role's password in SCRAM form, so that its clear text reaches neither the server nor its log. */
bool session_set_password(struct session *session, const char *role, const char *password) NODISCARD;

#endif
