/* Proves a month's file: its entries by their leaves, its seals by their digests, and those by the chain. */
#include "anze/base/bytes.h"
#include "anze/base/json.h"
#include "audit_export.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct proving {
    struct audit_reader *reader;
    struct audit_file_result *result;
    struct digest_stream *digest;
    struct arena *arena; /* of the present step */
    struct audit_step step;
    struct slice leaves;    /* NULL bytes: a link */
    struct audit_head last; /* the step before, for those that follow each other */
    int64_t steps;
    bool has_end;
};

static void tell_of_file(struct proving *work, int64_t entry, const char *detail)
{
    work->result->findings++;
    audit_tell(work->reader, &(struct audit_finding){ .fault = AUDIT_WRONG_FILE, .seq = work->step.seq,
                                                      .to_seq = work->step.seq, .entry = entry, .detail = detail });
}

static const char *string_of(const json_t *object, const char *name)
{
    const char *value = json_string_value(json_object_get(object, name));
    return value ? value : "";
}

/* Nothing where it is no hexadecimal text. */
static struct slice bytes_of(struct arena *arena, const char *hex)
{
    size_t n = strlen(hex) / 2;
    uint8_t *bytes = arena_alloc(arena, n + 1);
    return (struct slice){ (const char *)bytes, bytes_of_hex(bytes, n, slice_of(hex)) ? n : 0 };
}

static bool is_in_chain(struct proving *work)
{
    static const char sql[] = "select from audit.chain c where c.seq = $1::bigint and c.digest = $2::bytea";
    const struct audit_step *step = &work->step;
    const char *digest = bytes_hex(work->arena, step->digest.bytes, step->digest.length);
    const char *values[] = { arena_printf(work->arena, "%lld", (long long)step->seq),
                             arena_printf(work->arena, "\\x%s", digest) };
    PGresult *answer = audit_ask(work->reader, work->arena, sql, 2, values);
    return answer && PQntuples(answer) == 1;
}

static void end_file_step(struct proving *work)
{
    const struct audit_step *step = &work->step;
    if (!step->seq)
        return;
    if (!audit_step_holds(step, step->previous))
        tell_of_file(work, 0, "the seal in the file does not hold");
    else if (!is_in_chain(work))
        tell_of_file(work, 0, "the chain of the database has not this seal");
    else if (work->last.seq + 1 == step->seq
             && memcmp(work->last.digest, step->previous.bytes, CRYPTO_DIGEST_BYTES) != 0)
        tell_of_file(work, 0, "the seal in the file does not follow the one before it");
    work->last.seq = step->digest.length == CRYPTO_DIGEST_BYTES ? step->seq : -1;
    if (work->last.seq > 0)
        memcpy(work->last.digest, step->digest.bytes, CRYPTO_DIGEST_BYTES);
}

static void take_file_step(struct proving *work, const json_t *line)
{
    end_file_step(work);
    arena_free(work->arena);
    struct arena *arena = work->arena = arena_new();
    const char *leaves = json_string_value(json_object_get(line, "leaves"));
    work->step = (struct audit_step){ .seq = json_integer_value(json_object_get(line, "seq")),
                                      .kind = arena_strdup(arena, string_of(line, "kind")),
                                      .previous = bytes_of(arena, string_of(line, "previous")),
                                      .digest = bytes_of(arena, string_of(line, "digest")),
                                      .body = text_on(arena) };
    work->leaves = leaves ? bytes_of(arena, leaves) : SLICE_NONE;
    if (leaves) {
        audit_add_number(&work->step.body, (uint64_t)json_integer_value(json_object_get(line, "moment")), 8);
        text_add(&work->step.body, work->leaves.bytes, work->leaves.length);
    }
    work->steps++;
}

static void take_file_entry(struct proving *work, const json_t *line)
{
    struct audit_fields fields;
    uint8_t leaf[CRYPTO_DIGEST_BYTES];
    const json_t *given = json_object_get(line, "fields");
    size_t place = (size_t)json_integer_value(json_object_get(line, "place"));
    for (size_t i = 0; i < AUDIT_FIELDS; i++) {
        const json_t *value = json_array_get(given, i);
        fields.values[i] = (struct slice){ json_string_value(value), json_string_length(value) };
    }
    int64_t entry = fields.values[0].bytes ? strtoll(fields.values[0].bytes, NULL, 10) : 0;
    work->result->entries++;
    if (!work->leaves.bytes) {
        audit_add_canonical(&work->step.body, &fields);
        return;
    }
    bool holds = place > 0 && place * sizeof leaf <= work->leaves.length
                 && audit_leaf(work->step.kind, work->arena, &fields, leaf)
                 && memcmp(leaf, work->leaves.bytes + (place - 1) * sizeof leaf, sizeof leaf) == 0;
    if (!holds)
        tell_of_file(work, entry, "the entry in the file is not what was sealed");
}

static void take_end(struct proving *work, const json_t *line)
{
    uint8_t digest[CRYPTO_DIGEST_BYTES];
    end_file_step(work);
    work->step.seq = 0;
    crypto_digest_end(work->digest, digest);
    work->result->digest = bytes_hex(work->reader->arena, digest, sizeof digest);
    work->has_end = true;
    if (strcmp(work->result->digest, string_of(line, "digest")) != 0
        || json_integer_value(json_object_get(line, "steps")) != work->steps
        || json_integer_value(json_object_get(line, "entries")) != work->result->entries)
        tell_of_file(work, 0, "the file is not the one that was written");
}

/* False: it is no line of such a file. */
static bool take_line(struct proving *work, struct slice text)
{
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    json_t *line;
    size_t offset;
    if (work->has_end || !json_read_trusted(arena, text, &line, &offset))
        return false;
    if (json_object_get(line, "steps")) {
        take_end(work, line);
        return true;
    }
    crypto_digest_add(work->digest, text);
    if (json_object_get(line, "seq"))
        take_file_step(work, line);
    else if (json_object_get(line, "fields") && work->step.seq)
        take_file_entry(work, line);
    else if (json_object_get(line, "anze_audit"))
        work->result->month = arena_strdup(work->reader->arena, string_of(line, "month"));
    else
        return false;
    return true;
}

/* As many entries as the chain has of the month: none was left out of the file. */
static bool check_file_number(struct proving *work, struct problem *problem)
{
    static const char sql[] =
        "select count(*)::text from audit.chain c cross join lateral unnest(c.entry_times) t(at)"
        " where audit.month_of(t.at) = $1::date";
    const char *day = arena_printf(work->reader->arena, "%s-01", work->result->month);
    PGresult *answer = audit_ask(work->reader, work->reader->arena, sql, 1, &day);
    if (!answer)
        return audit_reader_fail(work->reader, problem);
    if (audit_number(answer, 0, 0) != work->result->entries)
        tell_of_file(work, 0, "the chain has another number of entries of this month than the file");
    return true;
}

static bool prove(struct proving *work, FILE *file)
{
    char *line = NULL;
    size_t room = 0;
    bool is_read = true;
    for (ssize_t length; is_read && (length = getline(&line, &room, file)) > 0;)
        is_read = take_line(work, (struct slice){ line, (size_t)length });
    free(line);
    return is_read && work->has_end && audit_month_is(work->result->month);
}

bool audit_verify_file(struct arena *arena, const struct audit_check *check, const char *path,
                       struct audit_file_result *ret_result, struct problem *problem)
{
    struct audit_result unused = { 0 };
    struct audit_reader reader = { .arena = arena, .check = check, .result = &unused };
    *ret_result = (struct audit_file_result){ .month = "" , .digest = "" };
    if (!audit_reader_open(&reader, check->url, problem))
        return false;
    FILE *file = fopen(path, "re");
    struct proving work = { .reader = &reader, .result = ret_result, .arena = arena_new(),
                            .digest = crypto_digest_begin(arena, DIGEST_SM3), .last = { .seq = -1 } };
    bool is_whole = file && prove(&work, file);
    arena_free(work.arena);
    work.arena = NULL;
    if (file)
        fclose(file);
    if (is_whole)
        return check_file_number(&work, problem);
    problem->cause = arena_printf(arena, "%s: %s", path, file ? "no whole file of an audit month" : strerror(errno));
    return problem_raise(arena, problem, PROBLEM_UNAVAILABLE, "无法读取审计文件", "The file could not be read");
}
