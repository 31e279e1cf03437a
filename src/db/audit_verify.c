/* Walks along the audit chain and computes it again from its tables alone. */
#include "anze/base/clock.h"
#include "audit_reader.h"

#include <string.h>

/* One row per entry of each link or seal, in order. Entries are looked up by id, transaction and time, and if that
 * finds none by id alone, so that an altered time is told from a missing entry. Integers come as text, digests as
 * bytes. */
static const char chain_sql[] =
    "select c.seq::text, c.digest_kind, c.previous, c.digest,"
    "       (extract(epoch from c.sealed_at) * 1000000)::bigint::text, u.id::text,"
    "       case when u.place = 1 then c.leaves end,"
    "       (e.xid = u.xid and e.at = u.at)::text,"
    "       case when e.xid = u.xid and e.at = u.at then false"
    "            else exists (select from audit.detached_month d where d.month = audit.month_of(u.at)) end::text,"
    "       e.id::text, e.xid::text, (extract(epoch from e.at) * 1000000)::bigint::text, e.actor, e.on_behalf_of,"
    "       e.client, e.operation, e.request, e.trace, e.object_type, e.object_id, e.action, e.change::text"
    " from audit.chain c"
    " cross join lateral unnest(c.entry_ids, c.entry_xids, c.entry_times) with ordinality u(id, xid, at, place)"
    " left join lateral ("
    "     select * from audit.entry x where x.xid = u.xid and x.id = u.id and x.at = u.at"
    "     union all"
    "     select * from audit.entry x where x.id = u.id and not (x.xid = u.xid and x.at = u.at)"
    "     limit 1) e on true"
    " where c.seq >= $1 order by c.seq, u.place";

enum column { SEQ, KIND, PREVIOUS, DIGEST, MOMENT, ENTRY, LEAVES, IS_SAME, IS_DETACHED, FIRST_FIELD };

struct walk {
    struct audit_reader *reader;
    struct arena *arena;      /* of the present step */
    struct audit_step step;   /* seq 0: none is open */
    struct slice leaves;      /* of a seal; those of the entries to come */
    int64_t link_entry;       /* of a link, its entry; 0: a seal */
    bool is_link_unproven;    /* its entry is gone */
    bool is_link_time_altered;
    struct audit_head before; /* the step before the present one, as stored */
    bool knows_before;        /* its digest is known (not after a gap) */
    bool doubts_before;       /* it was found at fault */
};

static void tell_of_chain(struct walk *walk, enum audit_fault fault, int64_t entry, const char *detail)
{
    audit_tell(walk->reader, &(struct audit_finding){ .fault = fault, .seq = walk->step.seq, .to_seq = walk->step.seq,
                                                      .entry = entry, .detail = detail });
}

/* A step proves itself when its digest holds after its own `previous`; that in turn must be the digest of the step
 * before. Which of the two fails tells what was done. True: nothing. */
static bool judge_step(struct walk *walk, bool fits, struct slice before)
{
    const struct audit_step *step = &walk->step;
    if (audit_step_holds(step, step->previous)) {
        if (walk->is_link_time_altered)
            tell_of_chain(walk, AUDIT_ALTERED, walk->link_entry, "the link's time of the entry was altered");
        else if (!fits && !walk->doubts_before)
            tell_of_chain(walk, AUDIT_REORDERED, walk->link_entry, "this was not made after the one before it");
        return !walk->is_link_time_altered && (fits || walk->doubts_before);
    }
    if (fits)
        tell_of_chain(walk, AUDIT_ALTERED, walk->link_entry,
                      !walk->link_entry            ? "the seal is not what was made"
                      : walk->is_link_time_altered ? "the time of the entry is not what was sealed"
                                                   : "the entry or its link is not what was sealed");
    else if (audit_step_holds(step, before))
        tell_of_chain(walk, AUDIT_ALTERED, walk->link_entry, "its previous digest was altered");
    else
        tell_of_chain(walk, AUDIT_REORDERED, walk->link_entry, "this is not in its place, or was altered as a whole");
    return false;
}

static void end_chain_step(struct walk *walk)
{
    const struct audit_step *step = &walk->step;
    if (!step->seq)
        return;
    struct slice before = { (const char *)walk->before.digest, CRYPTO_DIGEST_BYTES };
    bool fits = !walk->knows_before
                || (step->previous.length == before.length
                    && memcmp(step->previous.bytes, before.bytes, before.length) == 0);
    if (!walk->is_link_unproven)
        walk->doubts_before = !judge_step(walk, fits, before);
    else if (!fits && !walk->doubts_before)
        tell_of_chain(walk, AUDIT_REORDERED, walk->link_entry, "this was not made after the one before it");
    walk->before.seq = step->seq;
    walk->knows_before = step->digest.length == CRYPTO_DIGEST_BYTES;
    if (walk->knows_before)
        memcpy(walk->before.digest, step->digest.bytes, CRYPTO_DIGEST_BYTES);
    walk->step.seq = 0;
}

static struct slice kept(struct arena *arena, struct slice bytes)
{
    return (struct slice){ arena_strndup(arena, bytes.bytes ? bytes.bytes : "", bytes.length), bytes.length };
}

static void begin_step(struct walk *walk, const PGresult *row)
{
    struct audit_reader *reader = walk->reader;
    int64_t seq = audit_number(row, 0, SEQ);
    if (seq != walk->before.seq + 1) {
        audit_tell(reader, &(struct audit_finding){ .fault = AUDIT_MISSING_LINK, .seq = walk->before.seq + 1,
                                                    .to_seq = seq - 1, .detail = "nothing has these numbers" });
        walk->knows_before = false;
    }
    arena_free(walk->arena);
    walk->arena = arena_new();
    walk->step = (struct audit_step){ .seq = seq, .kind = arena_strdup(walk->arena, PQgetvalue(row, 0, KIND)),
                                      .previous = kept(walk->arena, audit_bytes(row, PREVIOUS)),
                                      .digest = kept(walk->arena, audit_bytes(row, DIGEST)),
                                      .body = text_on(walk->arena) };
    walk->link_entry = PQgetisnull(row, 0, LEAVES) ? audit_number(row, 0, ENTRY) : 0;
    walk->is_link_unproven = walk->is_link_time_altered = false;
    if (!walk->link_entry) {
        walk->leaves = kept(walk->arena, audit_bytes(row, LEAVES));
        audit_add_number(&walk->step.body, (uint64_t)audit_number(row, 0, MOMENT), 8);
        text_add(&walk->step.body, walk->leaves.bytes, walk->leaves.length);
    }
    reader->seq = seq;
}

static struct audit_fields fields_of(const PGresult *row)
{
    struct audit_fields fields;
    for (int i = 0; i < AUDIT_FIELDS; i++)
        fields.values[i] = audit_bytes(row, FIRST_FIELD + i);
    return fields;
}

/* A link digests the entry itself. */
static void take_linked(struct walk *walk, const PGresult *row, bool is_there)
{
    struct audit_fields fields = fields_of(row);
    walk->is_link_unproven = !is_there;
    if (!is_there)
        return;
    walk->is_link_time_altered = !audit_flag(row, IS_SAME);
    audit_add_canonical(&walk->step.body, &fields);
}

static void take_sealed(struct walk *walk, const PGresult *row, bool is_there)
{
    uint8_t leaf[CRYPTO_DIGEST_BYTES];
    struct audit_fields fields = fields_of(row);
    struct slice stored = { walk->leaves.bytes, walk->leaves.length < sizeof leaf ? 0 : sizeof leaf };
    walk->leaves = (struct slice){ stored.bytes + stored.length, walk->leaves.length - stored.length };
    if (!is_there)
        return;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    bool holds = stored.length == sizeof leaf && audit_leaf(walk->step.kind, arena, &fields, leaf)
                 && memcmp(leaf, stored.bytes, sizeof leaf) == 0;
    if (!audit_flag(row, IS_SAME))
        tell_of_chain(walk, AUDIT_ALTERED, audit_number(row, 0, ENTRY),
                      holds ? "the seal's time or transaction of the entry was altered"
                            : "the time or transaction of the entry is not what was sealed");
    else if (!holds)
        tell_of_chain(walk, AUDIT_ALTERED, audit_number(row, 0, ENTRY), "the entry is not what was sealed");
}

static void take_chain_entry(void *context, const PGresult *row)
{
    struct walk *walk = context;
    struct audit_result *result = walk->reader->result;
    if (audit_number(row, 0, SEQ) != walk->step.seq) {
        end_chain_step(walk);
        begin_step(walk, row);
    }
    bool is_detached = audit_flag(row, IS_DETACHED);
    bool is_there = !PQgetisnull(row, 0, FIRST_FIELD) && (audit_flag(row, IS_SAME) || !is_detached);
    if (!is_there && is_detached)
        result->exported++;
    else if (!is_there)
        tell_of_chain(walk, AUDIT_MISSING_ENTRY, audit_number(row, 0, ENTRY), "the entry that was sealed here is gone");
    else
        result->checked++;
    if (walk->link_entry)
        take_linked(walk, row, is_there);
    else
        take_sealed(walk, row, is_there);
}

/* What stands before the first step to check: zeros before the first of all, else the digest of the one before. */
static bool check_chain(struct audit_reader *reader, struct problem *problem)
{
    const char *from = arena_printf(reader->arena, "%lld", (long long)reader->check->from);
    const char *before = arena_printf(reader->arena, "%lld", (long long)reader->check->from - 1);
    struct walk walk = { .reader = reader, .arena = arena_new() };
    if (!audit_read_head(reader, before, &walk.before))
        return audit_reader_fail(reader, problem);
    walk.knows_before = reader->check->from == 1 || walk.before.seq != 0;
    walk.before.seq = reader->check->from - 1;
    bool works = audit_stream(reader, chain_sql, 1, &from, take_chain_entry, &walk, problem);
    end_chain_step(&walk);
    arena_free(walk.arena);
    return works;
}

static bool check_expected(struct audit_reader *reader, struct problem *problem)
{
    const struct audit_head *expected = reader->check->expected;
    struct audit_head found = { 0 };
    if (!expected)
        return true;
    const char *seq = arena_printf(reader->arena, "%lld", (long long)expected->seq);
    if (!audit_read_head(reader, seq, &found))
        return audit_reader_fail(reader, problem);
    if (found.seq != expected->seq || memcmp(found.digest, expected->digest, sizeof found.digest) != 0)
        audit_tell(reader, &(struct audit_finding){
            .fault = AUDIT_OTHER_HEAD, .seq = expected->seq, .to_seq = expected->seq,
            .detail = "the chain does not contain the expected head: its end was cut off, or it was rewritten" });
    return true;
}

bool audit_verify(struct arena *arena, const struct audit_check *check, struct audit_result *ret_result,
                  struct problem *problem)
{
    *ret_result = (struct audit_result){ 0 };
    struct audit_reader reader = { .arena = arena, .check = check, .result = ret_result,
                                   .told_us = clock_monotonic_us() };
    if (!audit_reader_open(&reader, check->url, problem))
        return false;
    if (!audit_read_head(&reader, NULL, &ret_result->head))
        return audit_reader_fail(&reader, problem);
    reader.last_seq = ret_result->head.seq;
    return check_chain(&reader, problem) && audit_check_unsealed(&reader, problem)
           && check_expected(&reader, problem) && audit_check_anchors(&reader, problem)
           && audit_check_texts(&reader, problem);
}
