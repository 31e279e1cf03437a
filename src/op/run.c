#include "anze/op/run.h"
#include "anze/base/bytes.h"
#include "anze/base/crypto.h"
#include "anze/op/slot.h"

#include <stdlib.h>

static const char *request_hash(const struct call *call)
{
    uint8_t digest[CRYPTO_DIGEST_BYTES];
    const struct slice parts[] = { slice_of(call->operation->id), SLICE("\n"), slice_of(call->target), SLICE("\n"),
                                   call->body };
    crypto_digest(DIGEST_SHA256, parts, ARRAY_LENGTH(parts), digest);
    return bytes_hex(call->arena, digest, sizeof digest);
}

static void fill_context(const struct call *call, bool reads, const char *context[DB_CONTEXT_FIELDS])
{
    static const char *const reaches[] = { "none", "unit", "region" };
    static const struct principal nobody = { .subject = "", .actor_id = "", .on_behalf_id = "", .client = "",
                                             .unit = "", .region = "", .sectors = "", .sector = "", .scopes = "" };
    const struct principal *principal = call->principal ? call->principal : &nobody;
    context[DB_ACTOR] = principal->actor_id;
    context[DB_ON_BEHALF_OF] = principal->on_behalf_id;
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

static const struct db_key *key_of(const struct call *call)
{
    const char *given = call_parameter(call, PLACE_HEADER, "Idempotency-Key");
    if (!given || call->dry_run)
        return NULL;
    struct db_key *key = arena_new_of(call->arena, struct db_key);
    *key = (struct db_key){ given, request_hash(call) };
    return key;
}

struct db_request op_request(const struct call *call, struct statement *statement, const char *const *values,
                             unsigned how)
{
    struct db_request request = {
        .statement = statement,
        .values = values,
        .dry_run = how & OP_KEYED && call->dry_run,
        .binary_reply = how & OP_BINARY,
        .key = how & OP_KEYED ? key_of(call) : NULL,
    };
    if (call->operation->is_raw) {
        request.bytes = call->body;
        request.bytes_slot = SLOT_BYTES;
    }
    fill_context(call, how & OP_READS, request.context);
    return request;
}

bool op_run(const struct call *call, struct statement *statement, const char *const *values, unsigned how,
            struct db_reply *ret_reply)
{
    const struct db_request request = op_request(call, statement, values, how);
    return db_run(call->service->pool, call->arena, &request, ret_reply, call->problem);
}

const char *op_text_of(const struct call *call, const struct db_row *row, const char *column)
{
    struct slice value = db_column(row, column);
    return value.bytes ? arena_strndup(call->arena, value.bytes, value.length) : NULL;
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
