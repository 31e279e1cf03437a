#include "anze/db/sqlstate.h"
#include "anze/base/json.h"
#include "anze/base/metrics.h"

#include <limits.h>

enum detail { PLAIN, OURS, CONSTRAINT };

struct row {
    const char *state; /* five characters, or the two of a class */
    enum problem_code code;
    enum detail detail;
    const char *zh, *en;
    const char *rule;  /* of the fault, for CONSTRAINT */
    int retry_after_s;
};

#define DISK_FULL "53100"
#define OVERLOADED "服务暂时不可用，请稍后重试", "The service is not available now: try again later"
#define UNFIT "请求中有无法处理的值", "The request has a value that cannot be processed"
#define BROKEN "服务内部错误", "The service failed"
#define CHANGED "资源已被他人修改，或标签不是原样送回的强标签；请重新读取，并原样送回其 ETag（不带 W/ 或后缀）", \
    "The resource has changed since, or the tag is weak (W/) or was altered on the way: read it again, and send its " \
    "ETag as it was given"
#define RULE "请求内容违反业务规则", "The content breaks a rule"

/* An exact state stands before its class. A state that is not here is our own mistake: 500.
 * 42501: under row-level security it means that the row would lie outside the caller's reach, which is a refusal to
 * the caller (403), not a missing reference; a missing grant shows up in the access tests. */
static const struct row rows[] = {
    { "AZ001", PROBLEM_DUPLICATE, OURS, "该请求此前已处理", "This request was handled before", NULL, 0 },
    { "AZ002", PROBLEM_KEY_REUSED, OURS, "该幂等键已用于另一请求", "This key was used for another request", NULL, 0 },
    { "AZ003", PROBLEM_KEY_IN_FLIGHT, OURS, "相同幂等键的请求正在处理", "A request with this key is running", NULL, 1 },
    { "AZ400", PROBLEM_INVALID_PARAMETER, OURS, "请求参数不符合约定", "A parameter does not follow the contract", NULL, 0 },
    { "AZ403", PROBLEM_FORBIDDEN, OURS, "无权执行此操作", "This is not yours to do", NULL, 0 },
    { "AZ404", PROBLEM_NOT_FOUND, OURS, "资源不存在", "There is no such resource", NULL, 0 },
    { "AZ409", PROBLEM_STATE_CONFLICT, OURS, "与当前状态冲突", "The current state does not allow this", NULL, 0 },
    { "AZ410", PROBLEM_GONE, OURS, "资源已失效", "This is no longer there", NULL, 0 },
    { "AZ412", PROBLEM_PRECONDITION_FAILED, OURS, CHANGED, NULL, 0 },
    { "AZ422", PROBLEM_VALIDATION_FAILED, OURS, "请求内容未通过校验", "The content did not pass validation", NULL, 0 },
    { "AZ429", PROBLEM_QUOTA_EXCEEDED, OURS, "配额已用完", "The quota is used up", NULL, 0 },
    { "AZ507", PROBLEM_STORAGE_FULL, OURS, "存储空间不足", "There is no room for it now", NULL, 0 },
    { "08", PROBLEM_UNAVAILABLE, PLAIN, OVERLOADED, NULL, 1 },
    { "21000", PROBLEM_INTERNAL, PLAIN, BROKEN, NULL, 0 },
    { "22021", PROBLEM_BAD_REQUEST, PLAIN, "请求含有无法处理的字符", "The request has characters that cannot be processed",
      NULL, 0 },
    { "22P05", PROBLEM_BAD_REQUEST, PLAIN, "请求含有无法处理的字符", "The request has characters that cannot be processed",
      NULL, 0 },
    { "22012", PROBLEM_INTERNAL, PLAIN, BROKEN, NULL, 0 },
    { "22", PROBLEM_VALIDATION_FAILED, PLAIN, UNFIT, NULL, 0 },
    { "23502", PROBLEM_VALIDATION_FAILED, CONSTRAINT, "缺少必需的内容", "Something required is missing", "required", 0 },
    { "23503", PROBLEM_VALIDATION_FAILED, CONSTRAINT, "所引用的对象不存在", "What it refers to does not exist",
      "unknown-reference", 0 },
    { "23505", PROBLEM_DUPLICATE, CONSTRAINT, "已存在相同的记录", "The same record is already there", "duplicate", 0 },
    { "23514", PROBLEM_VALIDATION_FAILED, CONSTRAINT, RULE, "rule", 0 },
    { "23P01", PROBLEM_DUPLICATE, CONSTRAINT, "与已有的记录重叠", "It overlaps with a record that is already there",
      "duplicate", 0 },
    { "23001", PROBLEM_STATE_CONFLICT, CONSTRAINT, "仍被其他记录引用", "Other records still refer to it", "referenced", 0 },
    { "23", PROBLEM_VALIDATION_FAILED, CONSTRAINT, RULE, "rule", 0 },
    { "25001", PROBLEM_UNAVAILABLE, PLAIN, OVERLOADED, NULL, 1 }, /* so says a server that only reads: */
    { "25006", PROBLEM_UNAVAILABLE, PLAIN, OVERLOADED, NULL, 1 }, /* a standby, or a server that was switched over */
    { "25P03", PROBLEM_TIMEOUT, PLAIN, "处理超时", "The work took too long and was stopped", NULL, 1 },
    { "28", PROBLEM_UNAVAILABLE, PLAIN, OVERLOADED, NULL, 5 },
    { "40003", PROBLEM_OUTCOME_UNKNOWN, PLAIN, "结果未知，请用同一幂等键重试",
      "The outcome is unknown: retry with the same Idempotency-Key", NULL, 1 },
    { "40002", PROBLEM_VALIDATION_FAILED, CONSTRAINT, RULE, "rule", 0 },
    { "40", PROBLEM_UNAVAILABLE, PLAIN, "同时修改过多，请稍后重试", "Too many changes at the same time: try again", NULL, 1 },
    { "42501", PROBLEM_FORBIDDEN, PLAIN, "超出您的管辖范围", "This lies outside what you may reach", NULL, 0 },
    { "44", PROBLEM_FORBIDDEN, PLAIN, "超出您的管辖范围", "This lies outside what you may reach", NULL, 0 },
    { DISK_FULL, PROBLEM_UNAVAILABLE, PLAIN, "数据库磁盘已满，暂时不能写入，读取不受影响；请稍后重试",
      "The database's disk is full, so nothing can be written now, while reading goes on: try again later", NULL, 5 },
    { "53", PROBLEM_UNAVAILABLE, PLAIN, OVERLOADED, NULL, 5 },
    { "54", PROBLEM_BAD_REQUEST, PLAIN, "请求过于复杂", "The request is too complex", NULL, 0 },
    { "55P03", PROBLEM_UNAVAILABLE, PLAIN, "正被他人修改，请稍后重试", "Somebody else is changing it: try again", NULL, 1 },
    { "55006", PROBLEM_UNAVAILABLE, PLAIN, OVERLOADED, NULL, 1 },
    { "57014", PROBLEM_TIMEOUT, PLAIN, "处理超时", "The work took too long and was stopped", NULL, 1 },
    { "57", PROBLEM_UNAVAILABLE, PLAIN, OVERLOADED, NULL, 1 },
    { "58", PROBLEM_UNAVAILABLE, PLAIN, OVERLOADED, NULL, 5 }, /* the server's disk or files */
};
static const struct row unknown = { "", PROBLEM_INTERNAL, PLAIN, BROKEN, NULL, 0 };

static const struct row *row_of(const char *sqlstate)
{
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
        if (strncmp(rows[i].state, sqlstate, strlen(rows[i].state)) == 0)
            return &rows[i];
    return &unknown;
}

void sqlstate_count(const char *sqlstate)
{
    if (strcmp(sqlstate, DISK_FULL) == 0)
        metrics_add(METRIC_DATABASE_FULL, 1);
}

static bool is_among(const char *const *states, size_t n, const char *sqlstate)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(sqlstate, states[i]) == 0)
            return true;
    return false;
}

/* A lock that was not to be had for a second (55P03): on a machine under load those who hold it take longer, the
 * sweeper too, and a deadlock that the server has not seen yet looks the same. */
bool sqlstate_is_transient(const char *sqlstate)
{
    static const char *const states[] = { "40001", "40P01", "55P03" };
    return is_among(states, ARRAY_LENGTH(states), sqlstate);
}

/* What a session says that knows the database as it was before a migration: a statement whose columns changed or that
 * was forgotten, a function, table or column that went while it was being asked for, a plan or a variable of the old
 * type; and what a server says that has become a standby. */
bool sqlstate_is_stale(const char *sqlstate)
{
    static const char *const states[] = { "0A000", "26000", "25001", "25006", "42883", "42P01", "42703", "42704",
                                          "42725", "42804", "42P13", "XX000" };
    return is_among(states, ARRAY_LENGTH(states), sqlstate);
}

static bool raise_row(struct arena *arena, const struct row *row, const char *zh, const char *en,
                      struct problem *problem)
{
    problem->retry_after_s = row->retry_after_s;
    return problem_raise(arena, problem, row->code, SENTENCE_ZH, SENTENCE_EN, zh ? zh : row->zh, en ? en : row->en);
}

/* ---- our own ---- */

static const char *text_at(const json_t *object, const char *name, const char *otherwise)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : otherwise;
}

static const char *place_of(const json_t *fault)
{
    static const char *const places[] = { "query", "path", "header" };
    const char *in = text_at(fault, "in", "body");
    for (size_t i = 0; i < ARRAY_LENGTH(places); i++)
        if (strcmp(in, places[i]) == 0)
            return places[i];
    return "body";
}

static void add_sql_faults(struct arena *arena, const struct row *row, const json_t *faults, struct problem *problem)
{
    size_t i;
    json_t *fault;
    json_array_foreach(faults, i, fault)
        problem_fault(arena, problem, row->code, place_of(fault), text_at(fault, "pointer", ""),
                      arena_strdup(arena, text_at(fault, "rule", "rule")), SENTENCE_ZH, SENTENCE_EN,
                      text_at(fault, "zh", row->zh), text_at(fault, "en", row->en));
}

/* What a refusal tells besides, as members of the problem. */
static const char *members_of(struct arena *arena, const json_t *said)
{
    static const char *const names[] = { "allowed", "quota" };
    const char *members = NULL;
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        const json_t *value = json_object_get(said, names[i]);
        if (!json_is_array(value) && !json_is_object(value))
            continue;
        members = arena_printf(arena, "%s%s\"%s\":%s", members ? members : "", members ? "," : "", names[i],
                               json_text(arena, value));
    }
    return members;
}

static bool raise_ours(struct arena *arena, const struct row *row, const char *message, struct problem *problem)
{
    json_t *said = NULL;
    struct problem unreadable = { 0 };
    if (!json_read(arena, slice_of(message), &said, &unreadable) || !json_is_object(said))
        return raise_row(arena, &unknown, NULL, NULL, problem);
    raise_row(arena, row, text_at(said, "zh", NULL), text_at(said, "en", NULL), problem);
    add_sql_faults(arena, row, json_object_get(said, "faults"), problem);
    problem->etag = text_at(said, "etag", NULL);
    problem->extra = members_of(arena, said);
    json_int_t retry_after = json_integer_value(json_object_get(said, "retry_after"));
    if (retry_after > 0)
        problem->retry_after_s = (int)(retry_after < INT_MAX ? retry_after : INT_MAX);
    return false;
}

/* ---- constraints ---- */

static bool raise_constraint(struct arena *arena, const struct row *row, const struct sql_refusal *refusal,
                             const struct constraint_text *text, struct problem *problem)
{
    const char *pointer = text->pointer ? text->pointer : "";
    if (!*pointer && *refusal->column)
        pointer = arena_printf(arena, "/%s", refusal->column);
    raise_row(arena, row, text->zh, text->en, problem);
    problem_fault(arena, problem, row->code, "body", pointer, row->rule, SENTENCE_ZH, SENTENCE_EN,
                  text->zh ? text->zh : row->zh, text->en ? text->en : row->en);
    return false;
}

bool sqlstate_raise(struct arena *arena, const struct sql_refusal *refusal, constraint_text_of *of,
                    const void *context, struct problem *problem)
{
    const struct row *row = row_of(refusal->sqlstate);
    struct constraint_text text = { NULL, NULL, NULL };
    problem->cause = arena_printf(arena, "%s%s%s", refusal->sqlstate, *refusal->constraint ? " " : "",
                                  refusal->constraint);
    sqlstate_count(refusal->sqlstate);
    switch (row->detail) {
    case OURS: return raise_ours(arena, row, refusal->message, problem);
    case CONSTRAINT:
        if (*refusal->constraint && of)
            of(context, refusal->table, refusal->constraint, &text);
        return raise_constraint(arena, row, refusal, &text, problem);
    case PLAIN: break;
    }
    return raise_row(arena, row, NULL, NULL, problem);
}
