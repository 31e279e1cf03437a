#include "anze/db/run.h"
#include "anze/base/clock.h"
#include "anze/base/metrics.h"
#include "anze/db/lease.h"
#include "anze/db/migration.h"

#include <assert.h>

enum { MAX_TRANSIENT = 3, MAX_COMMANDS = 6 };

/* ---- statements of the house ---- */

enum house { HOUSE_CONTEXT = 1, HOUSE_CLAIM, HOUSE_STORED, HOUSE_CONSTRAINTS, HOUSE_ROLL_BACK, HOUSE_STATEMENTS };
static_assert((int)HOUSE_STATEMENTS <= (int)STATEMENT_FIRST_NUMBER, "numbers of prepared statements overlap");

/* In the order of enum db_context_field. */
static const struct statement_variant context_statement = {
    .number = HOUSE_CONTEXT, .name = "anze/context", .n_slots = DB_CONTEXT_FIELDS,
    .sql = "select set_config('anze.actor', $1, true), set_config('anze.on_behalf_of', $2, true),"
           " set_config('anze.client', $3, true), set_config('anze.unit', $4, true),"
           " set_config('anze.reach', $5, true), set_config('anze.region', $6, true),"
           " set_config('anze.sectors', $7, true), set_config('anze.scopes', $8, true),"
           " set_config('anze.operation', $9, true), set_config('anze.request', $10, true),"
           " set_config('anze.trace', $11, true), set_config('transaction_read_only', $12, true),"
           " pg_advisory_xact_lock_shared(" MIGRATION_GATE ")" };
static_assert(DB_CONTEXT_FIELDS == 12, "context_statement sets each field");

static const struct statement_variant claim_statement = {
    .number = HOUSE_CLAIM, .name = "anze/claim", .n_slots = 2, .sql = "select anze.claim_key($1, $2)" };
static const struct statement_variant stored_statement = {
    .number = HOUSE_STORED, .name = "anze/stored", .n_slots = 1,
    .sql = "select status, etag, location, body from anze.idempotency_key where actor = anze.actor() and key = $1" };
static const struct statement_variant constraints_statement = { /* a dry run has no commit that would look at them */
    .number = HOUSE_CONSTRAINTS, .name = "anze/constraints", .sql = "set constraints all immediate" };
static const struct statement_variant roll_back_statement = {
    .number = HOUSE_ROLL_BACK, .name = "anze/roll_back", .sql = "select anze.roll_back()" };

/* ---- what to send ---- */

struct task {
    struct pool *pool;
    struct arena *arena;
    const struct db_request *request;
    const char *context[DB_CONTEXT_FIELDS];
    const char *key[2];
    struct command commands[MAX_COMMANDS];
    size_t n_commands;
    bool writes;
};

static struct command *add_command(struct task *task, const struct statement_variant *variant,
                                   const char *const *values, bool is_answer)
{
    assert(task->n_commands < MAX_COMMANDS);
    task->commands[task->n_commands] = (struct command){ .variant = variant, .values = values, .is_answer = is_answer };
    return &task->commands[task->n_commands++];
}

static void add_context(struct task *task, const char *read_only)
{
    for (int i = 0; i < DB_CONTEXT_FIELDS; i++)
        task->context[i] = task->request->context[i] ? task->request->context[i] : "";
    if (read_only || !*task->context[DB_READ_ONLY])
        task->context[DB_READ_ONLY] = read_only ? read_only : "off";
    add_command(task, &context_statement, task->context, false);
}

/* One value may be bytes, with zeros among them. */
static void add_bytes(struct task *task, const struct statement_variant *variant, struct command *command)
{
    const struct db_request *request = task->request;
    int *lengths = arena_array_of(task->arena, int, variant->n_slots + 1);
    int *formats = arena_array_of(task->arena, int, variant->n_slots + 1);
    for (size_t i = 0; i < variant->n_slots; i++)
        if (variant->slots[i] == request->bytes_slot) {
            lengths[i] = (int)request->bytes.length;
            formats[i] = 1;
        }
    command->lengths = lengths;
    command->formats = formats;
}

static void add_request_statement(struct task *task, bool keeps_reply)
{
    const struct db_request *request = task->request;
    const struct statement_variant *variant =
        statement_variant(request->statement, task->arena, request->values, keeps_reply);
    const char **values = arena_array_of(task->arena, const char *, variant->n_slots + 1);
    for (size_t i = 0; i < variant->n_slots; i++)
        values[i] = variant->slots[i] == STATEMENT_KEY    ? task->key[0]
                    : variant->slots[i] == STATEMENT_HASH ? task->key[1]
                                                          : request->values[variant->slots[i]];
    struct command *command = add_command(task, variant, values, true);
    command->reply_format = request->binary_reply;
    if (request->bytes.bytes)
        add_bytes(task, variant, command);
}

static struct task plan(struct pool *pool, struct arena *arena, const struct db_request *request)
{
    struct task task = { .pool = pool, .arena = arena, .request = request };
    return task;
}

/* A dry run leaves nothing behind, so its key is neither claimed nor kept. */
static void add_all(struct task *task)
{
    const struct db_request *request = task->request;
    bool keeps_reply = request->key && !request->dry_run;
    add_context(task, NULL);
    task->writes = strcmp(task->context[DB_READ_ONLY], "on") != 0;
    if (keeps_reply) {
        task->key[0] = request->key->key;
        task->key[1] = request->key->hash;
        add_command(task, &claim_statement, task->key, false);
    }
    add_request_statement(task, keeps_reply);
    if (request->dry_run) {
        add_command(task, &constraints_statement, NULL, false);
        add_command(task, &roll_back_statement, NULL, false);
    }
}

/* ---- one trip ---- */

static struct trip travel_with(const struct task *task, struct connection *connection)
{
    int64_t deadline_us =
        clock_monotonic_us() + pool_statement_timeout_ms(task->pool) * INT64_C(1000) + ANSWER_MARGIN_US;
    return connection_travel(connection, task->arena, task->commands, task->n_commands, deadline_us);
}

static bool is_trip_stale(const struct trip *trip)
{
    return trip->end == TRIP_REFUSED && sqlstate_is_stale(error_field(trip->error, PG_DIAG_SQLSTATE));
}

/* Sessions that were there before a migration may fail once for it, each of them: the second try has a new one. */
static bool travel(struct task *task, struct trip *ret_trip, struct problem *problem)
{
    struct connection *connection = pool_take(task->pool, task->arena, problem);
    if (!connection)
        return false;
    *ret_trip = travel_with(task, connection);
    if (is_trip_stale(ret_trip)) {
        metrics_add(METRIC_DATABASE_RETRIES, 1);
        connection = pool_renew(task->pool, connection, task->arena, problem);
        if (!connection)
            return false;
        *ret_trip = travel_with(task, connection);
    }
    if ((ret_trip->end == TRIP_DONE || ret_trip->end == TRIP_REFUSED) && !is_trip_stale(ret_trip))
        pool_give(task->pool, connection);
    else
        pool_drop(task->pool, connection);
    return true;
}

/* ---- judging ---- */

struct tries {
    int transient, lost;
};

static void rest(int attempt)
{
    clock_pause(attempt * 5000 + clock_monotonic_us() % 10000);
}

/* A write is tried again only when the first try left nothing, and a write that was to be undone leaves nothing. */
static bool may_retry(const struct task *task, const struct trip *trip, struct tries *tries)
{
    const char *sqlstate = error_field(trip->error, PG_DIAG_SQLSTATE);
    bool leaves_nothing = !task->writes || task->request->dry_run;
    if (trip->end == TRIP_REFUSED && sqlstate_is_transient(sqlstate)) {
        if (tries->transient == MAX_TRANSIENT)
            return false;
        rest(++tries->transient);
        return true;
    }
    bool is_lost = trip->end == TRIP_VOID || (trip->end == TRIP_UNKNOWN && leaves_nothing);
    return is_lost && tries->lost++ == 0;
}

static bool raise_end(const struct task *task, const struct trip *trip, struct problem *problem)
{
    bool leaves_nothing = !task->writes || task->request->dry_run || trip->end == TRIP_VOID;
    problem->retry_after_s = 1;
    problem->cause = trip->end == TRIP_LATE ? "no answer by the deadline" : "the database connection was lost";
    if (!leaves_nothing)
        return problem_raise(task->arena, problem, PROBLEM_OUTCOME_UNKNOWN, "结果未知，请用同一幂等键重试",
                             "The outcome is unknown: retry with the same Idempotency-Key");
    if (trip->end == TRIP_LATE)
        return problem_raise(task->arena, problem, PROBLEM_TIMEOUT, "处理超时",
                             "The work took too long and was stopped");
    return problem_raise(task->arena, problem, PROBLEM_UNAVAILABLE, "服务暂时不可用，请稍后重试",
                         "The service is not available now: try again later");
}

static bool raise_error(const struct task *task, const PGresult *error, struct problem *problem)
{
    const struct sql_refusal refusal = { .sqlstate = error_field(error, PG_DIAG_SQLSTATE),
                                         .message = error_field(error, PG_DIAG_MESSAGE_PRIMARY),
                                         .table = error_field(error, PG_DIAG_TABLE_NAME),
                                         .column = error_field(error, PG_DIAG_COLUMN_NAME),
                                         .constraint = error_field(error, PG_DIAG_CONSTRAINT_NAME) };
    return sqlstate_raise(task->arena, &refusal, pool_constraint_text, task->pool, problem);
}

static bool is_state(const struct trip *trip, const char *sqlstate)
{
    return trip->end == TRIP_REFUSED && strcmp(error_field(trip->error, PG_DIAG_SQLSTATE), sqlstate) == 0;
}

/* Until it is done, refused or hopeless. */
static bool travel_again(struct task *task, struct trip *ret_trip, struct problem *problem)
{
    struct tries tries = { 0, 0 };
    for (;;) {
        if (!travel(task, ret_trip, problem))
            return false;
        if (ret_trip->end == TRIP_DONE || !may_retry(task, ret_trip, &tries))
            return true;
        metrics_add(METRIC_DATABASE_RETRIES, 1);
    }
}

static bool accept(const struct task *task, const struct trip *trip, struct db_reply *ret_reply,
                   struct problem *problem)
{
    if (PQntuples(trip->answer) > 1) {
        problem->cause = "the statement returned more than one row";
        return problem_raise(task->arena, problem, PROBLEM_INTERNAL, "服务内部错误", "The service failed");
    }
    ret_reply->row = PQntuples(trip->answer) ? (const struct db_row *)trip->answer : NULL;
    return true;
}

static bool fetch_stored(struct pool *pool, struct arena *arena, const struct db_request *request,
                         struct db_reply *ret_reply, struct problem *problem)
{
    struct task task = plan(pool, arena, request);
    struct trip trip;
    add_context(&task, "on");
    task.key[0] = request->key->key;
    add_command(&task, &stored_statement, task.key, true);
    if (!travel_again(&task, &trip, problem))
        return false;
    if (trip.end != TRIP_DONE || !accept(&task, &trip, ret_reply, problem) || !ret_reply->row)
        return trip.end == TRIP_REFUSED ? raise_error(&task, trip.error, problem) : raise_end(&task, &trip, problem);
    ret_reply->replayed = true;
    return true;
}

bool db_run(struct pool *pool, struct arena *arena, const struct db_request *request, struct db_reply *ret_reply,
            struct problem *problem)
{
    struct task task = plan(pool, arena, request);
    struct trip trip;
    *ret_reply = (struct db_reply){ NULL, false };
    add_all(&task);
    if (!travel_again(&task, &trip, problem))
        return false;
    if (trip.end == TRIP_DONE || (request->dry_run && is_state(&trip, "AZ000")))
        return accept(&task, &trip, ret_reply, problem);
    if (request->key && is_state(&trip, "AZ001"))
        return fetch_stored(pool, arena, request, ret_reply, problem);
    return trip.end == TRIP_REFUSED ? raise_error(&task, trip.error, problem) : raise_end(&task, &trip, problem);
}

/* ---- sharing ---- */

struct db_sharing {
    struct task task;
    struct passenger passenger;
    struct trip trip;
    void (*done)(void *context);
    void *context;
};

static void arrive(void *context, const struct trip *trip)
{
    struct db_sharing *sharing = context;
    sharing->trip = *trip;
    sharing->done(sharing->context);
}

struct db_sharing *db_share(struct lanes *lanes, struct pool *pool, struct arena *arena,
                            const struct db_request *request, void (*done)(void *context), void *context)
{
    struct db_sharing *sharing = arena_new_of(arena, struct db_sharing);
    struct task *task = &sharing->task;
    *sharing = (struct db_sharing){ .task = plan(pool, arena, request), .done = done, .context = context };
    add_all(task);
    sharing->passenger = (struct passenger){ arrive, sharing, task->commands[task->n_commands - 1].variant };
    assert(!task->writes && task->commands[task->n_commands - 1].is_answer);
    return lanes_send(lanes, arena, task->commands, task->n_commands, &sharing->passenger) ? sharing : NULL;
}

/* Reads leave nothing: whatever may be asked again is asked by a connection of one's own. */
static bool is_asked_again(const struct db_sharing *sharing)
{
    const struct trip *trip = &sharing->trip;
    return trip->end == TRIP_VOID || is_trip_stale(trip) ||
           (trip->end == TRIP_REFUSED && sqlstate_is_transient(error_field(trip->error, PG_DIAG_SQLSTATE)));
}

enum db_shared db_take_shared(const struct db_sharing *sharing, struct db_reply *ret_reply, struct problem *problem)
{
    const struct task *task = &sharing->task;
    const struct trip *trip = &sharing->trip;
    *ret_reply = (struct db_reply){ NULL, false };
    if (is_asked_again(sharing))
        return DB_ELSEWHERE;
    if (trip->end == TRIP_DONE)
        return accept(task, trip, ret_reply, problem) ? DB_SHARED : DB_FAILED;
    (void)(trip->end == TRIP_REFUSED ? raise_error(task, trip->error, problem) : raise_end(task, trip, problem));
    return DB_FAILED;
}

struct slice db_column(const struct db_row *row, const char *name)
{
    const PGresult *result = (const PGresult *)row;
    for (int i = 0; row && i < PQnfields(result); i++)
        if (strcmp(PQfname(result, i), name) == 0)
            return PQgetisnull(result, 0, i) ? SLICE_NONE
                                             : (struct slice){ PQgetvalue(result, 0, i),
                                                               (size_t)PQgetlength(result, 0, i) };
    return SLICE_NONE;
}
