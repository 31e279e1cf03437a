#include "migration_run.h"

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

bool run_prepare(struct migration_run *run, const void *nothing)
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
                                                 "select name, checksum from anze.migration"
                                                 " where kind = 'migration' union all"
                                                 " select null, a.digest from (%s) a(digest, file, makes)",
                                                 adopted_rows(run));
    if (!session_query(run->session, sql, NULL, 0, &rows))
        return false;
    run->records = arena_array_of(run->arena, struct migration_record, session_count(rows) + 1);
    for (; run->n_records < session_count(rows); run->n_records++)
        run->records[run->n_records] =
            (struct migration_record){ session_value(rows, run->n_records, 0), session_value(rows, run->n_records, 1) };
    return true;
}

/* ---- what is still to be done, and when ---- */

bool run_is_pending(const struct migration_run *run, size_t i)
{
    const struct migration *step = &run->plan->files[i];
    return step->kind == MIGRATION_STEP && migration_state(step, run->records, run->n_records) == MIGRATION_PENDING;
}

size_t run_first_with(const struct migration_run *run)
{
    for (size_t i = 0; i < run->plan->n_files; i++)
        if (run_is_pending(run, i) && run->plan->files[i].header.place == STEP_WITH)
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
