/* Writes the entries of a month, with the links and seals that hold them, into a file that proves itself. */
#include "audit_export.h"
#include "anze/base/bytes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One row for each entry of each link or seal that has an entry of the month ($1); fields of other months are NULL. */
static const char rows_sql[] =
    "with span as (select ($1::date)::timestamp at time zone 'Asia/Shanghai' as begins,"
    "                     ($1::date + interval '1 month') at time zone 'Asia/Shanghai' as ends)"
    " select c.seq::text, c.digest_kind, encode(c.previous, 'hex'), encode(c.digest, 'hex'),"
    "        (extract(epoch from c.sealed_at) * 1000000)::bigint::text, cardinality(c.entry_ids)::text,"
    "        case when u.place = 1 then encode(c.leaves, 'hex') end, u.place::text,"
    "        (u.at >= s.begins and u.at < s.ends)::text,"
    "        e.id::text, e.xid::text, (extract(epoch from e.at) * 1000000)::bigint::text, e.actor, e.on_behalf_of,"
    "        e.client, e.operation, e.request, e.trace, e.object_type, e.object_id, e.action, e.change::text"
    " from span s"
    " join audit.chain c"
    "   on exists (select from unnest(c.entry_times) t(at) where t.at >= s.begins and t.at < s.ends)"
    " cross join lateral unnest(c.entry_ids, c.entry_xids, c.entry_times) with ordinality u(id, xid, at, place)"
    " left join lateral (select * from audit.entry x where x.xid = u.xid and x.id = u.id and x.at = u.at limit 1) e"
    "   on u.at >= s.begins and u.at < s.ends"
    " where u.place = 1 or u.at >= s.begins and u.at < s.ends"
    " order by c.seq, u.place";

enum column { SEQ, KIND, PREVIOUS, DIGEST, MOMENT, N_ENTRIES, LEAVES, PLACE, IS_OF_MONTH, FIRST_FIELD };

struct exporting {
    struct audit_reader *reader;
    FILE *file;
    struct digest_stream *digest;
    struct audit_export_result *result;
    int64_t seq;
    bool has_failed; /* to write */
};

static void write_export_line(struct exporting *work, struct text *line)
{
    text_add_char(line, '\n');
    crypto_digest_add(work->digest, text_slice(line));
    work->has_failed |= fwrite(line->bytes, 1, line->length, work->file) != line->length;
}

static void write_step(struct exporting *work, struct arena *arena, const PGresult *row)
{
    struct text line = text_on(arena);
    text_printf(&line,
                "{\"seq\":%s,\"kind\":\"%s\",\"moment\":%s,\"previous\":\"%s\",\"digest\":\"%s\",\"n\":%s,"
                "\"leaves\":",
                PQgetvalue(row, 0, SEQ), PQgetvalue(row, 0, KIND),
                PQgetisnull(row, 0, MOMENT) ? "null" : PQgetvalue(row, 0, MOMENT), PQgetvalue(row, 0, PREVIOUS),
                PQgetvalue(row, 0, DIGEST), PQgetvalue(row, 0, N_ENTRIES));
    text_add_json(&line, PQgetisnull(row, 0, LEAVES) ? NULL : PQgetvalue(row, 0, LEAVES));
    text_add_char(&line, '}');
    write_export_line(work, &line);
    work->result->steps++;
}

static void write_entry(struct exporting *work, struct arena *arena, const PGresult *row)
{
    struct text line = text_on(arena);
    text_printf(&line, "{\"place\":%s,\"fields\":[", PQgetvalue(row, 0, PLACE));
    for (int i = 0; i < AUDIT_FIELDS; i++) {
        if (i)
            text_add_char(&line, ',');
        text_add_json(&line, PQgetisnull(row, 0, FIRST_FIELD + i) ? NULL : PQgetvalue(row, 0, FIRST_FIELD + i));
    }
    text_add_string(&line, "]}");
    write_export_line(work, &line);
    work->result->entries++;
}

static void take_row(void *context, const PGresult *row)
{
    struct exporting *work = context;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    int64_t seq = audit_number(row, 0, SEQ);
    if (seq != work->seq)
        write_step(work, arena, row);
    work->seq = seq;
    if (!audit_flag(row, IS_OF_MONTH))
        return;
    if (PQgetisnull(row, 0, FIRST_FIELD))
        work->result->missing++;
    else
        write_entry(work, arena, row);
}

static bool write_all(struct exporting *work, const char *month, struct problem *problem)
{
    struct arena *arena = work->reader->arena;
    struct text heading = text_on(arena);
    const char *first_day = arena_printf(arena, "%s-01", month);
    uint8_t digest[CRYPTO_DIGEST_BYTES];
    text_printf(&heading, "{\"anze_audit\":" AUDIT_EXPORT_VERSION ",\"month\":\"%s\"}", month);
    write_export_line(work, &heading);
    if (!audit_stream(work->reader, rows_sql, 1, &first_day, take_row, work, problem))
        return false;
    crypto_digest_end(work->digest, digest);
    work->result->digest = bytes_hex(arena, digest, sizeof digest);
    fprintf(work->file, "{\"steps\":%lld,\"entries\":%lld,\"digest\":\"%s\"}\n", (long long)work->result->steps,
            (long long)work->result->entries, work->result->digest);
    work->has_failed |= fflush(work->file) != 0 || fsync(fileno(work->file)) != 0;
    return true;
}

bool audit_export(struct arena *arena, const char *url, const char *month, const char *path,
                  struct audit_export_result *ret_result, struct problem *problem)
{
    static const struct audit_check nothing = { .from = 1, .anchor_file = "", .key = "" };
    struct audit_result unused = { 0 };
    struct audit_reader reader = { .arena = arena, .check = &nothing, .result = &unused };
    *ret_result = (struct audit_export_result){ 0 };
    if (!audit_reader_open(&reader, url, problem))
        return false;
    FILE *file = fopen(path, "wxe");
    struct exporting work = { .reader = &reader, .file = file, .result = ret_result,
                              .digest = crypto_digest_begin(arena, DIGEST_SM3), .has_failed = !file };
    bool works = file && write_all(&work, month, problem);
    if (file && fclose(file) != 0)
        work.has_failed = true;
    if (works && !work.has_failed)
        return true;
    if (file && !works)
        return unlink(path) != 0 && works; /* the database refused, and problem says so */
    problem->cause = arena_printf(arena, "%s: %s", path, strerror(errno));
    return problem_raise(arena, problem, PROBLEM_UNAVAILABLE, "无法写出审计文件", "The file could not be written");
}

bool audit_month_is(const char *text)
{
    static const char form[] = "dddd-dd";
    for (size_t i = 0; i < sizeof form; i++)
        if (form[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
            return false;
    int month = atoi(text + 5);
    return month >= 1 && month <= 12;
}
