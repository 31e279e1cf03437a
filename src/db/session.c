#include "anze/db/session.h"
#include "anze/db/dial.h"
#include "anze/db/result.h"

#include <libpq-fe.h>
#include <string.h>

struct session {
    PGconn *pg;
    struct arena *arena;
    const char *why;
};

static void close_session(void *pg)
{
    PQfinish(pg);
}

static const char *without_newline(struct arena *arena, const char *text)
{
    size_t length = strlen(text);
    while (length && text[length - 1] == '\n')
        length--;
    return arena_strndup(arena, text, length);
}

/* The primary sentence only: details and contexts hold values. */
static const char *why_of(struct arena *arena, PGconn *pg, const PGresult *result)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *sentence = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *hint = PQresultErrorField(result, PG_DIAG_MESSAGE_HINT);
    if (!state)
        return without_newline(arena, PQerrorMessage(pg));
    return arena_printf(arena, "%s %s%s%s", state, sentence ? sentence : "", hint ? " - " : "", hint ? hint : "");
}

const char *session_why(const struct session *session)
{
    return session->why ? session->why : "";
}

bool session_failed_with(const struct session *session, const char *sqlstate)
{
    return session->why && strncmp(session->why, sqlstate, strlen(sqlstate)) == 0;
}

static bool note_session_result(struct session *session, PGresult *result)
{
    ExecStatusType status = PQresultStatus(result_keep(session->arena, result));
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY)
        return true;
    session->why = why_of(session->arena, session->pg, result);
    return false;
}

struct session *session_open(struct arena *arena, const char *url, const char *operation, const char **ret_why)
{
    const struct dialing how = { .url = url, .application = "anze", .host_us = DIAL_PATIENT_US };
    struct dial_fault fault;
    struct session *session = arena_new_of(arena, struct session);
    *session = (struct session){ .arena = arena, .pg = dial(&how, &fault) };
    if (!session->pg) {
        *ret_why = arena_strdup(arena, fault.text);
        return NULL;
    }
    arena_defer(arena, close_session, session->pg);
    const char *who[] = { operation };
    if (!session_query(session,
                       "select set_config('anze.actor', session_user::text, false),"
                       " set_config('anze.client', 'anze', false), set_config('anze.operation', $1, false),"
                       " set_config('anze.reach', 'service', false), set_config('timezone', 'UTC', false)",
                       who, 1, NULL)) {
        *ret_why = session->why;
        return NULL;
    }
    return session;
}

bool session_script(struct session *session, const char *sql)
{
    return note_session_result(session, PQexec(session->pg, sql));
}

bool session_query(struct session *session, const char *sql, const char *const *values, size_t n_values,
                   const struct session_rows **ret_rows)
{
    PGresult *result = PQexecParams(session->pg, sql, (int)n_values, NULL, values, NULL, NULL, 0);
    if (ret_rows)
        *ret_rows = (const struct session_rows *)result;
    return note_session_result(session, result);
}

size_t session_count(const struct session_rows *rows)
{
    return (size_t)PQntuples((const PGresult *)rows);
}

const char *session_value(const struct session_rows *rows, size_t row, size_t column)
{
    const PGresult *result = (const PGresult *)rows;
    return PQgetisnull(result, (int)row, (int)column) ? NULL : PQgetvalue(result, (int)row, (int)column);
}

/* The connection's own sentence, where there is no result that has one. */
static bool note_connection(struct session *session)
{
    session->why = without_newline(session->arena, PQerrorMessage(session->pg));
    return false;
}

bool session_copy_begin(struct session *session, const char *sql)
{
    PGresult *result = PQexec(session->pg, sql);
    if (PQresultStatus(result) != PGRES_COPY_IN)
        return note_session_result(session, result) && note_connection(session);
    PQclear(result);
    return true;
}

bool session_copy_put(struct session *session, struct slice piece)
{
    return PQputCopyData(session->pg, piece.bytes, (int)piece.length) == 1 || note_connection(session);
}

bool session_copy_end(struct session *session)
{
    bool done = PQputCopyEnd(session->pg, NULL) == 1 || note_connection(session);
    for (PGresult *result; (result = PQgetResult(session->pg));)
        done = note_session_result(session, result) && done;
    return done;
}

bool session_set_password(struct session *session, const char *role, const char *password)
{
    char *secret = PQencryptPasswordConn(session->pg, password, role, "scram-sha-256");
    if (!secret)
        return note_connection(session);
    char *name = PQescapeIdentifier(session->pg, role, strlen(role));
    char *literal = PQescapeLiteral(session->pg, secret, strlen(secret));
    bool done = session_script(session, arena_printf(session->arena, "alter role %s password %s", name, literal));
    PQfreemem(name);
    PQfreemem(literal);
    PQfreemem(secret);
    return done;
}
