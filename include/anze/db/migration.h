#ifndef ANZE_DB_MIGRATION_H
#define ANZE_DB_MIGRATION_H

#include "anze/base/arena.h"
#include "anze/base/embedded.h"
#include "anze/base/text.h"
#include "anze/db/session.h"

/* The files below sql/ that make the database, in the order in which they are applied:
 *   migrations/<when>_<domain>_<what>.sql  steps: once each, forward only; a changed one is refused
 *   functions/<domain>/<what>.sql          statement by statement, those whose own text changed
 *   data/<domain>/<what>.sql               whole, when its text changed
 * anze.migration keeps which steps were done, anze.migration_object what was applied of the others, by the digest of
 * its text: a file that is renamed or moved changes nothing. */
enum migration_kind { MIGRATION_STEP, MIGRATION_FUNCTION, MIGRATION_DATA, MIGRATION_KINDS };

/* What a step says of itself, in comments `-- anze: …` before its first statement. */
enum step_place {
    STEP_BEFORE, /* the functions: whatever the functions of the last release can live with */
    STEP_WITH,   /* `with-functions`: in one transaction with them, because neither can live without the other */
    STEP_AFTER   /* `after-functions` */
};
enum step_way {
    STEP_WHOLE,     /* one transaction */
    STEP_PIECEWISE, /* `no-transaction`: each statement by itself */
    STEP_BACKFILL   /* `backfill TABLE`: its one statement does at most $1 rows and says how many, until none is left */
};
struct step_header {
    enum step_place place;
    enum step_way way;
    const char *table; /* whose rows are what there is to do, about; for backfill */
};
/* NULL, or what is wrong. */
const char *step_header_read(struct arena *arena, struct slice sql, struct step_header *ret_header);

/* What is applied by itself. */
struct migration_object {
    struct slice text;
    const char *digest;  /* NULL: `set local …`, for those behind it in the file */
    const char *routine; /* name of the function or procedure that it makes, or NULL */
    const char *trigger; /* or `trigger NAME on TABLE`, or NULL */
};

struct migration {
    enum migration_kind kind;
    const struct embedded_file *file;
    const char *checksum; /* of a step: SHA-256 in hex */
    struct step_header header;
    struct migration_object *objects; /* of the other kinds */
    size_t n_objects;
};

struct migration_plan {
    struct migration *files;
    size_t n_files;
    const char *adopted; /* query of what the last release has applied, from before anze.migration_object; NULL: none */
    const char *fault;   /* a file that cannot be understood; NULL: none */
    const char *queries; /* text of all statements, which decides what the service may execute */
};
struct migration_plan migration_plan(struct arena *arena, const struct embedded_file *files, size_t n);

/* What the database has: a step by its name, an object by its digest, unless what it made is not there any more (it
 * went with its table). A row of migration_records_sql. */
struct migration_record {
    const char *name; /* of a step, else NULL */
    const char *checksum;
};

extern const char migration_records_sql[];

enum migration_state {
    MIGRATION_APPLIED,
    MIGRATION_PENDING,
    MIGRATION_CHANGED /* a step that was edited after it had been done */
};
enum migration_state migration_state(const struct migration *migration, const struct migration_record *records,
                                     size_t n_records);
bool migration_has_object(const char *digest, const struct migration_record *records, size_t n_records);
size_t migration_pending_objects(const struct migration *migration, const struct migration_record *records,
                                 size_t n_records);
/* The first step that the database has and the program has not; NULL: none. */
const char *migration_unknown(const struct migration_plan *plan, const struct migration_record *records, size_t n);

/* Each request holds this advisory lock, shared, so that a migration which needs several tables can wait for all of
 * them at once: request by request would end in deadlocks, since none takes tables in its order. */
#define MIGRATION_GATE "3615031, 1"

/* Says line by line what is done, when it is done. */
struct migration_listener {
    void (*tell)(void *context, const char *line);
    void *context;
};

/* Applies what is pending under an advisory lock of the session, while the service goes on: each transaction waits for
 * a lock only so long that nobody behind it waits noticeably, and is tried again. What was done stays done when a later
 * one fails; the next run goes on from there. With `only_check` nothing is changed. ret_pending counts the files.
 * False: the last line told why. */
bool migration_run(struct session *session, const struct migration_plan *plan, bool only_check,
                   const struct migration_listener *listener, size_t *ret_pending) NODISCARD;

#endif
