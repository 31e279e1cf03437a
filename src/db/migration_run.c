#include "migration_run.h"
#include "anze/base/clock.h"

enum { LOCK_PAUSE_US = 50000 };

static const char session_sql[] =
    "set statement_timeout = 0; set client_min_messages = warning; set idle_in_transaction_session_timeout = 0";

/* One number for all versions of the program: the first eight letters of "anze-mig". */
static const char lock_sql[] = "select pg_try_advisory_lock(7020670263411468647)";
static const char unlock_sql[] = "select pg_advisory_unlock(7020670263411468647)";

/* ---- beginning ---- */

/* A session that waits inside a statement would be waited for by whoever builds an index concurrently. */
static bool lock(struct migration_run *run)
{
    const struct session_rows *rows;
    for (bool was_told = false;; was_told = true) {
        if (!session_query(run->session, lock_sql, NULL, 0, &rows))
            return run_fail(run, "cannot lock");
        if (*session_value(rows, 0, 0) == 't')
            return true;
        if (!was_told)
            run_tell(run, "another migration is running: waiting for its end");
        clock_pause(LOCK_PAUSE_US);
    }
}

/* What was done cannot be done otherwise afterwards; and an older program must not run on a newer database. */
static bool check_history(struct migration_run *run)
{
    bool is_sound = true;
    for (size_t i = 0; i < run->plan->n_files; i++)
        if (migration_state(&run->plan->files[i], run->records, run->n_records) == MIGRATION_CHANGED) {
            run_tell(run, "%s was changed after it had been applied: restore it and write a new migration",
                     run->plan->files[i].file->name);
            is_sound = false;
        }
    const char *unknown = migration_unknown(run->plan, run->records, run->n_records);
    if (unknown)
        run_tell(run, "the database has %s, which this program does not know: use the newer program", unknown);
    return is_sound && !unknown;
}

/* ---- the order ---- */

static bool run_steps(struct migration_run *run, enum step_place place)
{
    for (size_t i = 0; i < run->plan->n_files; i++)
        if (run_is_pending(run, i) && run_place(run, i) == place && !run_step(run, &run->plan->files[i]))
            return false;
    return true;
}

/* Files, and what none of them makes any more. */
static bool count_pending(struct migration_run *run, const struct session_rows **ret_gone, size_t *ret_pending)
{
    *ret_pending = 0;
    for (size_t i = 0; i < run->plan->n_files; i++)
        *ret_pending += migration_state(&run->plan->files[i], run->records, run->n_records) == MIGRATION_PENDING;
    if (!run_gone(run, true, ret_gone))
        return false;
    *ret_pending += session_count(*ret_gone);
    return true;
}

static bool run_all(struct migration_run *run, size_t *ret_pending)
{
    const struct session_rows *gone;
    if (!run_transaction(run, run_prepare, NULL))
        return false;
    if (!run_read_records(run) || !count_pending(run, &gone, ret_pending))
        return run_fail(run, "cannot read anze.migration");
    run->first_with = run_first_with(run);
    return check_history(run) && run_steps(run, STEP_BEFORE) && run_transaction(run, run_release, NULL) &&
           run_steps(run, STEP_AFTER) && run_transaction(run, run_rights, NULL);
}

/* ---- looking only ---- */

static void tell_pending(const struct migration_run *run, const struct migration *file)
{
    size_t n = migration_pending_objects(file, run->records, run->n_records), of = 0;
    for (size_t i = 0; i < file->n_objects; i++)
        of += file->objects[i].digest != NULL;
    if (n == of)
        run_tell(run, "pending %s", file->file->name);
    else
        run_tell(run, "pending %s (%zu of %zu)", file->file->name, n, of);
}

static bool look_for_pending(struct migration_run *run, size_t *ret_pending)
{
    const struct session_rows *gone;
    if (!session_script(run->session, "begin read only") || !run_read_records(run) ||
        !count_pending(run, &gone, ret_pending))
        return run_fail(run, "cannot read anze.migration");
    for (size_t i = 0; i < run->plan->n_files; i++)
        if (migration_state(&run->plan->files[i], run->records, run->n_records) == MIGRATION_PENDING)
            tell_pending(run, &run->plan->files[i]);
    for (size_t i = 0; i < session_count(gone); i++)
        run_tell(run, "pending %s", session_value(gone, i, 0));
    return check_history(run);
}

/* ---- the whole ---- */

bool migration_run(struct session *session, const struct migration_plan *plan, bool only_check,
                   const struct migration_listener *listener, size_t *ret_pending)
{
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    struct migration_run run = { .session = session, .plan = plan, .listener = listener, .arena = arena };
    *ret_pending = 0;
    if (plan->fault) {
        run_tell(&run, "%s", plan->fault);
        return false;
    }
    if (!session_script(session, session_sql))
        return run_fail(&run, "cannot set the session");
    if (!only_check && !lock(&run))
        return false;
    bool done = only_check ? look_for_pending(&run, ret_pending) : run_all(&run, ret_pending);
    return session_script(session, only_check ? "rollback" : unlock_sql) && done;
}
