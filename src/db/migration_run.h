#ifndef ANZE_DB_MIGRATION_RUN_H
#define ANZE_DB_MIGRATION_RUN_H

#include "anze/db/migration.h"

/* One run of `anze migrate`. Each file calls those above it:
 *
 *   migration_try.c        telling; transactions that are tried again
 *   migration_record.c     what the database has, and what is still to be done
 *   migration_step.c       one step in its way
 *   migration_release.c    functions and data
 *   migration_run.c        what is done, in which order */
struct migration_run {
    struct session *session;
    const struct migration_plan *plan;
    const struct migration_listener *listener;
    struct arena *arena;
    struct migration_record *records;
    size_t n_records;
    bool has_objects;  /* the table of them is there */
    size_t first_with; /* place in the plan of the first step that is done together with the functions */
    int tries;         /* of the transaction */
    const struct session_rows *case_tables; /* with row-level security */
    const char *at;    /* the file that is being applied */
    struct text said;  /* in a transaction that is not committed yet */
};

void run_tell(const struct migration_run *run, const char *format, ...) FORMAT(2, 3);
/* Told when the transaction is committed. */
void run_say(struct migration_run *run, const char *line);
/* Tells that `doing` failed, and why. */
bool run_fail(struct migration_run *run, const char *doing);

typedef bool run_work(struct migration_run *run, const void *what);
/* Waits for the requests that are under way and keeps new ones waiting until the transaction ends. */
extern const char gate_sql[];

/* Does the work in a transaction of its own; again, while others hold what it needs. */
bool run_transaction(struct migration_run *run, run_work *work, const void *what) NODISCARD;
/* The same without a transaction: for one statement. */
bool run_alone(struct migration_run *run, run_work *work, const void *what) NODISCARD;

/* Makes the tables of migrations, as a run_work. */
bool run_prepare(struct migration_run *run, const void *nothing) NODISCARD;
/* Whether a file of the plan is a step that is still to be done. */
bool run_is_pending(const struct migration_run *run, size_t i);
/* Place of the first pending step that is done with the functions; the number of files if there is none. */
size_t run_first_with(const struct migration_run *run);
/* When a pending step is done. */
enum step_place run_place(const struct migration_run *run, size_t i);

bool run_read_records(struct migration_run *run) NODISCARD;
bool run_script(struct migration_run *run, struct slice sql) NODISCARD;

bool run_step(struct migration_run *run, const struct migration *step) NODISCARD;
/* In the running transaction. */
bool run_step_here(struct migration_run *run, const void *step) NODISCARD;

/* Steps with the functions, functions, what no file makes any more, data; in the running transaction. */
bool run_release(struct migration_run *run, const void *nothing) NODISCARD;
/* What the service may execute follows from what its statements call: with the functions, and once more when the last
 * step has changed what runs with its rights. A run_work. */
bool run_rights(struct migration_run *run, const void *nothing) NODISCARD;
/* Statements that drop what no file makes any more; rows of one column. */
bool run_gone(struct migration_run *run, bool is_late, const struct session_rows **ret_rows) NODISCARD;

#endif
