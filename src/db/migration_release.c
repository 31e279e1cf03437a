#include "anze/db/script.h"
#include "migration_run.h"
#include "anze/base/literal.h"

/* ---- one object ---- */

#define NAMED \
    "select p.oid::regprocedure from pg_proc p where p.proname = split_part($1, '.', 2)" \
    " and p.pronamespace = (select n.oid from pg_namespace n where n.nspname = split_part($1, '.', 1))"
static const char named_sql[] = NAMED;
/* The one that was written last: by the statement just done, whatever else has the name. */
static const char signature_sql[] = NAMED " order by age(p.xmin), p.cmin::text::int desc limit 1";

static bool record_object(struct migration_run *run, const struct migration *file,
                          const struct migration_object *object)
{
    const struct session_rows *rows;
    const char *values[] = { object->digest, file->file->name, object->trigger };
    if (object->routine) {
        if (!session_query(run->session, signature_sql, &object->routine, 1, &rows))
            return false;
        values[2] = session_count(rows) ? session_value(rows, 0, 0) : NULL;
    }
    return session_query(run->session,
                         "insert into anze.migration_object as o (digest, file, makes) values ($1, $2, $3)"
                         " on conflict (digest) do update set file = excluded.file, makes = excluded.makes,"
                         " applied_at = now()",
                         values, 3, NULL);
}

/* Another result, or other names of arguments, than the function has that is there: it goes first. Which one that is
 * the statement alone does not tell where several have the name. */
static bool replace_routine(struct migration_run *run, const struct migration_object *object)
{
    const struct session_rows *rows;
    if (!session_script(run->session, "rollback to routine") ||
        !session_query(run->session, named_sql, &object->routine, 1, &rows))
        return false;
    const char *text = arena_strndup(run->arena, object->text.bytes, object->text.length);
    for (size_t i = 0; i < session_count(rows); i++) {
        const char *routine = session_value(rows, i, 0);
        if (session_script(run->session, arena_printf(run->arena, "drop routine %s; %s", routine, text)))
            return true;
        if (i + 1 < session_count(rows) && !session_script(run->session, "rollback to routine"))
            return false;
    }
    return false;
}

static bool apply_routine(struct migration_run *run, const struct migration_object *object, bool *ret_is_new)
{
    const char *text = arena_strndup(run->arena, object->text.bytes, object->text.length);
    bool done = session_script(run->session, arena_printf(run->arena, "savepoint routine; %s", text));
    *ret_is_new = !done && session_failed_with(run->session, "42P13");
    return (done || (*ret_is_new && replace_routine(run, object))) && session_script(run->session, "release routine");
}

/* ---- one file ---- */

/* Rights and comments of a function that had to be dropped went with it. */
static bool is_of_new_routine(const struct migration_object *object, const char *routine)
{
    struct slice word;
    return routine && script_words(object->text, &word, 1) == 1 &&
           (script_word_is(word, "grant") || script_word_is(word, "revoke") || script_word_is(word, "comment")) &&
           memmem(object->text.bytes, object->text.length, routine, strlen(routine));
}

static bool is_call(const struct migration_object *object)
{
    struct slice word;
    return script_words(object->text, &word, 1) == 1 && script_word_is(word, "select");
}

/* Triggers of tables with case data, which have row-level security, and calls, which may make such: requests write to
 * these tables, and would wait until the transaction ends. Data needs the triggers of its own tables alone. */
static bool comes_late(const struct migration_run *run, const struct migration *file,
                       const struct migration_object *object)
{
    if (!object->trigger)
        return file->kind == MIGRATION_FUNCTION && object->digest && is_call(object);
    const char *table = strstr(object->trigger, " on ") + strlen(" on ");
    for (size_t i = 0; i < session_count(run->case_tables); i++)
        if (strcmp(session_value(run->case_tables, i, 0), table) == 0)
            return true;
    return false;
}

static bool apply_object(struct migration_run *run, const struct migration *file, const struct migration_object *object,
                         const char **new_routine)
{
    bool is_new = false;
    if (!(object->routine ? apply_routine(run, object, &is_new) : run_script(run, object->text)))
        return false;
    *new_routine = is_new ? object->routine : *new_routine;
    return !object->digest || record_object(run, file, object);
}

static bool apply_file(struct migration_run *run, const struct migration *file, bool is_late)
{
    size_t n_applied = 0, n = 0;
    const char *new_routine = NULL;
    run->at = file->file->name;
    for (size_t i = 0; i < file->n_objects; i++) {
        const struct migration_object *object = &file->objects[i];
        bool is_kept = object->digest && migration_has_object(object->digest, run->records, run->n_records) &&
                       !is_of_new_routine(object, new_routine);
        n += object->digest != NULL;
        if (is_kept || comes_late(run, file, object) != is_late)
            continue;
        if (!apply_object(run, file, object, &new_routine))
            return false;
        n_applied += object->digest != NULL;
    }
    if (n_applied)
        run_say(run, n_applied == n ? arena_printf(run->arena, "applied %s", run->at)
                                    : arena_printf(run->arena, "applied %s (%zu of %zu)", run->at, n_applied, n));
    return true;
}

static bool apply_files(struct migration_run *run, enum migration_kind kind, bool is_late)
{
    for (size_t i = 0; i < run->plan->n_files; i++) {
        const struct migration *file = &run->plan->files[i];
        bool is_pending = file->kind == kind && migration_pending_objects(file, run->records, run->n_records);
        if (is_pending && !apply_file(run, file, is_late))
            return false;
    }
    return true;
}

static bool read_case_tables(struct migration_run *run)
{
    return session_query(run->session, "select c.oid::regclass from pg_class c where c.relrowsecurity", NULL, 0,
                         &run->case_tables);
}

static bool has_pending(const struct migration_run *run)
{
    for (size_t i = 0; i < run->plan->n_files; i++)
        if (run->plan->files[i].kind != MIGRATION_STEP &&
            migration_pending_objects(&run->plan->files[i], run->records, run->n_records))
            return true;
    return false;
}

/* Requests that are under way end with the functions with which they began, and the next begin with the new ones. */
static bool close_gate(struct migration_run *run)
{
    run->at = "requests under way";
    return !has_pending(run) || session_script(run->session, gate_sql);
}

/* ---- what no file makes any more ---- */

static const char *known_digests(struct migration_run *run)
{
    struct text list = text_on(run->arena);
    for (size_t i = 0; i < run->plan->n_files; i++)
        for (size_t k = 0; k < run->plan->files[i].n_objects; k++)
            if (run->plan->files[i].objects[k].digest)
                literal_add_word(&list, "%s", run->plan->files[i].objects[k].digest);
    return literal_end(&list);
}

#define GONE \
    "with gone(name) as (select o.makes from anze.migration_object o where o.digest <> all($1::text[])" \
    " except select o.makes from anze.migration_object o where o.digest = any($1::text[]))," \
    " routine(id, name) as (select p.oid, p.oid::regprocedure::text from pg_proc p join pg_namespace n" \
    " on n.oid = p.pronamespace where n.nspname in ('anze', 'audit')" \
    " and p.oid::regprocedure::text in (select g.name from gone g))"

/* Triggers before their functions, and all functions at once, since they may need each other; those that nothing needs
 * already before the data, which might not know which of two functions it calls. */
static const char gone_sql[] =
    GONE " select format('drop trigger %I on %s', t.tgname, t.tgrelid::regclass) from pg_trigger t"
         " where $2::boolean and not t.tgisinternal and t.tgparentid = 0"
         " and format('trigger %s on %s', t.tgname, t.tgrelid::regclass) in (select g.name from gone g)"
         " union all select 'drop routine ' || string_agg(r.name, ', ' order by r.name) from routine r"
         " where $2::boolean or not exists (select from pg_depend d where d.refclassid = 'pg_proc'::regclass"
         " and d.refobjid = r.id and d.deptype = 'n') having count(*) > 0";

static const char users_sql[] =
    GONE " select r.name, string_agg(distinct pg_describe_object(d.classid, d.objid, d.objsubid), ', ')"
         " from routine r join pg_depend d on d.refclassid = 'pg_proc'::regclass and d.refobjid = r.id"
         " where d.deptype = 'n' and not (d.classid = 'pg_proc'::regclass and d.objid in (select id from routine))"
         " group by r.name order by r.name limit 1";

/* Before there is a record there is nothing that could be gone. */
bool run_gone(struct migration_run *run, bool is_late, const struct session_rows **ret_rows)
{
    const char *values[] = { known_digests(run), is_late ? "true" : "false" };
    return run->has_objects ? session_query(run->session, gone_sql, values, 2, ret_rows)
                            : session_query(run->session, "select where false", NULL, 0, ret_rows);
}

static bool refuse_used(struct migration_run *run)
{
    const struct session_rows *rows;
    const char *digests = known_digests(run);
    if (!session_query(run->session, users_sql, &digests, 1, &rows) || !session_count(rows))
        return false;
    run->at = arena_printf(run->arena, "%s is made by no file any more, but %s needs it: drop that in a step",
                           session_value(rows, 0, 0), session_value(rows, 0, 1));
    return false;
}

static bool drop_gone(struct migration_run *run, bool is_late)
{
    const struct session_rows *rows;
    run->at = "what no file makes any more";
    if (!run_gone(run, is_late, &rows))
        return false;
    for (size_t i = 0; i < session_count(rows); i++) {
        const char *statement = session_value(rows, i, 0);
        if (!session_script(run->session, arena_printf(run->arena, "savepoint gone; %s", statement)))
            return session_failed_with(run->session, "2BP01") && session_script(run->session, "rollback to gone") &&
                   refuse_used(run);
        run_say(run, statement);
    }
    return true;
}

static bool forget_gone(struct migration_run *run)
{
    const char *digests = known_digests(run);
    return session_query(run->session, "delete from anze.migration_object where digest <> all($1::text[])", &digests, 1,
                         NULL);
}

/* ---- the whole ---- */

static const char grant_sql[] =
    "do $$ begin if exists (select from pg_roles where rolname = 'anze_service') then"
    " grant usage on schema anze to anze_service;"
    " grant select on anze.migration, anze.migration_object to anze_service; end if; end $$";

/* A table that a step made anew has lost the triggers of the audit. Where none is missing nothing is locked. */
static const char audit_sql[] =
    "do $$ begin if to_regprocedure('audit.apply_decisions(boolean)') is not null then"
    " perform audit.apply_decisions(); end if; end $$";

bool run_rights(struct migration_run *run, const void *nothing)
{
    const struct session_rows *rows;
    const char *values[] = { run->plan->queries };
    (void)nothing;
    run->at = "what the service may execute";
    return session_query(run->session, "select to_regprocedure('anze.grant_called(text)')", NULL, 0, &rows) &&
           (!session_value(rows, 0, 0) || session_query(run->session, "select anze.grant_called($1)", values, 1, NULL));
}

static bool apply_steps(struct migration_run *run)
{
    for (size_t i = run->first_with; i < run->plan->n_files; i++) {
        const struct migration *step = &run->plan->files[i];
        if (step->kind == MIGRATION_STEP && run_place(run, i) == STEP_WITH &&
            migration_state(step, run->records, run->n_records) == MIGRATION_PENDING && !run_step_here(run, step))
            return false;
    }
    return true;
}

bool run_release(struct migration_run *run, const void *nothing)
{
    (void)nothing;
    run->at = "functions and data";
    return run_read_records(run) && apply_steps(run) && run_read_records(run) && read_case_tables(run) &&
           apply_files(run, MIGRATION_FUNCTION, false) && drop_gone(run, false) &&
           apply_files(run, MIGRATION_DATA, false) && session_script(run->session, grant_sql) &&
           run_rights(run, NULL) && close_gate(run) && apply_files(run, MIGRATION_FUNCTION, true) &&
           drop_gone(run, true) && forget_gone(run) && session_script(run->session, audit_sql);
}
