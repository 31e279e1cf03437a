/* Checks the audit chain from its tables alone: it shares neither SQL nor canonical form with the sealer, so that a
 * fault in the one is seen by the other. */
#include "anze/base/clock.h"
#include "anze/base/text.h"
#include "anze/db/audit.h"

#include <libpq-fe.h>
#include <stdlib.h>

/* One row per link, in order. Entries are looked up by their full key, and if that finds none without the time, so
 * that an altered time is told from a missing entry. Integers come as text, digests as bytes. */
static const char chain_sql[] =
    "select l.seq::text, l.entry_id::text, l.digest_kind, l.previous, l.digest,"
    "       (e.at = l.entry_at)::text,"
    "       e.id::text, e.xid::text, (extract(epoch from e.at) * 1000000)::bigint::text, e.actor, e.on_behalf_of,"
    "       e.client, e.operation, e.request, e.trace, e.object_type, e.object_id, e.action, e.change::text"
    " from audit.link l left join lateral ("
    "     select * from audit.entry x where x.xid = l.entry_xid and x.id = l.entry_id and x.at = l.entry_at"
    "     union all"
    "     select * from audit.entry x where x.xid = l.entry_xid and x.id = l.entry_id and x.at <> l.entry_at"
    "     limit 1) e on true"
    " where l.seq >= $1 order by l.seq";

enum column { SEQ, ENTRY, KIND, PREVIOUS, DIGEST, SAME_TIME, FIRST_FIELD, END_FIELD = FIRST_FIELD + 13 };

/* What has no link: behind the first of the checked links ($1). `inserted` when later entries are linked. */
static const char unlinked_sql[] =
    "with head as (select entry_xid, entry_id from audit.link order by seq desc limit 1),"
    " first as (select entry_xid from audit.link where seq >= $1 order by seq limit 1)"
    " select e.id::text,"
    "        coalesce((e.xid, e.id) < (select entry_xid, entry_id from head), false)::text,"
    "        (e.at > clock_timestamp() - interval '1 minute'"
    "         or e.xid >= pg_snapshot_xmin(pg_current_snapshot())"
    "            and e.xid < pg_snapshot_xmax(pg_current_snapshot()))::text"
    " from audit.entry e"
    " where ($1::bigint = 1 or e.xid >= (select entry_xid from first))"
    "   and not exists (select from audit.link l where l.entry_id = e.id)"
    " order by e.xid, e.id";

struct verification {
    struct arena *arena;
    const struct audit_check *check;
    struct audit_result *result;
    PGconn *connection;
    int64_t last_seq;           /* of the chain, for the progress */
    int64_t told_us;            /* when progress was told last */
    struct audit_head before;   /* the link before the present one, as stored */
    bool knows_before;          /* its digest is known (not after a gap) */
    bool doubts_before;         /* it was found at fault */
};

static const char *const fault_names[AUDIT_FAULTS] = {
    [AUDIT_ALTERED] = "altered",     [AUDIT_MISSING_ENTRY] = "missing-entry", [AUDIT_MISSING_LINK] = "missing-link",
    [AUDIT_REORDERED] = "reordered", [AUDIT_INSERTED] = "inserted",           [AUDIT_UNSEALED] = "unsealed",
    [AUDIT_OTHER_HEAD] = "other-head",
};

const char *audit_fault_name(enum audit_fault fault)
{
    return fault_names[fault];
}

const char *audit_head_text(struct arena *arena, const struct audit_head *head)
{
    return arena_printf(arena, "%lld:%s", (long long)head->seq, crypto_hex(arena, head->digest, sizeof head->digest));
}

static int hex_value(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c ? strchr(digits, c | 0x20) : NULL;
    return at ? (int)(at - digits) : -1;
}

bool audit_head_parse(const char *text, struct audit_head *ret_head)
{
    const char *colon = strchr(text, ':');
    size_t n_digits = colon ? (size_t)(colon - text) : 0;
    if (n_digits < 1 || n_digits > 18 || strspn(text, "0123456789") != n_digits
        || strlen(colon + 1) != 2 * CRYPTO_DIGEST_BYTES)
        return false;
    ret_head->seq = strtoll(text, NULL, 10);
    for (size_t i = 0; i < CRYPTO_DIGEST_BYTES; i++) {
        int high = hex_value(colon[1 + 2 * i]), low = hex_value(colon[2 + 2 * i]);
        if (high < 0 || low < 0)
            return false;
        ret_head->digest[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static void tell(struct verification *work, enum audit_fault fault, int64_t seq, int64_t to_seq, int64_t entry,
                 const char *detail)
{
    struct audit_finding finding = { fault, seq, to_seq, entry, detail };
    work->result->findings++;
    work->check->found(work->check->context, &finding);
}

static int64_t number_at(const PGresult *row, int column)
{
    return strtoll(PQgetvalue(row, 0, column), NULL, 10);
}

static void put_number(uint8_t *bytes, size_t width, uint64_t value)
{
    for (size_t i = 0; i < width; i++)
        bytes[i] = (uint8_t)(value >> 8 * (width - 1 - i));
}

/* The digest that this link should have after `previous`. False: it names a digest that does not exist. */
static bool recompute(const PGresult *row, const uint8_t *previous, uint8_t out[CRYPTO_DIGEST_BYTES])
{
    enum { FIELDS = END_FIELD - FIRST_FIELD };
    enum digest_kind kind;
    uint8_t seq[8], lengths[FIELDS][4];
    struct slice parts[2 + 2 * FIELDS] = { { (const char *)previous, CRYPTO_DIGEST_BYTES },
                                           { (const char *)seq, sizeof seq } };
    if (!digest_kind_from_name(PQgetvalue(row, 0, KIND), &kind))
        return false;
    put_number(seq, sizeof seq, (uint64_t)number_at(row, SEQ));
    for (int i = 0; i < FIELDS; i++) {
        int column = FIRST_FIELD + i;
        bool is_null = PQgetisnull(row, 0, column);
        size_t length = is_null ? 0 : (size_t)PQgetlength(row, 0, column);
        put_number(lengths[i], 4, is_null ? UINT32_MAX : length);
        parts[2 + 2 * i] = (struct slice){ (const char *)lengths[i], 4 };
        parts[3 + 2 * i] = (struct slice){ PQgetvalue(row, 0, column), length };
    }
    crypto_digest(kind, parts, ARRAY_LENGTH(parts), out);
    return true;
}

static bool digest_holds(const PGresult *row, const uint8_t *previous)
{
    uint8_t digest[CRYPTO_DIGEST_BYTES];
    return PQgetlength(row, 0, DIGEST) == CRYPTO_DIGEST_BYTES && recompute(row, previous, digest)
           && memcmp(digest, PQgetvalue(row, 0, DIGEST), sizeof digest) == 0;
}

/* A link and its entry prove each other when the digest holds after the link's own `previous`; that in turn must be
 * the digest of the link before. Which of the two fails tells what was done. True: nothing. */
static bool judge_link(struct verification *work, const PGresult *row, bool fits)
{
    int64_t seq = number_at(row, SEQ), entry = number_at(row, ENTRY);
    const uint8_t *own_previous = (const uint8_t *)PQgetvalue(row, 0, PREVIOUS);
    if (PQgetisnull(row, 0, FIRST_FIELD)) {
        tell(work, AUDIT_MISSING_ENTRY, seq, seq, entry, "the entry that this link sealed is gone");
        return false;
    }
    bool has_previous = PQgetlength(row, 0, PREVIOUS) == CRYPTO_DIGEST_BYTES;
    if (has_previous && digest_holds(row, own_previous)) {
        if (strcmp(PQgetvalue(row, 0, SAME_TIME), "true") != 0) {
            tell(work, AUDIT_ALTERED, seq, seq, entry, "the link's time of the entry was altered");
            return false;
        }
        if (!fits && !work->doubts_before) {
            tell(work, AUDIT_REORDERED, seq, seq, entry, "this link was not made after the one before it");
            return false;
        }
        return true;
    }
    if (fits)
        tell(work, AUDIT_ALTERED, seq, seq, entry,
             strcmp(PQgetvalue(row, 0, SAME_TIME), "true") == 0 ? "the entry or its link is not what was sealed"
                                                                : "the time of the entry is not what was sealed");
    else if (digest_holds(row, work->before.digest))
        tell(work, AUDIT_ALTERED, seq, seq, entry, "the link's previous digest was altered");
    else
        tell(work, AUDIT_REORDERED, seq, seq, entry, "this link is not in its place, or was altered as a whole");
    return false;
}

static void check_link(struct verification *work, const PGresult *row)
{
    int64_t seq = number_at(row, SEQ);
    if (seq != work->before.seq + 1) {
        tell(work, AUDIT_MISSING_LINK, work->before.seq + 1, seq - 1, 0, "no such links");
        work->knows_before = false;
    }
    bool fits = !work->knows_before
                || (PQgetlength(row, 0, PREVIOUS) == CRYPTO_DIGEST_BYTES
                    && memcmp(work->before.digest, PQgetvalue(row, 0, PREVIOUS), CRYPTO_DIGEST_BYTES) == 0);
    work->doubts_before = !judge_link(work, row, fits);
    work->result->checked++;
    work->before.seq = seq;
    work->knows_before = PQgetlength(row, 0, DIGEST) == CRYPTO_DIGEST_BYTES;
    if (work->knows_before)
        memcpy(work->before.digest, PQgetvalue(row, 0, DIGEST), CRYPTO_DIGEST_BYTES);
}

static void check_unlinked(struct verification *work, const PGresult *row)
{
    bool is_behind = strcmp(PQgetvalue(row, 0, 1), "true") == 0;
    bool may_wait = strcmp(PQgetvalue(row, 0, 2), "true") == 0;
    if (is_behind)
        tell(work, AUDIT_INSERTED, 0, 0, number_at(row, 0),
             "no link seals this entry, though later ones are sealed: it was inserted, or its link was deleted");
    else if (may_wait)
        work->result->waiting++;
    else
        tell(work, AUDIT_UNSEALED, 0, 0, number_at(row, 0), "not sealed for more than a minute: is a service running?");
}

static void tell_progress(struct verification *work)
{
    int64_t now_us = clock_monotonic_us();
    if (!work->check->progress || now_us - work->told_us < 1000000)
        return;
    work->told_us = now_us;
    work->check->progress(work->check->context, work->result->checked, work->before.seq, work->last_seq);
}

static bool fail(struct verification *work, struct problem *problem)
{
    problem->cause = arena_strdup(work->arena, PQerrorMessage(work->connection));
    return problem_raise(work->arena, problem, PROBLEM_UNAVAILABLE, "无法读取审计记录：数据库不可用或拒绝",
                         "The audit could not be read: the database is away or refused");
}

/* Rows one by one, so that memory stays the same however long the chain is. */
static bool stream(struct verification *work, const char *sql,
                   void (*take)(struct verification *work, const PGresult *row), struct problem *problem)
{
    const char *from = arena_printf(work->arena, "%lld", (long long)work->check->from);
    bool works = PQsendQueryParams(work->connection, sql, 1, NULL, &from, NULL, NULL, 1)
                 && PQsetSingleRowMode(work->connection);
    PGresult *row;
    while ((row = PQgetResult(work->connection))) {
        if (PQresultStatus(row) == PGRES_SINGLE_TUPLE) {
            take(work, row);
            tell_progress(work);
        } else if (PQresultStatus(row) != PGRES_TUPLES_OK) {
            works = false;
        }
        PQclear(row);
    }
    return works || fail(work, problem);
}

static void clear_result(void *result)
{
    PQclear(result);
}

/* A short answer in binary form, hung on the arena; NULL if it failed. */
static PGresult *ask(struct verification *work, const char *sql, const char *value)
{
    PGresult *answer = PQexecParams(work->connection, sql, value ? 1 : 0, NULL, &value, NULL, NULL, 1);
    ExecStatusType status = PQresultStatus(answer);
    arena_defer(work->arena, clear_result, answer);
    return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK ? answer : NULL;
}

static bool read_head(struct verification *work, const char *at_seq, struct audit_head *ret_head)
{
    PGresult *answer = ask(work,
                           at_seq ? "select seq::text, digest from audit.link where seq = $1"
                                  : "select seq::text, digest from audit.link l order by l.seq desc limit 1",
                           at_seq);
    *ret_head = (struct audit_head){ 0 };
    if (!answer || !PQntuples(answer) || PQgetlength(answer, 0, 1) != CRYPTO_DIGEST_BYTES)
        return answer != NULL;
    ret_head->seq = number_at(answer, 0);
    memcpy(ret_head->digest, PQgetvalue(answer, 0, 1), CRYPTO_DIGEST_BYTES);
    return true;
}

static void finish_connection(void *connection)
{
    PQfinish(connection);
}

static void ignore_notice(void *context, const PGresult *result)
{
    (void)context, (void)result;
}

static bool open_snapshot(struct verification *work, const char *url, struct problem *problem)
{
    static const char *const keys[] = { "dbname", "connect_timeout", "client_encoding", "application_name", NULL };
    const char *values[] = { url, "5", "UTF8", "anze audit", NULL };
    work->connection = PQconnectdbParams(keys, values, 1);
    arena_defer(work->arena, finish_connection, work->connection);
    PQsetNoticeReceiver(work->connection, ignore_notice, NULL);
    return (PQstatus(work->connection) == CONNECTION_OK
            && ask(work, "begin isolation level repeatable read read only", NULL)
            && ask(work, "set local statement_timeout = 0", NULL)
            && ask(work, "set local search_path = pg_catalog", NULL))
           || fail(work, problem);
}

bool audit_head_read(struct arena *arena, const char *url, struct audit_head *ret_head, struct problem *problem)
{
    struct verification work = { .arena = arena };
    return open_snapshot(&work, url, problem) && (read_head(&work, NULL, ret_head) || fail(&work, problem));
}

/* What stands before the first link to check: zeros before the first of all, else the digest of the one before. */
static bool begin(struct verification *work, struct problem *problem)
{
    const char *before = arena_printf(work->arena, "%lld", (long long)work->check->from - 1);
    if (!read_head(work, NULL, &work->result->head) || !read_head(work, before, &work->before))
        return fail(work, problem);
    work->last_seq = work->result->head.seq;
    work->knows_before = work->check->from == 1 || work->before.seq != 0;
    work->before.seq = work->check->from - 1;
    return true;
}

/* The head that was noted outside must still be a link of the chain; an empty chain's head always is. */
static bool check_expected(struct verification *work, struct problem *problem)
{
    const struct audit_head *expected = work->check->expected;
    struct audit_head found = { 0 };
    if (!expected)
        return true;
    const char *seq = arena_printf(work->arena, "%lld", (long long)expected->seq);
    if (!read_head(work, seq, &found))
        return fail(work, problem);
    if (found.seq != expected->seq || memcmp(found.digest, expected->digest, sizeof found.digest) != 0)
        tell(work, AUDIT_OTHER_HEAD, expected->seq, expected->seq, 0,
             "the chain does not contain the expected head: its tail was cut off, or it was rewritten");
    return true;
}

bool audit_verify(struct arena *arena, const struct audit_check *check, struct audit_result *ret_result,
                  struct problem *problem)
{
    *ret_result = (struct audit_result){ 0 };
    struct verification work = { .arena = arena, .check = check, .result = ret_result,
                                 .told_us = clock_monotonic_us() };
    return open_snapshot(&work, check->url, problem) && begin(&work, problem)
           && stream(&work, chain_sql, check_link, problem)
           && stream(&work, unlinked_sql, check_unlinked, problem)
           && check_expected(&work, problem);
}
