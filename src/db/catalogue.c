#include "anze/db/catalogue.h"

#include <ctype.h>
#include <stdlib.h>

struct entry {
    const char *constraint, *table;
    struct constraint_text text;
};

struct catalogue {
    struct entry *entries; /* by constraint, then table */
    size_t n_entries;
};

static const char sql[] =
    "select k.conname::text, coalesce(c.relname, '')::text, obj_description(k.oid, 'pg_constraint')"
    " from pg_constraint k join pg_namespace n on n.oid = k.connamespace left join pg_class c on c.oid = k.conrelid"
    " where n.nspname in ('anze', 'audit') and obj_description(k.oid, 'pg_constraint') is not null"
    " union all select i.relname::text, t.relname::text, obj_description(i.oid, 'pg_class')"
    " from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class t on t.oid = x.indrelid"
    " join pg_namespace n on n.oid = i.relnamespace"
    " where n.nspname in ('anze', 'audit') and x.indisunique and obj_description(i.oid, 'pg_class') is not null";

static const char *cut_part(char **rest)
{
    char *from = *rest, *bar = from ? strchr(from, '|') : NULL;
    if (!from)
        return NULL;
    char *end = bar ? bar : from + strlen(from);
    *rest = bar ? bar + 1 : NULL;
    while (end > from && isspace((unsigned char)end[-1]))
        end--;
    *end = '\0';
    while (isspace((unsigned char)*from))
        from++;
    return *from ? from : NULL;
}

/* Cuts "中文 | English | /pointer" in place on the arena; what is missing is NULL. */
static struct constraint_text parse_comment(struct arena *arena, const char *comment)
{
    char *rest = arena_strdup(arena, comment);
    struct constraint_text text = { NULL, NULL, NULL };
    text.zh = cut_part(&rest);
    text.en = cut_part(&rest);
    text.pointer = cut_part(&rest);
    return text;
}

static int compare_names(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    int order = strcmp(x->constraint, y->constraint);
    return order ? order : strcmp(x->table, y->table);
}

struct catalogue *catalogue_read(struct arena *arena, struct connection *connection, int64_t deadline_us)
{
    const PGresult *rows = connection_ask(connection, arena, sql, deadline_us);
    if (!rows)
        return NULL;
    struct catalogue *catalogue = arena_new_of(arena, struct catalogue);
    catalogue->n_entries = (size_t)PQntuples(rows);
    catalogue->entries = arena_array_of(arena, struct entry, catalogue->n_entries + 1);
    for (int i = 0; i < PQntuples(rows); i++)
        catalogue->entries[i] = (struct entry){ PQgetvalue(rows, i, 0), PQgetvalue(rows, i, 1),
                                                parse_comment(arena, PQgetvalue(rows, i, 2)) };
    qsort(catalogue->entries, catalogue->n_entries, sizeof(struct entry), compare_names);
    return catalogue;
}

/* A partition has its parent's constraints, but not their comments: then the name alone decides. */
bool catalogue_find(const struct catalogue *catalogue, const char *table, const char *constraint,
                    struct constraint_text *ret_text)
{
    const struct entry *found = NULL;
    for (size_t i = 0; catalogue && i < catalogue->n_entries; i++) {
        const struct entry *entry = &catalogue->entries[i];
        if (strcmp(entry->constraint, constraint) != 0)
            continue;
        if (!found || strcmp(entry->table, table) == 0)
            found = entry;
    }
    if (found)
        *ret_text = found->text;
    return found;
}

static bool is_same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

bool catalogue_equals(const struct catalogue *a, const struct catalogue *b)
{
    if (!a || !b || a->n_entries != b->n_entries)
        return false;
    for (size_t i = 0; i < a->n_entries; i++) {
        const struct entry *x = &a->entries[i], *y = &b->entries[i];
        if (compare_names(x, y) != 0 || !is_same_text(x->text.zh, y->text.zh) ||
            !is_same_text(x->text.en, y->text.en) || !is_same_text(x->text.pointer, y->text.pointer))
            return false;
    }
    return true;
}
