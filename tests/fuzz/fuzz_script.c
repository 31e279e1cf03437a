/* Files of SQL: statements stand in the file in order, nothing but blanks, comments and semicolons stands between them,
 * and each cut again is itself. */
#include "anze/db/migration.h"
#include "anze/db/script.h"

#include <stdint.h>
#include <stdlib.h>

static void check_between(struct arena *arena, const char *from, const char *to)
{
    if (from > to || script_cut(arena, (struct slice){ from, (size_t)(to - from) }).n_statements)
        abort();
}

static void check(struct arena *arena, struct slice sql, const struct script *script)
{
    const char *at = sql.bytes;
    for (size_t i = 0; i < script->n_statements; i++) {
        struct slice statement = script->statements[i];
        struct script again = script_cut(arena, statement);
        if (!statement.length || again.n_statements != 1 || again.statements[0].length != statement.length)
            abort();
        check_between(arena, at, statement.bytes);
        at = statement.bytes + statement.length;
    }
    check_between(arena, at, sql.bytes + sql.length);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    struct slice sql = { (const char *)data, size };
    struct script script = script_cut(arena, sql);
    struct step_header header;
    const struct embedded_file file = { "functions/a.sql", sql, "" };
    check(arena, sql, &script);
    const char *fault = step_header_read(arena, sql, &header);
    if (!fault && !script.is_whole)
        abort();
    (void)migration_plan(arena, &file, 1);
    arena_free(arena);
    return 0;
}
