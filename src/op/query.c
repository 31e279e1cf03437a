#include "anze/base/clock.h"
#include "anze/base/crypto.h"
#include "anze/op/cursor.h"
#include "anze/op/slot.h"

#include <stdio.h>
#include <stdlib.h>

/* The runner of almost every operation: one statement, whose columns are the reply. */

static const char *parameter_of(const struct call *call, enum place place, const char *name)
{
    int position = operation_parameter(call->operation, place, name);
    return position < 0 ? NULL : call->parameters[position];
}

/* What a cursor belongs to: the operation, its filters and order, and what the caller may see. */
static void cursor_binding(const struct call *call, uint8_t out[CRYPTO_DIGEST_BYTES])
{
    struct text text = text_on(call->arena);
    const struct principal *principal = call->principal;
    text_printf(&text, "%s\n%s\n", call->operation->id, call->target);
    for (size_t i = 0; i < call->operation->n_parameters; i++) {
        const struct parameter *parameter = &call->operation->parameters[i];
        if (parameter->place == PLACE_QUERY && strcmp(parameter->name, "cursor") && strcmp(parameter->name, "limit"))
            text_printf(&text, "%s=%s\n", parameter->name, call->parameters[i] ? call->parameters[i] : "\x01");
    }
    if (principal)
        text_printf(&text, "%s\n%s\n%s\n%s", principal->subject, principal->unit, principal->region,
                    principal->sectors);
    struct slice whole = text_slice(&text);
    crypto_digest(DIGEST_SHA256, &whole, 1, out);
}

static bool read_cursor(struct call *call, const uint8_t binding[CRYPTO_DIGEST_BYTES],
                        const char *after[CURSOR_MAX_PARTS])
{
    const char *cursor = parameter_of(call, PLACE_QUERY, "cursor");
    return !cursor || cursor_open(call->arena, slice_of(call->service->config->cursor_key), binding, slice_of(cursor),
                                  clock_wall_us() / 1000000, after, call->problem);
}

static const char *request_hash(const struct call *call)
{
    uint8_t digest[CRYPTO_DIGEST_BYTES];
    const struct slice parts[] = { slice_of(call->operation->id), SLICE("\n"), slice_of(call->target), SLICE("\n"),
                                   call->body };
    crypto_digest(DIGEST_SHA256, parts, ARRAY_LENGTH(parts), digest);
    return crypto_hex(call->arena, digest, sizeof digest);
}

static void fill_context(const struct call *call, bool reads, const char *context[DB_CONTEXT_FIELDS])
{
    static const char *const reaches[] = { "none", "unit", "region" };
    static const struct principal nobody = { .subject = "", .actor = "", .on_behalf_of = "", .client = "", .unit = "",
                                             .region = "", .sectors = "", .sector = "", .scopes = "" };
    const struct principal *principal = call->principal ? call->principal : &nobody;
    context[DB_ACTOR] = principal->actor;
    context[DB_ON_BEHALF_OF] = principal->on_behalf_of;
    context[DB_CLIENT] = principal->client;
    context[DB_UNIT] = principal->unit;
    context[DB_REACH] = reaches[principal->reach];
    context[DB_REGION] = principal->region;
    context[DB_SECTORS] = principal->sectors;
    context[DB_SCOPES] = principal->scopes;
    context[DB_OPERATION] = call->operation->id;
    context[DB_REQUEST] = call->request_id;
    context[DB_TRACE] = call->trace_id;
    context[DB_READ_ONLY] = reads ? "on" : "off";
}

bool op_run(const struct call *call, struct statement *statement, const char *const *values, unsigned how,
            struct db_reply *ret_reply)
{
    struct db_key key = { 0 };
    const char *given = how & OP_KEYED ? parameter_of(call, PLACE_HEADER, "Idempotency-Key") : NULL;
    struct db_request request = {
        .statement = statement,
        .values = values,
        .dry_run = how & OP_KEYED && call->dry_run,
        .binary_reply = how & OP_BINARY,
    };
    if (given && !call->dry_run) {
        key = (struct db_key){ given, request_hash(call) };
        request.key = &key;
    }
    if (call->operation->is_raw) {
        request.bytes = call->body;
        request.bytes_slot = SLOT_BYTES;
    }
    fill_context(call, how & OP_READS, request.context);
    return db_run(call->service->pool, call->arena, &request, ret_reply, call->problem);
}

const char *op_text_of(const struct call *call, const struct db_row *row, const char *column)
{
    struct slice value = db_column(row, column);
    return value.bytes ? arena_strndup(call->arena, value.bytes, value.length) : NULL;
}

static void reply_list(struct call *call, const struct db_row *row, const uint8_t binding[CRYPTO_DIGEST_BYTES])
{
    struct reply *reply = call->reply;
    struct slice next = db_column(row, "next"), total = db_column(row, "total"), items = db_column(row, "items");
    struct slice more = db_column(row, "more");
    struct text tail = text_on(call->arena);
    if (next.bytes)
        reply->next = cursor_seal(call->arena, slice_of(call->service->config->cursor_key), binding, next,
                                  clock_wall_us() / 1000000);
    text_printf(&tail, ",\"page\":{\"limit\":%s,\"next\":", parameter_of(call, PLACE_QUERY, "limit"));
    text_add_json(&tail, reply->next);
    if (total.bytes)
        text_printf(&tail, ",\"total\":%.*s", (int)total.length, total.bytes);
    text_add_string(&tail, more.bytes ? "}," : "}}");
    reply_add(reply, SLICE("{\"items\":"));
    reply_add(reply, items.bytes ? items : SLICE("[]"));
    reply_add(reply, text_slice(&tail));
    if (more.bytes) /* the members of an object, which stand beside the items */
        reply_add(reply, (struct slice){ more.bytes + 1, more.length - 1 });
}

void op_reply_row(struct call *call, const struct db_row *row)
{
    struct reply *reply = call->reply;
    struct slice body = db_column(row, "body"), status = db_column(row, "status");
    if (body.bytes)
        reply_add(reply, body);
    if (status.bytes)
        reply->status = (int)strtol(status.bytes, NULL, 10);
    reply->etag = op_text_of(call, row, "etag");
    reply->location = op_text_of(call, row, "location");
    reply->last_modified = op_text_of(call, row, "last_modified");
}

bool op_raise_absent(const struct call *call)
{
    return problem_raise(call->arena, call->problem, PROBLEM_NOT_FOUND, "没有这个资源，或您无权查看",
                         "There is no such resource, or it is not yours to see");
}

bool op_query(struct call *call)
{
    struct statement *statement = call->service->bindings[call->operation->index].statement;
    unsigned how = OP_KEYED | (call->operation->writes ? OP_PLAIN : OP_READS);
    uint8_t binding[CRYPTO_DIGEST_BYTES];
    const char *after[CURSOR_MAX_PARTS] = { NULL };
    struct db_reply answer;
    if (call->operation->is_list) {
        cursor_binding(call, binding);
        if (!read_cursor(call, binding, after))
            return false;
    }
    if (!op_run(call, statement, slots_fill(call, after), how, &answer))
        return false;
    if (!answer.row)
        return op_raise_absent(call);
    call->reply->replayed = answer.replayed;
    if (call->operation->is_list)
        reply_list(call, answer.row, binding);
    else
        op_reply_row(call, answer.row);
    return true;
}
