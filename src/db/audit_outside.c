/* What the chain itself does not say: entries outside of it, and heads that were noted outside of the database. */
#include "audit_reader.h"
#include "anze/base/bytes.h"
#include "anze/base/literal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Entries that no link or seal has by id, transaction and time, among those behind the first one checked ($1). With the
 * id of a sealed one, but another time or transaction, it is a copy; it is passed over where the sealed one itself was
 * altered into it, which the walk along the chain has told. */
static const char unsealed_sql[] =
    "with sealed as materialized ("
    "     select u.id, u.xid, u.at from audit.chain c"
    "     cross join lateral unnest(c.entry_ids, c.entry_xids, c.entry_times) u(id, xid, at)),"
    " head as (select c.entry_xids[cardinality(c.entry_xids)] as xid, c.entry_ids[cardinality(c.entry_ids)] as id"
    "          from audit.chain c order by c.seq desc limit 1),"
    " first as (select c.entry_xids[1] as xid from audit.chain c where c.seq >= $1 order by c.seq limit 1)"
    " select e.id::text, (s.id is not null)::text,"
    "        (e.id & 68719476735 > (select last_value from audit.entry_id))::text,"
    "        coalesce((e.xid, e.id) < (select xid, id from head), false)::text,"
    "        (e.at > clock_timestamp() - interval '1 minute' and e.at <= clock_timestamp()"
    "         or e.xid >= pg_snapshot_xmin(pg_current_snapshot())"
    "            and e.xid < pg_snapshot_xmax(pg_current_snapshot()))::text"
    " from audit.entry e left join sealed s on s.id = e.id"
    " where (s.id is null or (s.xid, s.at) is distinct from (e.xid, e.at))"
    "   and ($1::bigint = 1 or e.xid >= (select xid from first))"
    "   and (s.id is null"
    "        or exists (select from audit.entry o where o.xid = s.xid and o.id = s.id and o.at = s.at)"
    "        or exists (select from audit.detached_month d where d.month = audit.month_of(s.at)))"
    " order by e.xid, e.id";

enum column { ENTRY, IS_COPY, IS_FOREIGN, IS_BEHIND, MAY_WAIT };

static void take_unsealed(void *context, const PGresult *row)
{
    static const struct {
        enum column column;
        enum audit_fault fault;
        const char *detail;
    } kinds[] = {
        { IS_COPY, AUDIT_COPIED, "its id is sealed with another time or transaction: this entry is a copy" },
        { IS_FOREIGN, AUDIT_FOREIGN_ID, "the sequence has not given this id: the entry was inserted" },
        { IS_BEHIND, AUDIT_INSERTED,
          "this entry is not sealed, though later ones are: it was inserted, or its seal was deleted" },
    };
    struct audit_reader *reader = context;
    struct audit_finding finding = { .fault = AUDIT_UNSEALED, .entry = audit_number(row, 0, ENTRY),
                                     .detail = "not sealed for more than a minute: is a service running?" };
    for (size_t i = ARRAY_LENGTH(kinds); i-- > 0;)
        if (audit_flag(row, (int)kinds[i].column)) {
            finding.fault = kinds[i].fault;
            finding.detail = kinds[i].detail;
        }
    if (finding.fault == AUDIT_UNSEALED && audit_flag(row, MAY_WAIT))
        reader->result->waiting++;
    else
        audit_tell(reader, &finding);
}

bool audit_check_unsealed(struct audit_reader *reader, struct problem *problem)
{
    const char *from = arena_printf(reader->arena, "%lld", (long long)reader->check->from);
    return audit_stream(reader, unsealed_sql, 1, &from, take_unsealed, reader, problem);
}

/* ---- heads that were noted outside ---- */

enum { ANCHORS_AT_ONCE = 1000 };

/* Those among the given heads that the chain does not have. */
static const char anchors_sql[] =
    "select a.seq::text from unnest($1::bigint[], $2::bytea[]) a(seq, digest)"
    " where a.seq > 0 and not exists (select from audit.chain c where c.seq = a.seq and c.digest = a.digest)"
    " order by a.seq";

struct anchors {
    struct audit_reader *reader;
    int64_t first_lost, last_lost, n_lost;
};

static bool compare(struct anchors *anchors, const struct audit_head *heads, size_t n)
{
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    struct text seqs = text_on(arena), digests = text_on(arena);
    for (size_t i = 0; i < n; i++) {
        const char *digest = bytes_hex(arena, heads[i].digest, sizeof heads[i].digest);
        literal_add_word(&seqs, "%lld", (long long)heads[i].seq);
        literal_add(&digests, slice_of(arena_printf(arena, "\\x%s", digest)));
    }
    const char *values[] = { literal_end(&seqs), literal_end(&digests) };
    PGresult *lost = n ? audit_ask(anchors->reader, arena, anchors_sql, 2, values) : NULL;
    if (!n || !lost)
        return !n;
    for (int i = 0; i < PQntuples(lost); i++) {
        int64_t seq = audit_number(lost, i, 0);
        if (!anchors->n_lost || seq < anchors->first_lost)
            anchors->first_lost = seq;
        if (seq > anchors->last_lost)
            anchors->last_lost = seq;
        anchors->n_lost++;
    }
    anchors->reader->result->anchors += (int64_t)n;
    return true;
}

/* The next head of a file of anchors: the last word of each line that has any and no `#` before it. False at its end,
 * or at a line that is none (then ret_bad_line is its number, else 0). */
static bool next_anchor(FILE *file, struct audit_head *ret_head, int64_t *line, int64_t *ret_bad_line)
{
    char text[256];
    *ret_bad_line = 0;
    while (fgets(text, sizeof text, file)) {
        ++*line;
        const char *last = NULL;
        char *rest = text;
        for (char *word; *text != '#' && (word = strtok_r(rest, " \t\r\n", &rest));)
            last = word;
        if (!last)
            continue;
        if (audit_head_parse(last, ret_head))
            return true;
        *ret_bad_line = *line;
        return false;
    }
    return false;
}

/* ret_bad: a line that is no anchor, or 0. False: the database refused. */
static bool compare_file(struct anchors *anchors, FILE *file, int64_t *ret_bad)
{
    struct audit_head *heads = arena_array_of(anchors->reader->arena, struct audit_head, ANCHORS_AT_ONCE);
    size_t n = 0;
    for (int64_t line = 0; next_anchor(file, &heads[n], &line, ret_bad);)
        if (++n == ANCHORS_AT_ONCE) {
            if (!compare(anchors, heads, n))
                return false;
            n = 0;
        }
    return compare(anchors, heads, n);
}

static bool fail_file(struct audit_reader *reader, const char *why, struct problem *problem)
{
    problem->cause = arena_printf(reader->arena, "%s: %s", reader->check->anchor_file, why);
    return problem_raise(reader->arena, problem, PROBLEM_UNAVAILABLE, "无法读取锚点文件",
                         "The file of anchors could not be read");
}

bool audit_check_anchors(struct audit_reader *reader, struct problem *problem)
{
    if (!*reader->check->anchor_file)
        return true;
    FILE *file = fopen(reader->check->anchor_file, "re");
    if (!file)
        return fail_file(reader, strerror(errno), problem);
    struct anchors anchors = { .reader = reader };
    int64_t bad_line;
    bool works = compare_file(&anchors, file, &bad_line);
    fclose(file);
    if (!works)
        return audit_reader_fail(reader, problem);
    if (bad_line)
        return fail_file(reader, arena_printf(reader->arena, "line %lld is no head", (long long)bad_line), problem);
    if (anchors.n_lost)
        audit_tell(reader, &(struct audit_finding){
            .fault = AUDIT_OTHER_HEAD, .seq = anchors.first_lost, .to_seq = anchors.last_lost,
            .detail = "heads that were noted outside are not in the chain: its end was cut off, it was rewritten, or"
                      " an older backup was restored" });
    return true;
}
