#include "audit_reader.h"
#include "anze/base/clock.h"
#include "anze/db/dial.h"
#include "anze/db/result.h"

#include <stdlib.h>
#include <string.h>

static void finish_connection(void *connection)
{
    PQfinish(connection);
}

static bool raise_unread(struct audit_reader *reader, const char *why, struct problem *problem)
{
    problem->cause = arena_strdup(reader->arena, why);
    return problem_raise(reader->arena, problem, PROBLEM_UNAVAILABLE, "无法读取审计记录：数据库不可用或拒绝",
                         "The audit could not be read: the database is away or refused");
}

bool audit_reader_fail(struct audit_reader *reader, struct problem *problem)
{
    return raise_unread(reader, PQerrorMessage(reader->connection), problem);
}

PGresult *audit_ask(struct audit_reader *reader, struct arena *arena, const char *sql, int n,
                    const char *const *values)
{
    PGresult *answer = result_keep(arena, PQexecParams(reader->connection, sql, n, NULL, values, NULL, NULL, 1));
    ExecStatusType status = PQresultStatus(answer);
    return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK ? answer : NULL;
}

/* The reach is the owner's own work: masked texts stand in tables with row-level security. */
bool audit_reader_open(struct audit_reader *reader, const char *url, struct problem *problem)
{
    static const char *const settings[] = {
        "begin isolation level repeatable read read only", "set local statement_timeout = 0",
        "set local search_path = pg_catalog", "set local timezone = 'UTC'", "set local anze.reach = 'service'",
    };
    const struct dialing how = { .url = url, .application = "anze audit", .any_server = true,
                                 .host_us = DIAL_PATIENT_US };
    struct dial_fault fault;
    reader->connection = dial(&how, &fault);
    if (!reader->connection)
        return raise_unread(reader, fault.text, problem);
    arena_defer(reader->arena, finish_connection, reader->connection);
    for (size_t i = 0; i < ARRAY_LENGTH(settings); i++)
        if (!audit_ask(reader, reader->arena, settings[i], 0, NULL))
            return audit_reader_fail(reader, problem);
    return true;
}

void audit_tell(struct audit_reader *reader, const struct audit_finding *finding)
{
    reader->result->findings++;
    reader->check->found(reader->check->context, finding);
}

static void tell_progress(struct audit_reader *reader)
{
    int64_t now_us = clock_monotonic_us();
    if (!reader->check->progress || now_us - reader->told_us < 1000000)
        return;
    reader->told_us = now_us;
    reader->check->progress(reader->check->context, reader->result->checked, reader->seq, reader->last_seq);
}

bool audit_stream(struct audit_reader *reader, const char *sql, int n, const char *const *values,
                  void (*take)(void *context, const PGresult *row), void *context, struct problem *problem)
{
    bool works = PQsendQueryParams(reader->connection, sql, n, NULL, values, NULL, NULL, 1)
                 && PQsetSingleRowMode(reader->connection);
    PGresult *row;
    while ((row = PQgetResult(reader->connection))) {
        if (PQresultStatus(row) == PGRES_SINGLE_TUPLE) {
            take(context, row);
            tell_progress(reader);
        } else if (PQresultStatus(row) != PGRES_TUPLES_OK) {
            works = false;
        }
        PQclear(row);
    }
    return works || audit_reader_fail(reader, problem);
}

int64_t audit_number(const PGresult *row, int row_number, int column)
{
    return strtoll(PQgetvalue(row, row_number, column), NULL, 10);
}

struct slice audit_bytes(const PGresult *row, int column)
{
    if (PQgetisnull(row, 0, column))
        return (struct slice){ 0 };
    return (struct slice){ PQgetvalue(row, 0, column), (size_t)PQgetlength(row, 0, column) };
}

bool audit_flag(const PGresult *row, int column)
{
    return strcmp(PQgetvalue(row, 0, column), "true") == 0;
}

bool audit_read_head(struct audit_reader *reader, const char *at_seq, struct audit_head *ret_head)
{
    PGresult *answer = audit_ask(reader, reader->arena,
                                 at_seq ? "select seq::text, digest from audit.chain where seq = $1"
                                        : "select seq::text, digest from audit.chain c order by c.seq desc limit 1",
                                 at_seq ? 1 : 0, &at_seq);
    *ret_head = (struct audit_head){ 0 };
    if (!answer || !PQntuples(answer) || PQgetlength(answer, 0, 1) != CRYPTO_DIGEST_BYTES)
        return answer != NULL;
    ret_head->seq = audit_number(answer, 0, 0);
    memcpy(ret_head->digest, PQgetvalue(answer, 0, 1), CRYPTO_DIGEST_BYTES);
    return true;
}

bool audit_head_read(struct arena *arena, const char *url, struct audit_head *ret_head, struct problem *problem)
{
    struct audit_reader reader = { .arena = arena };
    return audit_reader_open(&reader, url, problem)
           && (audit_read_head(&reader, NULL, ret_head) || audit_reader_fail(&reader, problem));
}
