/* Masked texts: the audit has a keyed digest of each, and the tables must still say what was digested. */
#include "audit_reader.h"
#include "anze/base/bytes.h"

#include <stdlib.h>
#include <string.h>

enum { PAD_BYTES = 64, NAME_DIGITS = 8 };

/* A key as HMAC-SHA-256 uses it, and its short name. */
struct text_key {
    const char *name;
    uint8_t inner[PAD_BYTES], outer[PAD_BYTES];
};

static struct text_key mask_key_of(struct arena *arena, const char *secret)
{
    struct text_key key;
    struct slice bytes = { secret, strlen(secret) };
    uint8_t block[PAD_BYTES] = { 0 }, mark[CRYPTO_DIGEST_BYTES];
    crypto_hmac_sha256(bytes, SLICE("anze audit key"), mark);
    key.name = arena_strndup(arena, bytes_hex(arena, mark, sizeof mark), NAME_DIGITS);
    if (bytes.length > sizeof block)
        crypto_digest(DIGEST_SHA256, &bytes, 1, block);
    else
        memcpy(block, bytes.bytes, bytes.length);
    for (size_t i = 0; i < sizeof block; i++) {
        key.inner[i] = block[i] ^ 0x36;
        key.outer[i] = block[i] ^ 0x5c;
    }
    return key;
}

/* ---- the URL of sessions that write ---- */

static void add_keyword(struct text *out, const char *keyword, const char *value)
{
    text_printf(out, "%s%s='", out->length ? " " : "", keyword);
    for (; *value; value++) {
        if (*value == '\'' || *value == '\\')
            text_add_char(out, '\\');
        text_add_char(out, *value);
    }
    text_add_char(out, '\'');
}

const char *audit_keyed_url(struct arena *arena, const char *url, const char *secret)
{
    char *complaint = NULL;
    PQconninfoOption *options = *secret && *url ? PQconninfoParse(url, &complaint) : NULL;
    PQfreemem(complaint);
    if (!options)
        return url;
    AUTO(arena_free_at_end) struct arena *own_arena = arena_new_secret();
    struct text out = text_on(arena), own = text_on(own_arena);
    struct text_key key = mask_key_of(own_arena, secret);
    for (PQconninfoOption *o = options; o->keyword; o++)
        if (o->val && strcmp(o->keyword, "options") == 0)
            text_printf(&own, "%s ", o->val);
        else if (o->val)
            add_keyword(&out, o->keyword, o->val);
    text_printf(&own, "-c anze.audit_key=%s%s%s", key.name, bytes_hex(own_arena, key.inner, sizeof key.inner),
                bytes_hex(own_arena, key.outer, sizeof key.outer));
    add_keyword(&out, "options", own.bytes);
    PQconninfoFree(options);
    return out.bytes;
}

/* ---- what the tables say ---- */

static const char columns_sql[] =
    "select m.table_name, m.column_name, string_agg(format('(to_jsonb(t) ->> %L)', a.attname), ' || ''/'' || '"
    "                                               order by k.place)"
    " from audit.masked_column m"
    " join pg_index i on i.indrelid = to_regclass(m.table_name) and i.indisprimary"
    " cross join lateral unnest(i.indkey::int2[]) with ordinality k(attnum, place)"
    " join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum"
    " where not m.is_derived"
    "   and exists (select from pg_attribute x where x.attrelid = i.indrelid and x.attname = m.column_name)"
    " group by m.table_name, m.column_name order by m.table_name, m.column_name";

/* The last that the audit says of this column of each row, beside what the row says. %s: key and table. */
static const char texts_sql[] =
    "with told as ("
    "     select distinct on (e.object_id) e.object_id, e.id, e.action,"
    "         case e.action when 'update' then e.change -> $2::text ->> 'new' else e.change ->> $2::text end as digest"
    "     from audit.entry e"
    "     where e.object_type = $1 and (e.action = 'delete' or e.change -> $2::text is not null)"
    "     order by e.object_id, e.at desc, e.id desc)"
    " select told.id::text, told.object_id, told.digest, p.value"
    " from told join (select %s as object_id, (to_jsonb(t) -> $2::text)::text as value from %s t) p using (object_id)"
    " where told.action <> 'delete' and (told.digest is null or starts_with(told.digest, '***' || $3 || ':'))";

enum column { ENTRY, OBJECT, TOLD, VALUE };

struct texts {
    struct audit_reader *reader;
    const struct text_key *key;
    const char *table, *column;
};

static const char *mark_of(const struct texts *texts, struct arena *arena, const char *object, const char *value)
{
    uint8_t within[CRYPTO_DIGEST_BYTES], mark[CRYPTO_DIGEST_BYTES];
    const char *said = arena_printf(arena, "%s\n%s\n%s\n%s", texts->table, object, texts->column, value);
    struct slice inner[] = { { (const char *)texts->key->inner, PAD_BYTES }, { said, strlen(said) } };
    crypto_digest(DIGEST_SHA256, inner, 2, within);
    struct slice outer[] = { { (const char *)texts->key->outer, PAD_BYTES },
                             { (const char *)within, sizeof within } };
    crypto_digest(DIGEST_SHA256, outer, 2, mark);
    return arena_printf(arena, "***%s:%s", texts->key->name, crypto_base64url(arena, mark, sizeof mark));
}

/* The database writes base64 with + / and padding, we without: compared letter by letter. */
static bool is_same_mark(const char *told, const char *mark)
{
    for (; *mark; told++, mark++) {
        char c = *told == '+' ? '-' : *told == '/' ? '_' : *told;
        if (c != *mark)
            return false;
    }
    return strspn(told, "=") == strlen(told);
}

static void take_text(void *context, const PGresult *row)
{
    const struct texts *texts = context;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    const char *value = PQgetvalue(row, 0, VALUE), *object = PQgetvalue(row, 0, OBJECT);
    bool is_null = PQgetisnull(row, 0, VALUE) || strcmp(value, "null") == 0;
    bool holds = PQgetisnull(row, 0, TOLD)
                     ? is_null
                     : !is_null && is_same_mark(PQgetvalue(row, 0, TOLD), mark_of(texts, arena, object, value));
    texts->reader->result->texts++;
    if (!holds)
        audit_tell(texts->reader, &(struct audit_finding){
            .fault = AUDIT_ALTERED_TEXT, .entry = audit_number(row, 0, ENTRY),
            .object = arena_printf(arena, "%s/%s %s", texts->table, object, texts->column),
            .detail = "the text is not the one that the audit has the keyed digest of" });
}

bool audit_check_texts(struct audit_reader *reader, struct problem *problem)
{
    if (!*reader->check->key || reader->check->from != 1)
        return true;
    struct text_key key = mask_key_of(reader->arena, reader->check->key);
    PGresult *columns = audit_ask(reader, reader->arena, columns_sql, 0, NULL);
    if (!columns)
        return audit_reader_fail(reader, problem);
    for (int i = 0; i < PQntuples(columns); i++) {
        struct texts texts = { reader, &key, PQgetvalue(columns, i, 0), PQgetvalue(columns, i, 1) };
        const char *sql = arena_printf(reader->arena, texts_sql, PQgetvalue(columns, i, 2), texts.table);
        const char *values[] = { texts.table, texts.column, key.name };
        if (!audit_stream(reader, sql, 3, values, take_text, &texts, problem))
            return false;
    }
    return true;
}
