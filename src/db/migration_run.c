#include "migration_run.h"
#include "anze/base/clock.h"

#include <time.h>

/* Whoever comes behind a waiting migration waits for it: hence shortly, then somewhat longer, and again. */
enum {
    FIRST_LOCK_MS = 100,
    LONGEST_LOCK_MS = 500,
    FIRST_PAUSE_MS = 50,
    LONGEST_PAUSE_MS = 2000,
    PATIENCE_US = 10 * 60 * 1000000,
    FREE_TRIES = 3 /* before everybody is kept waiting */
};

static const char session_sql[] =
    "set statement_timeout = 0; set client_min_messages = warning; set idle_in_transaction_session_timeout = 0";

/* One number for all versions of the program: the first eight letters of "anze-mig". */
static const char lock_sql[] = "select pg_try_advisory_lock(7020670263411468647)";
static const char unlock_sql[] = "select pg_advisory_unlock(7020670263411468647)";

static const char steps_sql[] =
    "create schema if not exists anze;"
    "create table if not exists anze.migration ("
    " name text primary key, kind text not null, checksum text not null,"
    " applied_at timestamptz not null default now());"
    "comment on table anze.migration is 'the steps below sql/migrations that made this database'";

static const char objects_sql[] =
    "create table anze.migration_object ("
    " digest text primary key, file text not null, makes text, applied_at timestamptz not null default now());"
    "comment on table anze.migration_object is"
    " 'what was applied of the files below sql/functions and sql/data, by the digest of its text'";

/* Before anze.migration_object there was one row for each file. */
#define ADOPTED "select left(checksum, 32), name, null from anze.migration where kind = 'data'"

/* ---- telling ---- */

void run_tell(const struct migration_run *run, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    run->listener->tell(run->listener->context, arena_vprintf(run->arena, format, arguments));
    va_end(arguments);
}

void run_say(struct migration_run *run, const char *line)
{
    text_printf(&run->said, "%s%s", run->said.length ? "\n" : "", line);
}

bool run_fail(struct migration_run *run, const char *doing)
{
    run_tell(run, "%s: %s", doing, session_why(run->session));
    return false;
}

/* ---- trying ---- */

static void pause_ms(int64_t ms)
{
    struct timespec pause = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
    nanosleep(&pause, NULL);
}

static bool is_in_the_way(const struct session *session)
{
    return session_failed_with(session, "55P03") || session_failed_with(session, "40P01") ||
           session_failed_with(session, "40001");
}

/* Programs of before the gate wait at the table that their writes begin with. */
const char gate_sql[] =
    "select pg_advisory_xact_lock(" MIGRATION_GATE ");"
    "do $$ begin if to_regclass('anze.idempotency_key') is not null then"
    " lock table anze.idempotency_key in access exclusive mode; end if; end $$";

static bool in_transaction(struct migration_run *run, run_work *work, const void *what)
{
    bool done = session_script(run->session, "begin") &&
                (run->tries <= FREE_TRIES || session_script(run->session, gate_sql)) && work(run, what) &&
                session_script(run->session, "commit");
    return done || (session_script(run->session, "rollback") && done);
}

static bool alone(struct migration_run *run, run_work *work, const void *what)
{
    return work(run, what);
}

static int at_most(int value, int most)
{
    return value < most ? value : most;
}

static bool try_again(struct migration_run *run, run_work *work, const void *what,
                      bool (*in)(struct migration_run *, run_work *, const void *))
{
    int64_t until_us = clock_monotonic_us() + PATIENCE_US;
    int lock = FIRST_LOCK_MS, pause = FIRST_PAUSE_MS;
    run->tries = 0;
    for (;; pause = at_most(pause * 2, LONGEST_PAUSE_MS), lock = at_most(lock + 50, LONGEST_LOCK_MS)) {
        run->said = text_on(run->arena);
        run->tries++;
        if (!session_script(run->session, arena_printf(run->arena, "set lock_timeout = %d", lock)))
            return run_fail(run, "cannot set the session");
        if (in(run, work, what)) {
            if (run->said.length)
                run_tell(run, "%s", run->said.bytes);
            return true;
        }
        if (!is_in_the_way(run->session) || clock_monotonic_us() > until_us)
            return run_fail(run, run->at);
        run_tell(run, "%s: %s; again in %d ms", run->at, session_why(run->session), pause);
        pause_ms(pause);
    }
}

bool run_transaction(struct migration_run *run, run_work *work, const void *what)
{
    return try_again(run, work, what, in_transaction);
}

bool run_alone(struct migration_run *run, run_work *work, const void *what)
{
    return try_again(run, work, what, alone);
}

bool run_script(struct migration_run *run, struct slice sql)
{
    return session_script(run->session, arena_strndup(run->arena, sql.bytes, sql.length));
}

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
        pause_ms(FIRST_PAUSE_MS);
    }
}

static bool has_table(struct migration_run *run, const char *name, bool *ret_has)
{
    const struct session_rows *rows;
    if (!session_query(run->session, "select to_regclass($1) is not null", &name, 1, &rows))
        return false;
    *ret_has = *session_value(rows, 0, 0) == 't';
    return true;
}

static const char *adopted_rows(const struct migration_run *run)
{
    return run->plan->adopted ? arena_printf(run->arena, ADOPTED " union %s", run->plan->adopted) : ADOPTED;
}

static bool prepare(struct migration_run *run, const void *nothing)
{
    bool has_objects;
    (void)nothing;
    run->at = "cannot create schema anze and its tables of migrations";
    return session_script(run->session, steps_sql) && has_table(run, "anze.migration_object", &has_objects) &&
           (has_objects ||
            (session_script(run->session, objects_sql) &&
             session_script(run->session, arena_printf(run->arena,
                                                       "insert into anze.migration_object (digest, file, makes) %s;"
                                                       "delete from anze.migration where kind <> 'migration'",
                                                       adopted_rows(run)))));
}

bool run_read_records(struct migration_run *run)
{
    const struct session_rows *rows;
    bool has_steps;
    run->n_records = 0;
    if (!has_table(run, "anze.migration", &has_steps) || !has_table(run, "anze.migration_object", &run->has_objects))
        return false;
    if (!has_steps)
        return true;
    const char *sql = run->has_objects ? migration_records_sql
                                  : arena_printf(run->arena,
                                                 "select name, checksum, null from anze.migration"
                                                 " where kind = 'migration' union all"
                                                 " select null, a.digest, a.makes from (%s) a(digest, file, makes)",
                                                 adopted_rows(run));
    if (!session_query(run->session, sql, NULL, 0, &rows))
        return false;
    run->records = arena_array_of(run->arena, struct migration_record, session_count(rows) + 1);
    for (; run->n_records < session_count(rows); run->n_records++)
        run->records[run->n_records] =
            (struct migration_record){ session_value(rows, run->n_records, 0), session_value(rows, run->n_records, 1),
                                       session_value(rows, run->n_records, 2) };
    return true;
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

static bool is_pending_step(const struct migration_run *run, size_t i)
{
    const struct migration *step = &run->plan->files[i];
    return step->kind == MIGRATION_STEP && migration_state(step, run->records, run->n_records) == MIGRATION_PENDING;
}

static size_t find_first_with(const struct migration_run *run)
{
    for (size_t i = 0; i < run->plan->n_files; i++)
        if (is_pending_step(run, i) && run->plan->files[i].header.place == STEP_WITH)
            return i;
    return run->plan->n_files;
}

/* Steps keep their order: from the first that needs the functions beside it, all that can be in a transaction are in
 * that of the functions, and those that cannot come after it. */
enum step_place run_place(const struct migration_run *run, size_t i)
{
    const struct step_header *header = &run->plan->files[i].header;
    if (header->place == STEP_AFTER || i < run->first_with)
        return header->place;
    return header->way == STEP_WHOLE ? STEP_WITH : STEP_AFTER;
}

static bool run_steps(struct migration_run *run, enum step_place place)
{
    for (size_t i = 0; i < run->plan->n_files; i++)
        if (is_pending_step(run, i) && run_place(run, i) == place && !run_step(run, &run->plan->files[i]))
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
    if (!run_transaction(run, prepare, NULL))
        return false;
    if (!run_read_records(run) || !count_pending(run, &gone, ret_pending))
        return run_fail(run, "cannot read anze.migration");
    run->first_with = find_first_with(run);
    return check_history(run) && run_steps(run, STEP_BEFORE) && run_transaction(run, run_release, NULL) &&
           run_steps(run, STEP_AFTER);
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

static bool look(struct migration_run *run, size_t *ret_pending)
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
    bool done = only_check ? look(&run, ret_pending) : run_all(&run, ret_pending);
    return session_script(session, only_check ? "rollback" : unlock_sql) && done;
}
