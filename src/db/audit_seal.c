/* The sealer: links committed audit entries. What it may do is decided by the functions of schema audit. */
#include "anze/base/clock.h"
#include "anze/base/log.h"
#include "anze/base/metrics.h"
#include "anze/base/text.h"
#include "anze/db/audit.h"

#include <assert.h>
#include <libpq-fe.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

enum {
    BATCH_ENTRIES = 2000,
    ANSWER_US = 30 * 1000000,      /* a statement that takes longer: the connection is given up */
    GRACE_US = 1000000,            /* what a running statement still gets when the sealer is stopped */
    PARTITIONS_US = 3600 * 1000000LL /* coming months are looked after this often */
};

struct audit_sealer {
    struct arena *arena;
    const char *url;
    enum digest_kind kind;
    int interval_ms;
    PGconn *connection;
    int64_t partitions_due_us;
    bool is_away; /* said so in the log already */
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    atomic_bool stopping;
};

static void ignore_notice(void *context, const PGresult *result)
{
    (void)context, (void)result;
}

static bool connect_sealer(struct audit_sealer *sealer)
{
    static const char *const keys[] = { "dbname", "connect_timeout", "tcp_user_timeout", "client_encoding",
                                        "application_name", NULL };
    const char *values[] = { sealer->url, "2", "10000", "UTF8", "anze audit", NULL };
    sealer->connection = PQconnectdbParams(keys, values, 1);
    if (PQstatus(sealer->connection) != CONNECTION_OK)
        return false;
    PQsetNoticeReceiver(sealer->connection, ignore_notice, NULL);
    sealer->partitions_due_us = 0;
    return PQsetnonblocking(sealer->connection, 1) == 0;
}

static void disconnect_sealer(struct audit_sealer *sealer)
{
    PQfinish(sealer->connection);
    sealer->connection = NULL;
}

/* True when PQgetResult will not block; false when the server is gone, silent for too long, or we are stopping. */
static bool wait_for_answer(struct audit_sealer *sealer, int64_t deadline_us)
{
    for (;;) {
        int unsent = PQflush(sealer->connection);
        if (unsent < 0)
            return false;
        if (!unsent && !PQisBusy(sealer->connection))
            return true;
        int64_t now_us = clock_monotonic_us();
        if (atomic_load(&sealer->stopping) && deadline_us > now_us + GRACE_US)
            deadline_us = now_us + GRACE_US;
        if (now_us > deadline_us)
            return false;
        struct pollfd wait = { PQsocket(sealer->connection), (short)(unsent ? POLLIN | POLLOUT : POLLIN), 0 };
        if (poll(&wait, 1, 100) > 0 && !PQconsumeInput(sealer->connection))
            return false;
    }
}

static void clear_result(void *result)
{
    PQclear(result);
}

/* One statement with text parameters and a binary answer, hung on the arena. NULL: it failed, for whatever reason. */
static PGresult *ask(struct audit_sealer *sealer, struct arena *arena, const char *sql, int n,
                     const char *const *values)
{
    PGresult *answer = NULL;
    int64_t deadline_us = clock_monotonic_us() + ANSWER_US;
    if (!PQsendQueryParams(sealer->connection, sql, n, NULL, values, NULL, NULL, 1))
        return NULL;
    for (;;) {
        PGresult *next = wait_for_answer(sealer, deadline_us) ? PQgetResult(sealer->connection) : NULL;
        if (!next)
            break;
        arena_defer(arena, clear_result, next);
        answer = next;
    }
    ExecStatusType status = PQresultStatus(answer);
    bool is_whole = PQtransactionStatus(sealer->connection) != PQTRANS_ACTIVE;
    return is_whole && (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) ? answer : NULL;
}

static int64_t integer_at(const PGresult *result, int row, int column)
{
    assert(PQgetlength(result, row, column) == 8);
    uint64_t value = 0;
    for (int i = 0; i < 8; i++)
        value = value << 8 | (uint8_t)PQgetvalue(result, row, column)[i];
    return (int64_t)value;
}

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
        text_printf(ids, "%c%lld", row ? ',' : '{', (long long)integer_at(pending, row, 0));
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
    return ask(sealer, arena, "select audit.append_links($1, $2, $3, $4, $5)", ARRAY_LENGTH(values), values) != NULL;
}

/* One transaction. ret_sealed 0: nothing was left, or another one is the sealer (ret_leads false). */
static bool seal_batch(struct audit_sealer *sealer, struct arena *arena, bool *ret_leads, int64_t *ret_sealed)
{
    *ret_sealed = 0;
    *ret_leads = false;
    if (!ask(sealer, arena, "begin isolation level read committed", 0, NULL))
        return false;
    PGresult *lead = ask(sealer, arena, "select audit.lead()", 0, NULL);
    if (!lead)
        return false;
    *ret_leads = PQgetvalue(lead, 0, 0)[0] == 1;
    if (*ret_leads) {
        struct audit_head head = { 0 };
        const char *limit = arena_printf(arena, "%d", BATCH_ENTRIES);
        PGresult *end = ask(sealer, arena, "select seq, digest from audit.head()", 0, NULL);
        PGresult *pending = end ? ask(sealer, arena, "select entry_id, canonical from audit.pending($1)", 1, &limit)
                                : NULL;
        if (!pending)
            return false;
        head.seq = integer_at(end, 0, 0);
        memcpy(head.digest, PQgetvalue(end, 0, 1), sizeof head.digest);
        if (PQntuples(pending) && !append(sealer, arena, pending, &head))
            return false;
        *ret_sealed = PQntuples(pending);
    }
    PGresult *commit = ask(sealer, arena, "commit", 0, NULL);
    return commit && strcmp(PQcmdStatus(commit), "COMMIT") == 0;
}

/* Until nothing is left. */
static bool seal_all(struct audit_sealer *sealer, bool *ret_leads, int64_t *ret_sealed)
{
    int64_t sealed = BATCH_ENTRIES;
    *ret_sealed = 0;
    while (sealed == BATCH_ENTRIES && !atomic_load(&sealer->stopping)) {
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
    if (!ask(sealer, arena, "select audit.create_partitions()", 0, NULL))
        log_event(LOG_WARNING_LEVEL, "audit-partitions-failed", NULL);
    sealer->partitions_due_us = now_us + PARTITIONS_US;
}

static void work_once(struct audit_sealer *sealer)
{
    int64_t sealed;
    bool leads, works = sealer->connection || connect_sealer(sealer);
    if (works) {
        look_after_partitions(sealer);
        works = seal_all(sealer, &leads, &sealed);
    }
    if (!works)
        disconnect_sealer(sealer);
    if (works == sealer->is_away && !atomic_load(&sealer->stopping)) {
        log_event(works ? LOG_INFO_LEVEL : LOG_WARNING_LEVEL, works ? "audit-sealer-back" : "audit-sealer-away", NULL);
        sealer->is_away = !works;
    }
}

static void sleep_until_next(struct audit_sealer *sealer)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t ns = until.tv_nsec + sealer->interval_ms * 1000000LL;
    until.tv_sec += ns / 1000000000;
    until.tv_nsec = ns % 1000000000;
    pthread_mutex_lock(&sealer->mutex);
    while (!atomic_load(&sealer->stopping)
           && pthread_cond_timedwait(&sealer->wake, &sealer->mutex, &until) == 0)
        ;
    pthread_mutex_unlock(&sealer->mutex);
}

static void *run_sealer(void *argument)
{
    struct audit_sealer *sealer = argument;
    while (!atomic_load(&sealer->stopping)) {
        work_once(sealer);
        sleep_until_next(sealer);
    }
    disconnect_sealer(sealer);
    return NULL;
}

struct audit_sealer *audit_sealer_start(const char *url, enum digest_kind kind, int interval_ms)
{
    struct arena *arena = arena_new();
    struct audit_sealer *sealer = arena_new_of(arena, struct audit_sealer);
    *sealer = (struct audit_sealer){ .arena = arena, .url = arena_strdup(arena, url), .kind = kind,
                                     .interval_ms = interval_ms };
    pthread_condattr_t clock;
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_mutex_init(&sealer->mutex, NULL);
    pthread_cond_init(&sealer->wake, &clock);
    pthread_condattr_destroy(&clock);
    sigset_t every, before; /* signals are the main thread's */
    sigfillset(&every);
    pthread_sigmask(SIG_SETMASK, &every, &before);
    if (pthread_create(&sealer->thread, NULL, run_sealer, sealer)) {
        log_event(LOG_ERROR_LEVEL, "audit-sealer-thread-failed", NULL);
        abort();
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return sealer;
}

void audit_sealer_stop(struct audit_sealer *sealer)
{
    if (!sealer)
        return;
    pthread_mutex_lock(&sealer->mutex);
    atomic_store(&sealer->stopping, true);
    pthread_cond_signal(&sealer->wake);
    pthread_mutex_unlock(&sealer->mutex);
    pthread_join(sealer->thread, NULL);
    pthread_cond_destroy(&sealer->wake);
    pthread_mutex_destroy(&sealer->mutex);
    arena_free(sealer->arena);
}

bool audit_seal_now(struct arena *arena, const char *url, enum digest_kind kind, int64_t *ret_sealed,
                    struct problem *problem)
{
    struct audit_sealer sealer = { .url = url, .kind = kind };
    bool leads = true, works = connect_sealer(&sealer) && seal_all(&sealer, &leads, ret_sealed);
    const char *cause = arena_strdup(arena, PQerrorMessage(sealer.connection));
    disconnect_sealer(&sealer);
    if (works && leads)
        return true;
    problem->cause = works ? "another sealer is at work" : cause;
    return works ? problem_raise(arena, problem, PROBLEM_STATE_CONFLICT, "另一个进程正在封存审计记录",
                                 "Another process is sealing the audit now")
                 : problem_raise(arena, problem, PROBLEM_UNAVAILABLE, "无法封存审计记录：数据库不可用或拒绝",
                                 "The audit could not be sealed: the database is away or refused");
}
