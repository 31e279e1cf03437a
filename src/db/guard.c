#include "anze/db/guard.h"

/* Rights that go around row-level security, one column per fault, in the order of `faults`. */
static const char login_sql[] =
    "select r.rolsuper, r.rolbypassrls, exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace"
    " where n.nspname in ('anze', 'audit') and pg_has_role(r.oid, c.relowner, 'MEMBER')),"
    " m.oid is null,"
    " o.oid is null,"
    " not (has_schema_privilege(m.relnamespace, 'usage') and has_table_privilege(m.oid, 'select')"
    " and has_table_privilege(o.oid, 'select'))"
    " from pg_roles r left join (pg_class m join pg_namespace s on s.oid = m.relnamespace and s.nspname = 'anze')"
    " on m.relname = 'migration'"
    " left join pg_class o on o.relnamespace = m.relnamespace and o.relname = 'migration_object'"
    " where r.rolname = current_user";

static const char *const faults[] = {
    "the service's login is a superuser: use anze_service",
    "the service's login bypasses row-level security: use anze_service",
    "the service's login owns tables of the schemas anze or audit (or belongs to their owner): use anze_service",
    "the database has no schema yet: run `anze migrate`",
    "the database has the schema of an older program: run `anze migrate`",
    "the service's login may not read anze.migration and anze.migration_object: use anze_service",
};

static const char *column_text(const PGresult *rows, int row, int column)
{
    return PQgetisnull(rows, row, column) ? NULL : PQgetvalue(rows, row, column);
}

/* The program waits for what its statements need, not for what comes after the functions: that may take hours. */
static bool is_lacking(const struct migration *migration, const struct migration_record *records, size_t n)
{
    enum migration_state state = migration_state(migration, records, n);
    return state == MIGRATION_CHANGED || (state == MIGRATION_PENDING && migration->header.place != STEP_AFTER);
}

static bool check_schema(struct arena *arena, struct connection *connection, const struct migration_plan *plan,
                         int64_t deadline_us, const char **ret_refusal)
{
    const PGresult *rows = connection_ask(connection, arena, migration_records_sql, deadline_us);
    if (!rows)
        return false;
    size_t n = (size_t)PQntuples(rows);
    struct migration_record *records = arena_array_of(arena, struct migration_record, n + 1);
    for (int i = 0; i < (int)n; i++)
        records[i] = (struct migration_record){ column_text(rows, i, 0), column_text(rows, i, 1) };
    const char *unknown = migration_unknown(plan, records, n);
    if (unknown)
        *ret_refusal = arena_printf(arena, "the database is newer than this program (it has %s): use the newer program",
                                    unknown);
    for (size_t i = 0; i < plan->n_files && !*ret_refusal; i++)
        if (is_lacking(&plan->files[i], records, n))
            *ret_refusal = arena_printf(arena, "the database lacks %s of this program: run `anze migrate`",
                                        plan->files[i].file->name);
    return true;
}

bool guard_check(struct arena *arena, struct connection *connection, const struct migration_plan *plan,
                 int64_t deadline_us, const char **ret_refusal)
{
    const PGresult *row = connection_ask(connection, arena, login_sql, deadline_us);
    *ret_refusal = NULL;
    if (!row || PQntuples(row) != 1)
        return false;
    for (int i = 0; i < (int)ARRAY_LENGTH(faults); i++)
        if (*PQgetvalue(row, 0, i) == 't') {
            *ret_refusal = faults[i];
            return true;
        }
    return check_schema(arena, connection, plan, deadline_us, ret_refusal);
}
