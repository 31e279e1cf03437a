#include "anze/db/migration.h"
#include "anze/base/crypto.h"

#include <string.h>

static const char *const folders[MIGRATION_KINDS] = { "migrations/", "functions/", "data/" };
static const char *const kind_names[MIGRATION_KINDS] = { "migration", "function", "data" };

static const char prepare_sql[] =
    "create schema if not exists anze;"
    "create table if not exists anze.migration ("
    " name text primary key, kind text not null, checksum text not null,"
    " applied_at timestamptz not null default now());"
    "comment on table anze.migration is 'the files below sql/ that made this database';";

/* One number for all versions of the program: the first eight letters of "anze-mig". */
static const char lock_sql[] = "select pg_advisory_xact_lock(7020670263411468647)";

static const char grant_sql[] =
    "do $$ begin if exists (select from pg_roles where rolname = 'anze_service') then"
    " grant usage on schema anze to anze_service; grant select on anze.migration to anze_service; end if; end $$";

static const char *checksum_of(struct arena *arena, const struct embedded_file *file)
{
    uint8_t digest[CRYPTO_DIGEST_BYTES];
    crypto_digest(DIGEST_SHA256, &file->content, 1, digest);
    return crypto_hex(arena, digest, sizeof digest);
}

struct migration_plan migration_plan(struct arena *arena, const struct embedded_file *files, size_t n)
{
    struct migration_plan plan = { arena_array_of(arena, struct migration, n + 1), 0 };
    for (int kind = 0; kind < MIGRATION_KINDS; kind++)
        for (size_t i = 0; i < n; i++)
            if (strncmp(files[i].name, folders[kind], strlen(folders[kind])) == 0)
                plan.files[plan.n_files++] = (struct migration){ (enum migration_kind)kind, &files[i],
                                                                 checksum_of(arena, &files[i]) };
    return plan;
}

static const struct migration_record *record_of(const char *name, const struct migration_record *records, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(records[i].name, name) == 0)
            return &records[i];
    return NULL;
}

enum migration_state migration_state(const struct migration *migration, const struct migration_record *records,
                                     size_t n_records)
{
    const struct migration_record *record = record_of(migration->file->name, records, n_records);
    if (!record)
        return MIGRATION_PENDING;
    if (strcmp(record->checksum, migration->checksum) == 0)
        return MIGRATION_APPLIED;
    return migration->kind == MIGRATION_STEP ? MIGRATION_CHANGED : MIGRATION_PENDING;
}

const char *migration_unknown(const struct migration_plan *plan, const struct migration_record *records, size_t n)
{
    for (size_t r = 0; r < n; r++) {
        bool is_known = strncmp(records[r].name, folders[MIGRATION_STEP], strlen(folders[MIGRATION_STEP])) != 0;
        for (size_t i = 0; i < plan->n_files && !is_known; i++)
            is_known = strcmp(plan->files[i].file->name, records[r].name) == 0;
        if (!is_known)
            return records[r].name;
    }
    return NULL;
}

struct run {
    struct session *session;
    const struct migration_plan *plan;
    struct text *out;
    struct migration_record *records;
    size_t n_records;
};

static bool fail(struct run *run, const char *doing)
{
    text_printf(run->out, "%s: %s\n", doing, session_why(run->session));
    return false;
}

static bool begin(struct run *run, bool only_check)
{
    if (!session_script(run->session, only_check ? "begin read only" : "begin"))
        return fail(run, "cannot begin");
    if (!session_script(run->session, "set local lock_timeout = '10s'; set local statement_timeout = 0;"
                                      "set local client_min_messages = warning"))
        return fail(run, "cannot set the session");
    if (!only_check && !session_script(run->session, lock_sql))
        return fail(run, "another migration is running");
    if (!only_check && !session_script(run->session, prepare_sql))
        return fail(run, "cannot create schema anze and its table migration");
    return true;
}

static bool read_records(struct run *run)
{
    const struct session_rows *rows;
    if (!session_query(run->session, "select to_regclass('anze.migration') is not null", NULL, 0, &rows))
        return fail(run, "cannot look for anze.migration");
    if (strcmp(session_value(rows, 0, 0), "t") != 0)
        return true;
    if (!session_query(run->session, "select name, checksum from anze.migration order by name", NULL, 0, &rows))
        return fail(run, "cannot read anze.migration");
    run->n_records = session_count(rows);
    run->records = arena_array_of(run->out->arena, struct migration_record, run->n_records + 1);
    for (size_t i = 0; i < run->n_records; i++)
        run->records[i] = (struct migration_record){ session_value(rows, i, 0), session_value(rows, i, 1) };
    return true;
}

/* What was done cannot be done otherwise afterwards; and an older program must not run on a newer database. */
static bool check_history(struct run *run)
{
    bool is_sound = true;
    for (size_t i = 0; i < run->plan->n_files; i++)
        if (migration_state(&run->plan->files[i], run->records, run->n_records) == MIGRATION_CHANGED) {
            text_printf(run->out, "%s was changed after it had been applied: restore it and write a new migration\n",
                        run->plan->files[i].file->name);
            is_sound = false;
        }
    const char *unknown = migration_unknown(run->plan, run->records, run->n_records);
    if (unknown) {
        text_printf(run->out, "the database has %s, which this program does not know: use the newer program\n",
                    unknown);
        is_sound = false;
    }
    return is_sound;
}

static bool apply(struct run *run, const struct migration *migration)
{
    struct arena *arena = run->out->arena;
    const struct embedded_file *file = migration->file;
    if (!session_script(run->session, arena_strndup(arena, file->content.bytes, file->content.length)))
        return fail(run, file->name);
    const char *values[] = { file->name, kind_names[migration->kind], migration->checksum };
    if (!session_query(run->session,
                       "insert into anze.migration (name, kind, checksum) values ($1, $2, $3)"
                       " on conflict (name) do update set checksum = excluded.checksum, applied_at = now()",
                       values, 3, NULL))
        return fail(run, file->name);
    text_printf(run->out, "applied %s\n", file->name);
    return true;
}

static bool apply_pending(struct run *run, bool only_check, size_t *ret_pending)
{
    for (size_t i = 0; i < run->plan->n_files; i++) {
        const struct migration *migration = &run->plan->files[i];
        if (migration_state(migration, run->records, run->n_records) == MIGRATION_APPLIED)
            continue;
        ++*ret_pending;
        if (only_check)
            text_printf(run->out, "pending %s\n", migration->file->name);
        else if (!apply(run, migration))
            return false;
    }
    return true;
}

bool migration_run(struct session *session, const struct migration_plan *plan, bool only_check, struct text *out,
                   size_t *ret_pending)
{
    struct run run = { .session = session, .plan = plan, .out = out };
    *ret_pending = 0;
    bool done = begin(&run, only_check) && read_records(&run) && check_history(&run) &&
                apply_pending(&run, only_check, ret_pending);
    if (done && !only_check && !session_script(session, grant_sql))
        done = fail(&run, "cannot grant");
    if (done && !session_script(session, "commit"))
        done = fail(&run, "cannot commit");
    if (!done && !session_script(session, "rollback"))
        fail(&run, "cannot roll back");
    return done;
}
