#ifndef ANZE_DB_MIGRATION_H
#define ANZE_DB_MIGRATION_H

#include "anze/base/arena.h"
#include "anze/base/embedded.h"
#include "anze/base/text.h"
#include "anze/db/session.h"

/* The files below sql/ that make the database, in the order in which they are applied:
 *   migrations/NNNN_name.sql   once each, forward only; a changed one is refused
 *   functions/name.sql         whole, whenever it changed
 *   data/name.sql              likewise
 * anze.migration keeps what was applied. */
enum migration_kind { MIGRATION_STEP, MIGRATION_FUNCTION, MIGRATION_DATA, MIGRATION_KINDS };

struct migration {
    enum migration_kind kind;
    const struct embedded_file *file;
    const char *checksum; /* SHA-256 in hex */
};

struct migration_plan {
    struct migration *files;
    size_t n_files;
};
struct migration_plan migration_plan(struct arena *arena, const struct embedded_file *files, size_t n);

/* What the database has. */
struct migration_record {
    const char *name;
    const char *checksum;
};

enum migration_state {
    MIGRATION_APPLIED,
    MIGRATION_PENDING, /* not there, or an older function or data file */
    MIGRATION_CHANGED  /* a numbered file that was edited after it had been applied */
};
enum migration_state migration_state(const struct migration *migration, const struct migration_record *records,
                                     size_t n_records);
/* The first numbered step that the database has and the program has not; NULL: none. */
const char *migration_unknown(const struct migration_plan *plan, const struct migration_record *records, size_t n);

/* Applies what is pending in one transaction under an advisory lock; with `only_check` nothing is changed.
 * `out` tells file by file; ret_pending counts. False: `out` ends with why, and the database is as before. */
bool migration_run(struct session *session, const struct migration_plan *plan, bool only_check, struct text *out,
                   size_t *ret_pending) NODISCARD;

#endif
