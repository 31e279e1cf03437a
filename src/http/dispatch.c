#include "anze/http/dispatch.h"
#include "anze/auth/token.h"
#include "anze/base/clock.h"
#include "anze/base/json.h"
#include "anze/base/log.h"
#include "anze/base/metrics.h"
#include "anze/contract/form.h"
#include "anze/contract/instant.h"
#include "anze/contract/parameters.h"
#include "anze/contract/schema.h"
#include "anze/db/lane.h"
#include "anze/http/client.h"
#include "anze/http/exchange.h"
#include "anze/http/gate.h"
#include "anze/op/share.h"

#include <ctype.h>

/* Every step returns false with the problem already written; the first false ends the request. */
typedef bool step(struct exchange *exchange);

static bool read_request_line(struct exchange *exchange)
{
    struct slice target = exchange->message->target;
    const char *mark = memchr(target.bytes, '?', target.length);
    exchange->path = (struct slice){ target.bytes, mark ? (size_t)(mark - target.bytes) : target.length };
    exchange->query = mark ? (struct slice){ mark + 1, target.length - exchange->path.length - 1 } : SLICE_NONE;
    exchange->language = negotiate_language(message_list(exchange->message, exchange->arena, "Accept-Language"));
    exchange->preferences = preferences_read(message_list(exchange->message, exchange->arena, "Prefer"));
    return gate_check(exchange->arena, exchange->message, &exchange->problem);
}

/* What the address takes; of one that is not there, OPTIONS, since libmicrohttpd sends no empty field. */
static bool refuse_method(struct exchange *exchange)
{
    if (!route_find(exchange->arena, exchange->service->contract, exchange->message->listener, METHOD_GET,
                    exchange->path, &exchange->match, &exchange->problem))
        return false;
    exchange->match.operation = NULL;
    if (!exchange->match.allowed)
        exchange->match.allowed = 1u << METHOD_OPTIONS;
    return problem_raise(exchange->arena, &exchange->problem, PROBLEM_METHOD_NOT_ALLOWED, "不支持该请求方法",
                         "That method is never taken here");
}

static bool read_method(struct exchange *exchange)
{
    static const char *const never[] = { "TRACE", "CONNECT" };
    struct slice method = exchange->message->method;
    if (method_from_name(method.bytes, &exchange->method))
        return true;
    for (size_t i = 0; i < ARRAY_LENGTH(never); i++)
        if (slice_equals(method, never[i]))
            return refuse_method(exchange);
    return problem_raise(exchange->arena, &exchange->problem, PROBLEM_METHOD_UNKNOWN, "未知的请求方法",
                         "That method is not known");
}

static bool find_route(struct exchange *exchange)
{
    const struct service *service = exchange->service;
    if (slice_equals(exchange->path, "*") && exchange->method == METHOD_OPTIONS) {
        exchange->match.allowed = 1u << METHOD_OPTIONS;
        return true;
    }
    if (!route_find(exchange->arena, service->contract, exchange->message->listener, exchange->method, exchange->path,
                    &exchange->match, &exchange->problem))
        return false;
    if (!exchange->match.allowed)
        return problem_raise(exchange->arena, &exchange->problem, PROBLEM_NOT_FOUND, "没有这个地址",
                             "There is nothing at this address");
    if (!exchange->match.operation && exchange->method != METHOD_OPTIONS)
        return problem_raise(exchange->arena, &exchange->problem, PROBLEM_METHOD_NOT_ALLOWED, "该地址不支持此请求方法",
                             "This address does not take that method");
    return true;
}

static bool take_share(struct exchange *exchange, struct limiter *limiter, const char *policy, const char *whose)
{
    if (!limiter || !whose)
        return true;
    exchange->limit = limiter_take(limiter, whose);
    exchange->limit_policy = policy;
    if (exchange->limit.allowed)
        return true;
    exchange->problem.retry_after_s = (int)exchange->limit.reset_s;
    return problem_raise(exchange->arena, &exchange->problem, PROBLEM_TOO_MANY_REQUESTS, "请在 %ld 秒后重试",
                         "Try again in %ld seconds", exchange->limit.reset_s);
}

/* Of who acts and for whom. */
static bool take_share_of_caller(struct exchange *exchange)
{
    const struct principal *principal = exchange->principal;
    return take_share(exchange, exchange->limits->callers, "default",
                      arena_printf(exchange->arena, "%s\n%s", principal->actor_id, principal->on_behalf_id));
}

/* Of where it comes from, when nobody knows who it is. What the admin listener has as well is asked by the operator's
 * own: a balancer's question about health is always answered. */
static bool take_share_of_address(struct exchange *exchange)
{
    const struct limits *limits = exchange->limits;
    if (exchange->match.operation->listeners & LISTENER_ADMIN)
        return true;
    return take_share(exchange, limits->addresses, "address",
                      clients_share(limits->clients, exchange->arena, exchange->message));
}

static bool check_scopes(struct exchange *exchange)
{
    for (const char *const *scope = exchange->match.operation->scopes; scope && *scope; scope++)
        if (!principal_has_scope(exchange->principal, *scope))
            return problem_raise(exchange->arena, &exchange->problem, PROBLEM_INSUFFICIENT_SCOPE, "需要权限 %s",
                                 "The scope %s is needed", *scope);
    return true;
}

static bool has_query_token(struct slice query)
{
    static const char name[] = "access_token=";
    for (size_t i = 0; query.bytes && i + sizeof name - 1 <= query.length; i++)
        if ((i == 0 || query.bytes[i - 1] == '&') && memcmp(query.bytes + i, name, sizeof name - 1) == 0)
            return true;
    return false;
}

static bool authenticate_caller(struct exchange *exchange)
{
    if (has_query_token(exchange->query))
        return problem_raise(exchange->arena, &exchange->problem, PROBLEM_INVALID_PARAMETER,
                             "令牌不得放在地址里", "A token must not stand in the address");
    if (exchange->match.operation->is_public)
        return take_share_of_address(exchange);
    if (verifier_check(exchange->service->verifier, exchange->arena,
                       message_header(exchange->message, "Authorization"), &exchange->principal, &exchange->problem))
        return take_share_of_caller(exchange) && check_scopes(exchange);
    return take_share_of_address(exchange) && false; /* 401, or 429 in its place */
}

static bool check_accept(struct exchange *exchange)
{
    const char *const *media = exchange->match.operation->reply_media;
    exchange->media = negotiate_media(message_list(exchange->message, exchange->arena, "Accept"), media);
    if (!*media || exchange->media)
        return true;
    return problem_raise(exchange->arena, &exchange->problem, PROBLEM_NOT_ACCEPTABLE, "只能提供 %s%s%s",
                         "Only %s%s%s is on offer", media[0], media[1] ? ", " : "", media[1] ? media[1] : "");
}

static bool is_blank_body(struct slice body)
{
    for (size_t i = 0; i < body.length; i++)
        if (!isspace((unsigned char)body.bytes[i]))
            return false;
    return true;
}

static bool refuse_body(struct exchange *exchange)
{
    return problem_raise(exchange->arena, &exchange->problem, PROBLEM_BAD_REQUEST, "该操作不接受请求体",
                         "This operation takes no body");
}

/* What is over the limit is not read to its end, so that nothing else can come after it. */
static bool refuse_large_body(struct exchange *exchange)
{
    exchange->problem.closes = true;
    return problem_raise(exchange->arena, &exchange->problem, PROBLEM_CONTENT_TOO_LARGE, "请求体最大 %ld 字节",
                         "A body has at most %ld bytes", exchange->service->config->max_body_bytes);
}

/* The gate has seen to it that it is a number. */
static bool declares_too_much(const struct exchange *exchange)
{
    long long declared = 0;
    struct slice length = message_header(exchange->message, "Content-Length");
    for (size_t i = 0; i < length.length; i++)
        declared = declared * 10 + (length.bytes[i] - '0');
    return declared > exchange->service->config->max_body_bytes;
}

static bool check_declared_length(struct exchange *exchange)
{
    return !declares_too_much(exchange) || refuse_large_body(exchange);
}

static bool check_body_head(struct exchange *exchange)
{
    const struct operation *operation = exchange->match.operation;
    const struct message *message = exchange->message;
    if (message->body_cut)
        return refuse_large_body(exchange);
    if (!operation->request_media)
        return message->body.length ? refuse_body(exchange) : true;
    struct slice type = message_header(message, "Content-Type");
    struct slice encoding = message_header(message, "Content-Encoding");
    if (encoding.bytes && !slice_equals(encoding, "identity"))
        return problem_raise(exchange->arena, &exchange->problem, PROBLEM_UNSUPPORTED_MEDIA_TYPE,
                             "请求体不得压缩", "A body must not be encoded");
    if ((message->body.length || type.bytes) && (!type.bytes || !media_matches(type, operation->request_media)))
        return problem_raise(exchange->arena, &exchange->problem, PROBLEM_UNSUPPORTED_MEDIA_TYPE,
                             operation->is_raw ? "请求体必须是 %s" : "请求体必须是 %s（UTF-8）",
                             operation->is_raw ? "The body must be %s" : "The body must be %s in UTF-8",
                             operation->request_media);
    if (operation->body_required && (operation->is_raw ? !message->body.length : is_blank_body(message->body)))
        return problem_raise(exchange->arena, &exchange->problem, PROBLEM_BAD_REQUEST, "缺少请求体", "The body is missing");
    return true;
}

static struct slice header_of(void *context, const char *name)
{
    const struct exchange *exchange = context;
    return message_field(exchange->message, exchange->arena, name);
}

/* Parameters and body are looked at together, so that a client learns of all faults at once. */
static bool read_request_parameters(struct exchange *exchange)
{
    const struct operation *operation = exchange->match.operation;
    const struct parameter_source source = {
        .match = &exchange->match,
        .query = exchange->query,
        .header = header_of,
        .header_context = exchange,
        .lenient = exchange->preferences.lenient,
    };
    exchange->parameters = arena_array_of(exchange->arena, const char *, operation->n_parameters + 1);
    return parameters_read(exchange->arena, operation, &source, exchange->parameters, &exchange->problem) ||
           exchange->problem.code == PROBLEM_INVALID_PARAMETER;
}

static bool read_request_body(struct exchange *exchange)
{
    const struct operation *operation = exchange->match.operation;
    struct slice text = exchange->message->body;
    if (operation->is_form && !form_to_json(exchange->arena, text, &text, &exchange->problem))
        return false;
    if (operation->body && text.length) {
        json_t *value;
        if (!json_read(exchange->arena, text, &value, &exchange->problem))
            return false;
        if (!json_is_object(value))
            return problem_raise(exchange->arena, &exchange->problem, PROBLEM_INVALID_JSON, "请求体必须是 JSON 对象",
                                 "The body must be a JSON object");
        if (!schema_check(operation->body, value, exchange->arena, "body", "", PROBLEM_VALIDATION_FAILED,
                          &exchange->problem))
            return false;
        exchange->body = instants_cut(exchange->arena, text);
    }
    if (operation->is_raw)
        exchange->body = exchange->message->body;
    return exchange->problem.code == PROBLEM_NONE;
}

static struct call call_of(struct exchange *exchange)
{
    const struct operation *operation = exchange->match.operation;
    return (struct call){
        .service = exchange->service,
        .arena = exchange->arena,
        .operation = operation,
        .principal = exchange->principal,
        .parameters = exchange->parameters,
        .body = exchange->body,
        .request_id = exchange->request_id,
        .trace_id = exchange->trace_id,
        .dry_run = exchange->preferences.dry_run && operation->writes,
        .count = exchange->preferences.count && operation->is_list,
        .language = exchange->language,
        .listener = exchange->message->listener,
        .media = exchange->media,
        .target = arena_strndup(exchange->arena, exchange->path.bytes, exchange->path.length),
        .problem = &exchange->problem,
        .reply = &exchange->reply,
    };
}

static bool run_operation(struct exchange *exchange)
{
    struct call call = call_of(exchange);
    return call_binding(&call)->run(&call);
}

static bool is_options(const struct exchange *exchange)
{
    return exchange->method == METHOD_OPTIONS && exchange->match.allowed && exchange->problem.code == PROBLEM_NONE &&
           !exchange->match.operation;
}

static bool walk(struct exchange *exchange, step *const *steps, size_t n_steps)
{
    for (size_t i = 0; i < n_steps && !is_options(exchange); i++)
        if (!steps[i](exchange))
            return false;
    return true;
}

static void record(const struct exchange *exchange)
{
    const struct operation *operation = exchange->match.operation;
    const struct answer *answer = exchange->answer;
    int64_t duration_us = clock_monotonic_us() - exchange->started_us;
    const struct service *service = exchange->service;
    metrics_request(operation ? operation->index : service->contract->n_operations, answer->status, duration_us,
                    answer_length(answer));
    if (!service->config->log_requests)
        return;
    struct text cause = text_on(exchange->arena);
    text_add_json(&cause, exchange->problem.cause);
    log_event(answer->status >= 500 ? LOG_ERROR_LEVEL : LOG_INFO_LEVEL, "request",
              "\"operation\":\"%s\",\"method\":\"%s\",\"status\":%d,\"duration_us\":%lld,\"bytes\":%zu,"
              "\"request_id\":\"%s\",\"trace_id\":\"%s\",\"problem\":\"%s\",\"cause\":%s",
              operation ? operation->id : "none", exchange->method < METHOD_COUNT ? method_name(exchange->method) : "",
              answer->status, (long long)duration_us, answer_length(answer), exchange->request_id, exchange->trace_id,
              exchange->problem.code ? problem_kind(exchange->problem.code)->code : "", cause.bytes);
}

void *dispatch_head(void *context, const struct message *message, struct answer *answer)
{
    static step *const steps[] = { read_request_line, read_method,  find_route,
                                   authenticate_caller, check_accept, check_declared_length };
    const struct dispatcher *dispatcher = context;
    struct exchange *exchange = arena_new_of(answer->arena, struct exchange);
    *exchange = (struct exchange){ .service = dispatcher->service,
                                   .limits = dispatcher->limits,
                                   .lanes = dispatcher->lanes,
                                   .message = message,
                                   .answer = answer,
                                   .arena = answer->arena,
                                   .method = METHOD_COUNT,
                                   .started_us = clock_monotonic_us() };
    exchange_identify(exchange);
    if (walk(exchange, steps, ARRAY_LENGTH(steps)))
        return exchange;
    exchange->problem.closes = exchange->problem.closes || declares_too_much(exchange);
    exchange_refuse(exchange);
    record(exchange);
    return NULL;
}

static step *const body_steps[] = { check_body_head, read_request_parameters, read_request_body, run_operation };

static void answer_exchange(struct exchange *exchange, bool is_good)
{
    if (!is_good)
        exchange_refuse(exchange);
    else if (is_options(exchange))
        exchange_options(exchange);
    else
        exchange_reply(exchange);
    record(exchange);
}

void dispatch_body(void *context)
{
    struct exchange *exchange = context;
    if (exchange->message->body.bytes)
        exchange->started_us = clock_monotonic_us(); /* the client's time does not count */
    answer_exchange(exchange, walk(exchange, body_steps, ARRAY_LENGTH(body_steps)));
}

/* ---- quick reads ---- */

static void take_shared(void *context)
{
    struct exchange *exchange = context;
    enum op_shared end = op_take_shared(exchange->shared);
    if (end == OP_ELSEWHERE)
        exchange->problem = (struct problem){ 0 };
    else
        answer_exchange(exchange, end == OP_REPLIED);
    exchange->wait.done(exchange->wait.context, end != OP_ELSEWHERE);
}

static struct query *share(struct exchange *exchange)
{
    struct call *call = arena_new_of(exchange->arena, struct call);
    *call = call_of(exchange);
    return op_share(call, exchange->lanes, take_shared, exchange);
}

/* Whatever does not go well here is done again from the beginning, where it may wait. */
bool dispatch_begin(void *context, const struct answer_wait *wait)
{
    struct exchange *exchange = context;
    const struct operation *operation = exchange->match.operation;
    if (!exchange->lanes || !operation || exchange->message->body.length || !op_may_share(exchange->service, operation))
        return false;
    exchange->wait = *wait;
    if (walk(exchange, body_steps, ARRAY_LENGTH(body_steps) - 1)) /* all but running it */
        exchange->shared = share(exchange);
    if (!exchange->shared)
        exchange->problem = (struct problem){ 0 };
    return exchange->shared;
}

void dispatch_close(void *context)
{
    struct dispatcher *dispatcher = context;
    if (dispatcher->lanes)
        lanes_close(dispatcher->lanes);
}
