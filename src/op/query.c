#include "anze/base/clock.h"
#include "anze/base/crypto.h"
#include "anze/op/cursor.h"
#include "anze/op/run.h"
#include "anze/op/slot.h"
#include "anze/op/share.h"
#include "anze/op/table.h"

/* The runner of almost every operation: one statement, whose columns are the reply. */

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
        text_printf(&text, "%s\n%s\n%s\n%s\n%s", principal->actor_id, principal->on_behalf_id, principal->unit,
                    principal->region, principal->sectors);
    struct slice whole = text_slice(&text);
    crypto_digest(DIGEST_SHA256, &whole, 1, out);
}

static bool read_cursor(struct call *call, const uint8_t binding[CRYPTO_DIGEST_BYTES],
                        const char *after[CURSOR_MAX_PARTS])
{
    const char *cursor = call_parameter(call, PLACE_QUERY, "cursor");
    return !cursor || cursor_open(call->arena, slice_of(call->service->config->cursor_key), binding, slice_of(cursor),
                                  clock_wall_us() / 1000000, after, call->problem);
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
    text_printf(&tail, ",\"page\":{\"limit\":%s,\"next\":", call_parameter(call, PLACE_QUERY, "limit"));
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

struct query {
    struct call *call;
    uint8_t binding[CRYPTO_DIGEST_BYTES];
    struct db_request request;
    struct db_sharing *sharing;
};

static bool begin(struct query *query, struct call *call)
{
    unsigned how = OP_KEYED | (call->operation->writes ? OP_PLAIN : OP_READS);
    const char *after[CURSOR_MAX_PARTS] = { NULL };
    query->call = call;
    if (call->operation->is_list) {
        cursor_binding(call, query->binding);
        if (!read_cursor(call, query->binding, after))
            return false;
    }
    query->request = op_request(call, call_binding(call)->statement, slots_fill(call, after), how);
    return true;
}

static bool reply(const struct query *query, const struct db_reply *answer)
{
    struct call *call = query->call;
    if (!answer->row)
        return op_raise_absent(call);
    call->reply->replayed = answer->replayed;
    if (call->operation->is_list)
        reply_list(call, answer->row, query->binding);
    else
        op_reply_row(call, answer->row);
    return true;
}

bool op_query(struct call *call)
{
    struct query query;
    struct db_reply answer;
    return begin(&query, call) && db_run(call->service->pool, call->arena, &query.request, &answer, call->problem) &&
           reply(&query, &answer);
}

bool op_may_share(const struct service *service, const struct operation *operation)
{
    return service->bindings[operation->index].run == op_query && !operation->writes;
}

struct query *op_share(struct call *call, struct lanes *lanes, void (*done)(void *context), void *context)
{
    struct query *query = arena_new_of(call->arena, struct query);
    if (!begin(query, call))
        return NULL;
    query->sharing = db_share(lanes, call->service->pool, call->arena, &query->request, done, context);
    return query->sharing ? query : NULL;
}

enum op_shared op_take_shared(const struct query *query)
{
    struct db_reply answer;
    switch (db_take_shared(query->sharing, &answer, query->call->problem)) {
    case DB_SHARED: return reply(query, &answer) ? OP_REPLIED : OP_REFUSED;
    case DB_FAILED: return OP_REFUSED;
    case DB_ELSEWHERE: break;
    }
    return OP_ELSEWHERE;
}
