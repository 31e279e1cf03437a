/* The sealer: links committed audit entries. What it may do is decided by the functions of schema audit. */
#include "anze/base/clock.h"
#include "anze/base/log.h"
#include "anze/base/metrics.h"
#include "anze/base/text.h"
#include "anze/db/audit.h"
#include "anze/db/worker.h"

#include <stdlib.h>

enum {
    BATCH_ENTRIES = 2000,
    PARTITIONS_US = 3600 * 1000000LL /* coming months are looked after this often */
};

struct audit_sealer {
    struct worker *worker;
    enum digest_kind kind;
    int64_t partitions_due_us;
};

/* The digests of the entries in `pending`, chained after `head`, as an array literal; the ids as another. */
static void chain(enum digest_kind kind, const PGresult *pending, struct audit_head head, struct text *ids,
                  struct text *digests)
{
    for (int row = 0; row < PQntuples(pending); row++) {
        uint8_t number[8];
        head.seq++;
        for (int i = 0; i < 8; i++)
            number[i] = (uint8_t)((uint64_t)head.seq >> (56 - 8 * i));
        struct slice parts[] = {
            { (const char *)head.digest, sizeof head.digest },
            { (const char *)number, sizeof number },
            { PQgetvalue(pending, row, 1), (size_t)PQgetlength(pending, row, 1) },
        };
        uint8_t digest[CRYPTO_DIGEST_BYTES];
        crypto_digest(kind, parts, ARRAY_LENGTH(parts), digest);
        memcpy(head.digest, digest, sizeof digest);
        text_printf(ids, "%c%lld", row ? ',' : '{', (long long)worker_integer(pending, row, 0));
        text_add_string(digests, row ? ",\"\\\\x" : "{\"\\\\x");
        text_add_string(digests, crypto_hex(digests->arena, digest, sizeof digest));
        text_add_char(digests, '"');
    }
    text_add_char(ids, '}');
    text_add_char(digests, '}');
}

static bool append(struct audit_sealer *sealer, struct arena *arena, const PGresult *pending,
                   const struct audit_head *head)
{
    struct text ids = text_on(arena), digests = text_on(arena);
    chain(sealer->kind, pending, *head, &ids, &digests);
    const char *values[] = {
        arena_printf(arena, "%lld", (long long)head->seq),
        arena_printf(arena, "\\x%s", crypto_hex(arena, head->digest, sizeof head->digest)),
        digest_kind_name(sealer->kind), ids.bytes, digests.bytes,
    };
    return worker_ask(sealer->worker, arena, "select audit.append_links($1, $2, $3, $4, $5)", ARRAY_LENGTH(values),
                      values) != NULL;
}

/* One transaction. ret_sealed 0: nothing was left, or another one is the sealer (ret_leads false). */
static bool seal_batch(struct audit_sealer *sealer, struct arena *arena, bool *ret_leads, int64_t *ret_sealed)
{
    *ret_sealed = 0;
    *ret_leads = false;
    if (!worker_ask(sealer->worker, arena, "begin isolation level read committed", 0, NULL))
        return false;
    PGresult *lead = worker_ask(sealer->worker, arena, "select audit.lead()", 0, NULL);
    if (!lead)
        return false;
    *ret_leads = PQgetvalue(lead, 0, 0)[0] == 1;
    if (*ret_leads) {
        struct audit_head head = { 0 };
        const char *limit = arena_printf(arena, "%d", BATCH_ENTRIES);
        PGresult *end = worker_ask(sealer->worker, arena, "select seq, digest from audit.head()", 0, NULL);
        PGresult *pending = end ? worker_ask(sealer->worker, arena,
                                             "select entry_id, canonical from audit.pending($1)", 1, &limit)
                                : NULL;
        if (!pending)
            return false;
        head.seq = worker_integer(end, 0, 0);
        memcpy(head.digest, PQgetvalue(end, 0, 1), sizeof head.digest);
        if (PQntuples(pending) && !append(sealer, arena, pending, &head))
            return false;
        *ret_sealed = PQntuples(pending);
    }
    PGresult *commit = worker_ask(sealer->worker, arena, "commit", 0, NULL);
    return commit && strcmp(PQcmdStatus(commit), "COMMIT") == 0;
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

static bool seal(struct worker *worker, void *context)
{
    struct audit_sealer *sealer = context;
    int64_t sealed;
    bool leads;
    (void)worker;
    look_after_partitions(sealer);
    if (seal_all(sealer, &leads, &sealed))
        return true;
    sealer->partitions_due_us = 0; /* the next connection may be to a database that was restored */
    return false;
}

static struct audit_sealer *new_sealer(const char *url, enum digest_kind kind, int interval_ms)
{
    struct audit_sealer *sealer = calloc(1, sizeof *sealer);
    if (!sealer)
        abort();
    const struct worker_job job = { .name = "audit-sealer", .round = seal, .context = sealer,
                                    .interval_ms = interval_ms };
    *sealer = (struct audit_sealer){ .worker = worker_new(url, &job), .kind = kind };
    return sealer;
}

struct audit_sealer *audit_sealer_start(const char *url, enum digest_kind kind, int interval_ms)
{
    struct audit_sealer *sealer = new_sealer(url, kind, interval_ms);
    worker_start(sealer->worker);
    return sealer;
}

void audit_sealer_stop(struct audit_sealer *sealer)
{
    if (!sealer)
        return;
    worker_stop(sealer->worker);
    free(sealer);
}

bool audit_seal_now(struct arena *arena, const char *url, enum digest_kind kind, int64_t *ret_sealed,
                    struct problem *problem)
{
    struct audit_sealer *sealer = new_sealer(url, kind, 0);
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
