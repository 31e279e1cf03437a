#include "anze/work/worker.h"
#include "anze/base/bytes.h"
#include "anze/base/clock.h"
#include "anze/base/log.h"
#include "anze/base/rounds.h"
#include "anze/db/dial.h"
#include "anze/db/result.h"
#include "anze/db/sqlstate.h"

#include <assert.h>
#include <libpq-fe.h>
#include <poll.h>

enum {
    ANSWER_US = 30 * 1000000, /* a statement that takes longer: the connection is given up */
    SILENCE_MS = 10000,
    STEP_US = 500000,         /* how soon a stop is heard while nothing happens */
    GRACE_US = 1000000,       /* what a running statement still gets when the worker is stopped */
    WARNING_BYTES = 160
};

/* What the worker gives up, the server gives up first: its statement ends before ANSWER_US, and a transaction that
 * nobody goes on with soon after, so that no backend is left behind with its locks. */
static const char session_settings[] = "-c statement_timeout=25000 -c idle_in_transaction_session_timeout=30000"
                                       " -c client_connection_check_interval=5000";

struct worker {
    struct arena *arena;
    const char *url, *application;
    struct worker_job job;
    PGconn *connection;
    struct dial_fault fault;     /* why there is none */
    char warning[WARNING_BYTES]; /* that the database gave last, and the log has */
    bool is_away;                /* the log has it */
    struct rounds *rounds;
};

static void worker_say(struct worker *worker, enum log_level level, const char *what, const char *detail)
{
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    const char *event = arena_printf(arena, "%s-%s", worker->job.name, what);
    if (detail)
        log_event_text(level, event, "detail", detail);
    else
        log_event(level, event, NULL);
}

/* What functions of the database warn of is for the operator, once as long as it stays the same. */
static void take_notice(void *context, const PGresult *result)
{
    struct worker *worker = context;
    const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    if (!severity || !message || strcmp(severity, "WARNING")
        || strncmp(worker->warning, message, WARNING_BYTES - 1) == 0)
        return;
    strncpy(worker->warning, message, WARNING_BYTES - 1);
    worker_say(worker, LOG_WARNING_LEVEL, "warning", message);
}

static void disconnect(struct worker *worker)
{
    PQfinish(worker->connection);
    worker->connection = NULL;
}

static bool worker_hears_stop(void *worker)
{
    return worker_is_stopping(worker);
}

static bool listen_to_channel(struct worker *worker)
{
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    return worker_ask(worker, arena, arena_printf(arena, "listen \"%s\"", worker->job.channel), 0, NULL);
}

bool worker_connect(struct worker *worker)
{
    if (worker->connection && PQstatus(worker->connection) == CONNECTION_OK)
        return true;
    disconnect(worker);
    const struct dialing how = { .url = worker->url, .application = worker->application, .settings = session_settings,
                                 .silence_ms = SILENCE_MS, .host_us = DIAL_US, .is_stopping = worker_hears_stop,
                                 .context = worker };
    worker->connection = dial(&how, &worker->fault);
    if (!worker->connection)
        return false;
    PQsetNoticeReceiver(worker->connection, take_notice, worker);
    return PQsetnonblocking(worker->connection, 1) == 0 && (!worker->job.channel || listen_to_channel(worker));
}

bool worker_is_stopping(struct worker *worker)
{
    return rounds_are_stopping(worker->rounds);
}

const char *worker_trouble(struct worker *worker)
{
    return worker->connection ? PQerrorMessage(worker->connection) : worker->fault.text;
}

/* True when PQgetResult will not block; false when the server is gone, silent for too long, or we are stopping. */
static bool wait_for_answer(struct worker *worker, int64_t deadline_us)
{
    for (;;) {
        int unsent = PQflush(worker->connection);
        if (unsent < 0)
            return false;
        if (!unsent && !PQisBusy(worker->connection))
            return true;
        int64_t now_us = clock_monotonic_us();
        if (worker_is_stopping(worker) && deadline_us > now_us + GRACE_US)
            deadline_us = now_us + GRACE_US;
        if (now_us > deadline_us)
            return false;
        struct pollfd wait = { PQsocket(worker->connection), (short)(unsent ? POLLIN | POLLOUT : POLLIN), 0 };
        if (poll(&wait, 1, 100) > 0 && !PQconsumeInput(worker->connection))
            return false;
    }
}

const struct worker_rows *worker_ask(struct worker *worker, struct arena *arena, const char *sql, int n,
                                     const char *const *values)
{
    PGresult *answer = NULL;
    int64_t deadline_us = clock_monotonic_us() + ANSWER_US;
    if (!PQsendQueryParams(worker->connection, sql, n, NULL, values, NULL, NULL, 1))
        return NULL;
    for (;;) {
        PGresult *next = wait_for_answer(worker, deadline_us) ? PQgetResult(worker->connection) : NULL;
        if (!next)
            break;
        answer = result_keep(arena, next);
    }
    ExecStatusType status = PQresultStatus(answer);
    bool is_whole = PQtransactionStatus(worker->connection) != PQTRANS_ACTIVE;
    const char *sqlstate = PQresultErrorField(answer, PG_DIAG_SQLSTATE);
    sqlstate_count(sqlstate ? sqlstate : "");
    bool is_good = is_whole && (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK);
    return is_good ? (const struct worker_rows *)answer : NULL;
}

/* The commit of a transaction that failed says ROLLBACK, and no error. */
bool worker_commit(struct worker *worker)
{
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    const struct worker_rows *rows = worker_ask(worker, arena, "commit", 0, NULL);
    return rows && strcmp(PQcmdStatus((PGresult *)rows), "COMMIT") == 0;
}

int worker_count(const struct worker_rows *rows)
{
    return PQntuples((const PGresult *)rows);
}

struct slice worker_bytes(const struct worker_rows *rows, int row, int column)
{
    const PGresult *result = (const PGresult *)rows;
    return PQgetisnull(result, row, column)
               ? SLICE_NONE
               : (struct slice){ PQgetvalue(result, row, column), (size_t)PQgetlength(result, row, column) };
}

int64_t worker_integer(const struct worker_rows *rows, int row, int column)
{
    struct slice bytes = worker_bytes(rows, row, column);
    assert(bytes.length == 8);
    return (int64_t)bytes_number(bytes.bytes, bytes.length);
}

/* All that were heard so far are one. */
static bool was_notified(struct worker *worker)
{
    bool by_others = false;
    for (PGnotify *notification; (notification = PQnotifies(worker->connection)); PQfreemem(notification))
        by_others |= notification->be_pid != PQbackendPID(worker->connection);
    return by_others;
}

/* Until a notification, or as long as there is between two rounds. A connection that ends meanwhile ends the wait, too:
 * what was notified until there is a new one is found by its first round. */
static void wait_for_notification(struct worker *worker)
{
    int64_t due_us = clock_monotonic_us() + worker->job.interval_ms * INT64_C(1000), left_us;
    struct pollfd wait = { PQsocket(worker->connection), POLLIN, 0 };
    while (!was_notified(worker) && !worker_is_stopping(worker) && (left_us = due_us - clock_monotonic_us()) > 0)
        if (poll(&wait, 1, (int)((left_us < STEP_US ? left_us : STEP_US) + 999) / 1000) > 0
            && !PQconsumeInput(worker->connection)) {
            disconnect(worker);
            return;
        }
}

static bool work_once(void *context)
{
    struct worker *worker = context;
    bool is_connected = worker_connect(worker);
    bool works = is_connected && worker->job.round(worker, worker->job.context);
    if (!works)
        disconnect(worker);
    if (works == worker->is_away && !worker_is_stopping(worker)) {
        worker_say(worker, works ? LOG_INFO_LEVEL : LOG_WARNING_LEVEL, works ? "back" : "away",
                   is_connected ? NULL : worker->fault.text);
        worker->is_away = !works;
    }
    if (works && worker->job.channel)
        wait_for_notification(worker);
    return works;
}

struct worker *worker_new(const char *url, const struct worker_job *job)
{
    struct arena *arena = arena_new();
    struct worker *worker = arena_new_of(arena, struct worker);
    *worker = (struct worker){ .arena = arena, .url = arena_strdup(arena, url), .job = *job,
                               .application = arena_printf(arena, "anze %s", job->name) };
    int64_t interval_us = job->interval_ms * INT64_C(1000);
    worker->rounds = rounds_new(&(struct rounds_job){ work_once, worker, interval_us, job->channel ? 0 : interval_us });
    return worker;
}

void worker_start(struct worker *worker)
{
    rounds_start(worker->rounds);
}

void worker_stop(struct worker *worker)
{
    if (!worker)
        return;
    rounds_stop(worker->rounds);
    disconnect(worker);
    rounds_free(worker->rounds);
    arena_free(worker->arena);
}
