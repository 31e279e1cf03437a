#include "anze/work/sealer.h"
#include "anchor.h"
#include "anze/base/bytes.h"
#include "anze/base/clock.h"
#include "anze/base/literal.h"
#include "anze/base/log.h"
#include "anze/base/metrics.h"
#include "anze/base/text.h"
#include "anze/work/worker.h"

#include <stdlib.h>

/* What the sealer may do is decided by the functions of schema audit. */
enum {
    BATCH_ENTRIES = 2000,
    PARTITIONS_US = 3600 * 1000000LL /* coming months are looked after this often */
};

struct audit_sealer {
    struct worker *worker;
    enum digest_kind kind;
    struct audit_anchor anchor;
    int64_t partitions_due_us;
};

/* What a seal of the entries in `pending` at `moment` is, after `head`, which it moves on. */
static void make_seal(enum digest_kind kind, const struct worker_rows *pending, int64_t moment, struct audit_head *head,
                      struct text *ids, struct text *leaves)
{
    uint8_t place[16];
    for (int row = 0; row < worker_count(pending); row++) {
        uint8_t leaf[CRYPTO_DIGEST_BYTES];
        struct slice canonical = worker_bytes(pending, row, 1);
        crypto_digest(kind, &canonical, 1, leaf);
        text_add(leaves, (const char *)leaf, sizeof leaf);
        literal_add_word(ids, "%lld", (long long)worker_integer(pending, row, 0));
    }
    head->seq++;
    bytes_of_number(place, (uint64_t)head->seq, 8);
    bytes_of_number(place + 8, (uint64_t)moment, 8);
    struct slice parts[] = { { (const char *)head->digest, sizeof head->digest }, { (const char *)place, sizeof place },
                             text_slice(leaves) };
    uint8_t digest[CRYPTO_DIGEST_BYTES];
    crypto_digest(kind, parts, ARRAY_LENGTH(parts), digest);
    memcpy(head->digest, digest, sizeof digest);
}

static bool append(struct audit_sealer *sealer, struct arena *arena, const struct worker_rows *pending, int64_t moment,
                   struct audit_head *head)
{
    struct text ids = text_on(arena), leaves = text_on(arena);
    const struct audit_head before = *head;
    make_seal(sealer->kind, pending, moment, head, &ids, &leaves);
    const char *values[] = {
        arena_printf(arena, "%lld", (long long)before.seq),
        arena_printf(arena, "\\x%s", bytes_hex(arena, before.digest, sizeof before.digest)),
        arena_printf(arena, "%lld", (long long)moment),
        digest_kind_name(sealer->kind),
        literal_end(&ids),
        arena_printf(arena, "\\x%s", bytes_hex(arena, leaves.bytes, leaves.length)),
        arena_printf(arena, "\\x%s", bytes_hex(arena, head->digest, sizeof head->digest)),
    };
    return worker_ask(sealer->worker, arena, "select audit.append_seal($1, $2, $3, $4, $5, $6, $7)",
                      ARRAY_LENGTH(values), values) != NULL;
}

/* ret_head: the end of the chain afterwards. */
static bool seal_pending(struct audit_sealer *sealer, struct arena *arena, struct audit_head *ret_head,
                         int64_t *ret_sealed)
{
    static const char end_sql[] =
        "select seq, digest, (extract(epoch from clock_timestamp()) * 1000000)::bigint from audit.head()";
    const char *limit = arena_printf(arena, "%d", BATCH_ENTRIES);
    const struct worker_rows *end = worker_ask(sealer->worker, arena, end_sql, 0, NULL);
    const struct worker_rows *pending =
        end ? worker_ask(sealer->worker, arena, "select entry_id, canonical from audit.pending($1)", 1, &limit) : NULL;
    if (!pending)
        return false;
    ret_head->seq = worker_integer(end, 0, 0);
    memcpy(ret_head->digest, worker_bytes(end, 0, 1).bytes, sizeof ret_head->digest);
    *ret_sealed = worker_count(pending);
    return !*ret_sealed || append(sealer, arena, pending, worker_integer(end, 0, 2), ret_head);
}

/* One transaction. ret_sealed 0: nothing was left, or another one is the sealer (ret_leads false). */
static bool seal_batch(struct audit_sealer *sealer, struct arena *arena, bool *ret_leads, int64_t *ret_sealed)
{
    *ret_sealed = 0;
    *ret_leads = false;
    if (!worker_ask(sealer->worker, arena, "begin isolation level read committed", 0, NULL))
        return false;
    const struct worker_rows *lead = worker_ask(sealer->worker, arena, "select audit.lead()", 0, NULL);
    if (!lead)
        return false;
    struct audit_head head = { 0 };
    *ret_leads = worker_bytes(lead, 0, 0).bytes[0] == 1;
    if (*ret_leads && !seal_pending(sealer, arena, &head, ret_sealed))
        return false;
    if (!worker_commit(sealer->worker))
        return false;
    if (*ret_sealed)
        audit_anchor_keep(&sealer->anchor, &head);
    return true;
}

/* Until nothing is left. */
static bool seal_all(struct audit_sealer *sealer, bool *ret_leads, int64_t *ret_sealed)
{
    int64_t sealed = BATCH_ENTRIES;
    *ret_sealed = 0;
    while (sealed == BATCH_ENTRIES && !worker_is_stopping(sealer->worker)) {
        AUTO(arena_free_at_end) struct arena *arena = arena_new();
        if (!seal_batch(sealer, arena, ret_leads, &sealed))
            return false;
        *ret_sealed += sealed;
        metrics_add(METRIC_AUDIT_SEALED, sealed);
    }
    return true;
}

/* A failure here (a lock that others held) waits for the next hour: rows of a month without partition have a home. */
static void look_after_partitions(struct audit_sealer *sealer)
{
    int64_t now_us = clock_monotonic_us();
    if (now_us < sealer->partitions_due_us)
        return;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    if (!worker_ask(sealer->worker, arena, "select audit.create_partitions()", 0, NULL))
        log_event(LOG_WARNING_LEVEL, "audit-partitions-failed", NULL);
    sealer->partitions_due_us = now_us + PARTITIONS_US;
}

static bool seal_round(struct worker *worker, void *context)
{
    struct audit_sealer *sealer = context;
    int64_t sealed;
    bool leads;
    (void)worker;
    look_after_partitions(sealer);
    bool works = seal_all(sealer, &leads, &sealed);
    audit_anchor_tell(&sealer->anchor, false);
    if (works)
        return true;
    sealer->partitions_due_us = 0; /* the next connection may be to a database that was restored */
    return false;
}

static struct audit_sealer *new_sealer(const struct audit_sealing *sealing)
{
    struct audit_sealer *sealer = calloc(1, sizeof *sealer);
    if (!sealer)
        abort();
    const struct worker_job job = {
        .name = "audit-sealer", .round = seal_round, .context = sealer, .interval_ms = sealing->interval_ms
    };
    *sealer = (struct audit_sealer){ .worker = worker_new(sealing->url, &job), .kind = sealing->kind,
                                     .anchor = { .file = sealing->anchor_file, .every_s = sealing->anchor_s } };
    return sealer;
}

struct audit_sealer *audit_sealer_start(const struct audit_sealing *sealing)
{
    struct audit_sealer *sealer = new_sealer(sealing);
    worker_start(sealer->worker);
    return sealer;
}

void audit_sealer_stop(struct audit_sealer *sealer)
{
    if (!sealer)
        return;
    worker_stop(sealer->worker);
    audit_anchor_tell(&sealer->anchor, true);
    free(sealer);
}

bool audit_seal_now(struct arena *arena, const struct audit_sealing *sealing, int64_t *ret_sealed,
                    struct problem *problem)
{
    struct audit_sealer *sealer = new_sealer(sealing);
    bool leads = true, works = worker_connect(sealer->worker) && seal_all(sealer, &leads, ret_sealed);
    const char *cause = arena_strdup(arena, worker_trouble(sealer->worker));
    audit_sealer_stop(sealer);
    if (works && leads)
        return true;
    problem->cause = works ? "another sealer is at work" : cause;
    return works ? problem_raise(arena, problem, PROBLEM_STATE_CONFLICT, "另一个进程正在封存审计记录",
                                 "Another process is sealing the audit now")
                 : problem_raise(arena, problem, PROBLEM_UNAVAILABLE, "无法封存审计记录：数据库不可用或拒绝",
                                 "The audit could not be sealed: the database is away or refused");
}
