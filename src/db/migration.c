#include "anze/db/migration.h"
#include "anze/base/bytes.h"
#include "anze/base/crypto.h"
#include "anze/db/script.h"

static const char *const folders[MIGRATION_KINDS] = { "migrations/", "functions/", "data/" };
static const char queries[] = "queries/";
static const char adopted_name[] = "bookkeeping/adopted.sql";

const char migration_records_sql[] =
    "select name, checksum from anze.migration where kind = 'migration'"
    " union all select null, o.digest from anze.migration_object o where o.makes is null or o.makes in ("
    " select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace"
    " where n.nspname in ('anze', 'audit')"
    " union all select format('trigger %s on %s', t.tgname, t.tgrelid::regclass) from pg_trigger t"
    " where not t.tgisinternal and t.tgparentid = 0)";

enum { OBJECT_DIGEST_LENGTH = 32, MAX_HEADER_LINES = 4 };

static const char *digest_of(struct arena *arena, const struct slice *parts, size_t n)
{
    uint8_t digest[CRYPTO_DIGEST_BYTES];
    crypto_digest(DIGEST_SHA256, parts, n, digest);
    return bytes_hex(arena, digest, sizeof digest);
}

static const char *object_digest(struct arena *arena, const struct slice *parts, size_t n)
{
    return arena_strndup(arena, digest_of(arena, parts, n), OBJECT_DIGEST_LENGTH);
}

/* ---- headers of steps ---- */

static const struct header_word {
    const char *word;
    enum step_place place;
    enum step_way way;
    bool has_table;
} header_words[] = {
    { "with-functions", STEP_WITH, STEP_WHOLE, false },
    { "after-functions", STEP_AFTER, STEP_WHOLE, false },
    { "no-transaction", STEP_BEFORE, STEP_PIECEWISE, false },
    { "backfill", STEP_BEFORE, STEP_BACKFILL, true },
};

static const struct header_word *header_word_of(struct slice line, struct slice *ret_table)
{
    struct slice words[3];
    size_t n = script_words(line, words, 3);
    for (size_t i = 0; i < ARRAY_LENGTH(header_words); i++)
        if (n == 1u + header_words[i].has_table && slice_equals(words[0], header_words[i].word)) {
            *ret_table = header_words[i].has_table ? words[1] : SLICE_NONE;
            return &header_words[i];
        }
    return NULL;
}

static bool asks_for_rows(struct slice statement)
{
    return memmem(statement.bytes, statement.length, "$1", 2);
}

static const char *fault_of_step(const struct step_header *header, const struct script *script)
{
    if (!script->is_whole)
        return "a string or comment has no end";
    if (header->place == STEP_WITH && header->way != STEP_WHOLE)
        return "what is in one transaction with the functions can be neither backfill nor no-transaction";
    if (header->way == STEP_BACKFILL && (script->n_statements != 1 || !asks_for_rows(script->statements[0])))
        return "a backfill is one statement, for $1 rows at most";
    return NULL;
}

const char *step_header_read(struct arena *arena, struct slice sql, struct step_header *ret_header)
{
    struct slice lines[MAX_HEADER_LINES], table;
    bool is_misplaced;
    size_t n = script_header(sql, lines, MAX_HEADER_LINES, &is_misplaced);
    const struct script script = script_cut(arena, sql);
    *ret_header = (struct step_header){ STEP_BEFORE, STEP_WHOLE, NULL };
    if (is_misplaced)
        return "`-- anze:` stands at the head of a file only, and not that often";
    for (size_t i = 0; i < n; i++) {
        const struct header_word *word = header_word_of(lines[i], &table);
        bool is_twice = word && ((word->place && ret_header->place) || (word->way && ret_header->way));
        if (!word || is_twice)
            return arena_printf(arena, "`-- anze: %.*s` is not understood%s", (int)lines[i].length, lines[i].bytes,
                                is_twice ? " beside the one before it" : "");
        ret_header->place = word->place ? word->place : ret_header->place;
        ret_header->way = word->way ? word->way : ret_header->way;
        ret_header->table = table.bytes ? arena_strndup(arena, table.bytes, table.length) : ret_header->table;
    }
    return fault_of_step(ret_header, &script);
}

/* ---- the plan ---- */

/* `create or replace function NAME (`: NAME. */
static const char *routine_of(struct arena *arena, struct slice statement)
{
    struct slice w[5];
    bool is_routine = script_words(statement, w, 5) == 5 && script_word_is(w[0], "create") &&
                      script_word_is(w[2], "replace") &&
                      (script_word_is(w[3], "function") || script_word_is(w[3], "procedure"));
    return is_routine ? arena_strndup(arena, w[4].bytes, w[4].length) : NULL;
}

/* `create or replace [constraint] trigger NAME … on TABLE`. */
static const char *trigger_of(struct arena *arena, struct slice statement)
{
    struct slice w[40];
    size_t n = script_words(statement, w, ARRAY_LENGTH(w)), i = 3;
    if (n < 6 || !script_word_is(w[0], "create") || !script_word_is(w[2], "replace"))
        return NULL;
    i += script_word_is(w[i], "constraint");
    if (!script_word_is(w[i], "trigger"))
        return NULL;
    struct slice name = w[i + 1];
    for (i += 2; i + 1 < n; i++)
        if (script_word_is(w[i], "on"))
            return arena_printf(arena, "trigger %.*s on %.*s", (int)name.length, name.bytes, (int)w[i + 1].length,
                                w[i + 1].bytes);
    return NULL;
}

static bool is_setting(struct slice statement)
{
    struct slice words[2];
    return script_words(statement, words, 2) == 2 && script_word_is(words[0], "set") &&
           script_word_is(words[1], "local");
}

static const char *cut_functions(struct arena *arena, struct migration *file)
{
    const struct script script = script_cut(arena, file->file->content);
    if (!script.is_whole)
        return "a string or comment has no end";
    file->objects = arena_array_of(arena, struct migration_object, script.n_statements + 1);
    for (size_t i = 0; i < script.n_statements; i++) {
        struct slice text = script.statements[i];
        const char *digest = is_setting(text) ? NULL : object_digest(arena, &text, 1);
        file->objects[file->n_objects++] =
            (struct migration_object){ text, digest, routine_of(arena, text), trigger_of(arena, text) };
    }
    return NULL;
}

/* Statements of data build on each other: an update behind an upsert. */
static const char *take_data(struct arena *arena, struct migration *file)
{
    file->objects = arena_new_of(arena, struct migration_object);
    file->objects->text = file->file->content;
    file->objects->digest = object_digest(arena, &file->file->content, 1);
    file->n_objects = 1;
    return NULL;
}

static const char *take_migration_step(struct arena *arena, struct migration *file)
{
    file->checksum = digest_of(arena, &file->file->content, 1);
    return step_header_read(arena, file->file->content, &file->header);
}

static const char *(*const takers[MIGRATION_KINDS])(struct arena *, struct migration *) = { take_migration_step,
                                                                                            cut_functions, take_data };

static const struct migration_object *maker_of(const struct migration_plan *plan, struct slice name)
{
    for (size_t i = 0; i < plan->n_files; i++)
        for (size_t k = 0; k < plan->files[i].n_objects; k++) {
            const char *routine = plan->files[i].objects[k].routine;
            if (routine && slice_equals(name, routine))
                return &plan->files[i].objects[k];
        }
    return NULL;
}

/* `select NAME(…)` is done again when the function does something else than before. */
static void mix_in_callee(struct arena *arena, const struct migration_plan *plan, struct migration_object *object)
{
    struct slice words[3];
    if (!object->digest || script_words(object->text, words, 3) < 3 || !script_word_is(words[0], "select") ||
        !slice_equals(words[2], "("))
        return;
    const struct migration_object *maker = maker_of(plan, words[1]);
    if (maker)
        object->digest = object_digest(arena, (struct slice[]){ object->text, maker->text }, 2);
}

static void add_file(struct arena *arena, struct migration_plan *plan, enum migration_kind kind,
                     const struct embedded_file *file)
{
    struct migration *added = &plan->files[plan->n_files++];
    *added = (struct migration){ .kind = kind, .file = file };
    const char *fault = takers[kind](arena, added);
    if (fault && !plan->fault)
        plan->fault = arena_printf(arena, "%s: %s", file->name, fault);
}

static const char *text_of_queries(struct arena *arena, const struct embedded_file *files, size_t n)
{
    struct text all = text_on(arena);
    for (size_t i = 0; i < n; i++)
        if (strncmp(files[i].name, queries, strlen(queries)) == 0)
            text_add(&all, files[i].content.bytes, files[i].content.length);
    return arena_strndup(arena, text_slice(&all).bytes, text_slice(&all).length);
}

struct migration_plan migration_plan(struct arena *arena, const struct embedded_file *files, size_t n)
{
    struct migration_plan plan = { .files = arena_array_of(arena, struct migration, n + 1) };
    for (int kind = 0; kind < MIGRATION_KINDS; kind++)
        for (size_t i = 0; i < n; i++)
            if (strncmp(files[i].name, folders[kind], strlen(folders[kind])) == 0)
                add_file(arena, &plan, (enum migration_kind)kind, &files[i]);
    for (size_t i = 0; i < plan.n_files; i++)
        for (size_t k = 0; plan.files[i].kind == MIGRATION_FUNCTION && k < plan.files[i].n_objects; k++)
            mix_in_callee(arena, &plan, &plan.files[i].objects[k]);
    const struct embedded_file *adopted = embedded_find(files, n, adopted_name);
    if (adopted)
        plan.adopted = arena_strndup(arena, adopted->content.bytes, adopted->content.length);
    plan.queries = text_of_queries(arena, files, n);
    return plan;
}

/* ---- against what the database has ---- */

bool migration_has_object(const char *digest, const struct migration_record *records, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!records[i].name && strcmp(records[i].checksum, digest) == 0)
            return true;
    return false;
}

size_t migration_pending_objects(const struct migration *migration, const struct migration_record *records, size_t n)
{
    size_t pending = 0;
    for (size_t i = 0; i < migration->n_objects; i++)
        pending += migration->objects[i].digest && !migration_has_object(migration->objects[i].digest, records, n);
    return pending;
}

static enum migration_state state_of_step(const struct migration *step, const struct migration_record *records,
                                          size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (records[i].name && strcmp(records[i].name, step->file->name) == 0)
            return strcmp(records[i].checksum, step->checksum) == 0 ? MIGRATION_APPLIED : MIGRATION_CHANGED;
    return MIGRATION_PENDING;
}

enum migration_state migration_state(const struct migration *migration, const struct migration_record *records,
                                     size_t n_records)
{
    if (migration->kind == MIGRATION_STEP)
        return state_of_step(migration, records, n_records);
    return migration_pending_objects(migration, records, n_records) ? MIGRATION_PENDING : MIGRATION_APPLIED;
}

const char *migration_unknown(const struct migration_plan *plan, const struct migration_record *records, size_t n)
{
    for (size_t r = 0; r < n; r++) {
        bool is_known = !records[r].name;
        for (size_t i = 0; i < plan->n_files && !is_known; i++)
            is_known = strcmp(plan->files[i].file->name, records[r].name) == 0;
        if (!is_known)
            return records[r].name;
    }
    return NULL;
}
