#include "anze/db/connection.h"
#include "anze/base/clock.h"
#include "anze/db/result.h"
#include "journey.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

/* More would be plans that are hardly used again: the server then forgets them all. */
enum { MAX_PREPARED = 512 };

struct connection {
    PGconn *pg;
    int64_t opened_us;
    bool in_doubt;        /* the server warned that a commit is not on the standby */
    uint8_t *prepared;    /* a bit per statement number */
    size_t prepared_bytes;
    size_t n_prepared;
};

/* The default would print to standard error, values and all. A wait for the standby that was broken off means that
 * the commit stands here and perhaps nowhere else: its warning (01000 or 57P01) is known by the function that gives it,
 * since its text is translated and `raise warning` has 01000 too. 57P02 is the warning of a crash. */
static void receive_notice(void *context, const PGresult *notice)
{
    struct connection *connection = context;
    const char *sqlstate = error_field(notice, PG_DIAG_SQLSTATE);
    const char *severity = error_field(notice, PG_DIAG_SEVERITY_NONLOCALIZED);
    bool is_standby = strcmp(error_field(notice, PG_DIAG_SOURCE_FUNCTION), "SyncRepWaitForLSN") == 0;
    if (strcmp(severity, "WARNING") == 0 && (is_standby || strncmp(sqlstate, "57P", 3) == 0))
        connection->in_doubt = true;
}

const char *error_field(const PGresult *error, int field)
{
    const char *text = PQresultErrorField(error, field);
    return text ? text : "";
}

/* ---- opening and closing ---- */

void connection_close(struct connection *connection)
{
    if (!connection)
        return;
    PQfinish(connection->pg);
    free(connection->prepared);
    free(connection);
}

static char *session_settings(int statement_timeout_ms)
{
    char *text = NULL;
    if (asprintf(&text,
                 "-c statement_timeout=%d -c lock_timeout=1000 -c idle_in_transaction_session_timeout=10000 "
                 "-c search_path=pg_catalog -c TimeZone=UTC -c DateStyle=ISO -c IntervalStyle=iso_8601 "
                 "-c extra_float_digits=1 -c standard_conforming_strings=on -c default_transaction_isolation=read\\ "
                 /* Kept plans guess how much is there: a list is read in its order, never gathered and sorted. */
                 "committed -c plan_cache_mode=force_generic_plan -c enable_bitmapscan=off",
                 statement_timeout_ms) < 0)
        abort();
    return text;
}

struct connection *connection_open(const char *url, int statement_timeout_ms, struct dial_fault *ret_fault)
{
    int64_t begun_us = clock_monotonic_us();
    char *settings = session_settings(statement_timeout_ms);
    const struct dialing how = { .url = url, .application = "anze", .settings = settings, .silence_ms = 5000,
                                 .host_us = DIAL_US };
    PGconn *pg = dial(&how, ret_fault);
    free(settings);
    if (!pg)
        return NULL;
    struct connection *connection = calloc(1, sizeof *connection);
    if (!connection)
        abort();
    connection->pg = pg;
    connection->opened_us = begun_us;
    PQsetNoticeReceiver(pg, receive_notice, connection);
    if (PQsetnonblocking(pg, 1) == 0 && PQenterPipelineMode(pg))
        return connection;
    *ret_fault = (struct dial_fault){ "", "lost as soon as it was opened" };
    connection_close(connection);
    return NULL;
}

int64_t connection_opened_us(const struct connection *connection)
{
    return connection->opened_us;
}

bool connection_is_quiet(struct connection *connection)
{
    char byte;
    ssize_t n = recv(PQsocket(connection->pg), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

/* ---- travelling ---- */

/* 1: something happened, 0: the deadline passed. */
static int wait_for(PGconn *pg, short events, int64_t deadline_us)
{
    struct pollfd wait = { .fd = PQsocket(pg), .events = events };
    int ready;
    do
        ready = poll(&wait, 1, clock_milliseconds_until(deadline_us));
    while (ready < 0 && errno == EINTR);
    return ready;
}

static bool is_prepared(const struct connection *connection, unsigned number)
{
    return number / 8 < connection->prepared_bytes && connection->prepared[number / 8] >> number % 8 & 1;
}

static void note_prepared(struct connection *connection, unsigned number)
{
    size_t bytes = number / 8 + 1;
    if (bytes > connection->prepared_bytes) {
        bytes += 64;
        connection->prepared = realloc(connection->prepared, bytes);
        if (!connection->prepared)
            abort();
        memset(connection->prepared + connection->prepared_bytes, 0, bytes - connection->prepared_bytes);
        connection->prepared_bytes = bytes;
    }
    connection->prepared[number / 8] |= (uint8_t)(1u << number % 8);
    connection->n_prepared++;
}

static void forget_prepared(struct connection *connection, unsigned number)
{
    connection->prepared[number / 8] &= (uint8_t)~(1u << number % 8);
    connection->n_prepared--;
}

static bool send_prepare(struct journey *journey, const struct statement_variant *variant)
{
    struct connection *connection = journey->connection;
    if (!variant->number || is_prepared(connection, variant->number))
        return true;
    if (!PQsendPrepare(connection->pg, variant->name, variant->sql, 0, NULL))
        return false;
    note_prepared(connection, variant->number);
    journey->prepares[journey->n_places++] = variant->number;
    return true;
}

static bool send_command(struct journey *journey, const struct command *command)
{
    PGconn *pg = journey->connection->pg;
    const struct statement_variant *variant = command->variant;
    int n = (int)variant->n_slots;
    if (!send_prepare(journey, variant))
        return false;
    journey->is_answer[journey->n_places++] = command->is_answer;
    return variant->number ? PQsendQueryPrepared(pg, variant->name, n, command->values, command->lengths,
                                                 command->formats, command->reply_format)
                           : PQsendQueryParams(pg, variant->sql, n, NULL, command->values, command->lengths,
                                               command->formats, command->reply_format);
}

static bool send_forget_all(struct journey *journey)
{
    struct connection *connection = journey->connection;
    if (connection->n_prepared + journey->n_commands <= MAX_PREPARED)
        return true;
    memset(connection->prepared, 0, connection->prepared_bytes);
    connection->n_prepared = 0;
    journey->n_places++;
    return PQsendQueryParams(connection->pg, "deallocate all", 0, NULL, NULL, NULL, NULL, 0);
}

bool journey_begin(struct journey *journey, struct connection *connection, struct arena *arena,
                   const struct command *commands, size_t n_commands)
{
    *journey = (struct journey){ .connection = connection, .arena = arena, .n_commands = n_commands };
    assert(2 * n_commands < ARRAY_LENGTH(journey->is_answer));
    if (!send_forget_all(journey))
        return false;
    for (size_t i = 0; i < n_commands; i++)
        if (!send_command(journey, &commands[i]))
            return false;
    return PQpipelineSync(connection->pg);
}

static const PGresult *keep_result(const struct journey *journey, PGresult *result)
{
    if (journey->arena)
        return result_keep(journey->arena, result);
    PQclear(result);
    return NULL;
}

/* What was prepared outlives its transaction; what stood behind the error was never prepared. */
static void note_error(struct journey *journey, PGresult *error)
{
    if (journey->place < journey->n_places && journey->prepares[journey->place])
        forget_prepared(journey->connection, journey->prepares[journey->place]);
    if (!journey->trip.error && error && PQresultStatus(error) == PGRES_FATAL_ERROR) {
        journey->trip.error = keep_result(journey, error);
        return;
    }
    PQclear(error);
}

static void note_trip_result(struct journey *journey, PGresult *result)
{
    switch (PQresultStatus(result)) {
    case PGRES_PIPELINE_SYNC:
        journey->synced = true;
        PQclear(result);
        return;
    case PGRES_TUPLES_OK:
    case PGRES_COMMAND_OK:
        if (journey->place < journey->n_places && journey->is_answer[journey->place]) {
            journey->trip.answer = keep_result(journey, result);
        } else {
            PQclear(result);
        }
        return;
    default: note_error(journey, result);
    }
}

bool journey_read(struct journey *journey)
{
    PGconn *pg = journey->connection->pg;
    while (!journey->synced && !PQisBusy(pg)) {
        PGresult *result = PQgetResult(pg);
        if (result)
            note_trip_result(journey, result);
        else if (PQstatus(pg) == CONNECTION_BAD)
            return false;
        else if (++journey->place > journey->n_places + 1)
            return false; /* more ends than commands: not to be understood */
    }
    return true;
}

/* A TLS record may be larger than what libpq takes at once, and poll does not see the rest. */
bool connection_take_input(struct connection *connection)
{
    PGconn *pg = connection->pg;
    for (int left = PQsslInUse(pg) ? 3 : 1; left; left--)
        if (!PQconsumeInput(pg))
            return false;
    return true;
}

bool connection_flush(struct connection *connection, bool *ret_is_unsent)
{
    int unsent = PQflush(connection->pg);
    *ret_is_unsent = unsent > 0;
    return unsent >= 0;
}

int connection_socket(const struct connection *connection)
{
    return PQsocket(connection->pg);
}

/* Sends the rest and reads until the Sync has come back. */
static enum trip_end pump(struct journey *journey, int64_t deadline_us)
{
    PGconn *pg = journey->connection->pg;
    while (!journey->synced) {
        int unsent = PQflush(pg);
        if (unsent < 0)
            return TRIP_UNKNOWN;
        int ready = wait_for(pg, (short)(unsent ? POLLIN | POLLOUT : POLLIN), deadline_us);
        if (ready == 0)
            return TRIP_LATE;
        if (ready < 0)
            return TRIP_UNKNOWN;
        bool fed = connection_take_input(journey->connection);
        if (!journey_read(journey) || (!fed && !journey->synced))
            return TRIP_UNKNOWN;
    }
    return TRIP_DONE;
}

/* The commit comes with the Sync, and once it began the server sends no error of its own any more: an error that it
 * did send, also the one that ends the session, means that nothing stays. */
static enum trip_end judge(const struct journey *journey, enum trip_end end)
{
    bool was_told = journey->trip.error && *error_field(journey->trip.error, PG_DIAG_SQLSTATE);
    if (journey->connection->in_doubt)
        return TRIP_UNKNOWN;
    if (end == TRIP_UNKNOWN && was_told)
        return TRIP_VOID;
    if (end != TRIP_DONE)
        return end;
    if (PQtransactionStatus(journey->connection->pg) != PQTRANS_IDLE)
        return TRIP_UNKNOWN;
    if (journey->trip.error)
        return was_told ? TRIP_REFUSED : TRIP_UNKNOWN;
    return TRIP_DONE;
}

struct trip connection_travel(struct connection *connection, struct arena *arena, const struct command *commands,
                              size_t n_commands, int64_t deadline_us)
{
    struct journey journey;
    connection->in_doubt = false;
    if (!journey_begin(&journey, connection, arena, commands, n_commands)) {
        journey.trip.end = TRIP_VOID;
        return journey.trip;
    }
    journey.trip.end = judge(&journey, pump(&journey, deadline_us));
    return journey.trip;
}

const PGresult *connection_ask(struct connection *connection, struct arena *arena, const char *sql,
                               int64_t deadline_us)
{
    const struct statement_variant variant = { .sql = sql };
    const struct command command = { .variant = &variant, .is_answer = true };
    struct trip trip = connection_travel(connection, arena, &command, 1, deadline_us);
    return trip.end == TRIP_DONE ? trip.answer : NULL;
}
