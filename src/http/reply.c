#include "anze/http/exchange.h"
#include "anze/base/etag.h"
#include "anze/http/download.h"

#include <ctype.h>
#include <stdint.h>
#include <time.h>
#include <zlib.h>

static const struct {
    const char *name, *value;
} security_headers[] = {
    { "X-Content-Type-Options", "nosniff" },
    { "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'" },
    { "Referrer-Policy", "no-referrer" },
    { "Cross-Origin-Resource-Policy", "same-origin" },
};

static const struct config *config_of(const struct exchange *exchange)
{
    return exchange->service->config;
}

static struct slice asked(const struct exchange *exchange, const char *name)
{
    return message_field(exchange->message, exchange->arena, name);
}

static void add_limits(struct exchange *exchange)
{
    const char *policy = exchange->limit_policy;
    if (!policy)
        return;
    answer_header(exchange->answer, "RateLimit-Policy",
                  arena_printf(exchange->arena, "\"%s\";q=%ld;w=%ld", policy, config_of(exchange)->rate_limit,
                               config_of(exchange)->rate_window_s));
    answer_header(exchange->answer, "RateLimit",
                  arena_printf(exchange->arena, "\"%s\";r=%ld;t=%ld", policy, exchange->limit.remaining,
                               exchange->limit.reset_s));
}

/* True when `origin` stands in the space-separated list. */
static bool origin_is_listed(const char *list, struct slice origin)
{
    for (const char *word = list; *word;) {
        size_t length = strcspn(word, " ");
        if (length && length == origin.length && memcmp(word, origin.bytes, length) == 0)
            return true;
        word += length;
        word += strspn(word, " ");
    }
    return false;
}

/* CORS: nothing for origins that are not listed, so that a browser keeps the answer from them. */
static void add_cors(struct exchange *exchange)
{
    struct slice origin = asked(exchange, "Origin");
    struct answer *answer = exchange->answer;
    if (!origin.bytes || !origin_is_listed(config_of(exchange)->cors_origins, origin))
        return;
    answer_header(answer, "Access-Control-Allow-Origin", arena_strndup(exchange->arena, origin.bytes, origin.length));
    if (exchange->method != METHOD_OPTIONS) {
        answer_header(answer, "Access-Control-Expose-Headers",
                      "Accept-Ranges, Content-Disposition, Content-Range, ETag, Link, Location, Retry-After, "
                      "RateLimit, RateLimit-Policy, X-Request-Id, Idempotency-Replayed, Preference-Applied");
        return;
    }
    answer_header(answer, "Access-Control-Allow-Methods", route_allow(exchange->arena, exchange->match.allowed));
    answer_header(answer, "Access-Control-Allow-Headers",
                  "Authorization, Content-Digest, Content-Type, Accept-Language, If-Match, If-None-Match, If-Range, "
                  "Idempotency-Key, Prefer, Range, X-Request-Id, traceparent");
    answer_header(answer, "Access-Control-Max-Age", "600");
}

/* What every answer carries, good or bad. */
static void add_common(struct exchange *exchange)
{
    for (size_t i = 0; i < ARRAY_LENGTH(security_headers); i++)
        answer_header(exchange->answer, security_headers[i].name, security_headers[i].value);
    if (config_of(exchange)->hsts)
        answer_header(exchange->answer, "Strict-Transport-Security", "max-age=31536000");
    answer_header(exchange->answer, "X-Request-Id", exchange->request_id);
    add_limits(exchange);
    add_cors(exchange);
}

static struct slice deflated(struct arena *arena, const struct answer *answer)
{
    z_stream stream = { 0 };
    size_t room = answer_length(answer) + 64;
    if (deflateInit2(&stream, 1, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return SLICE_NONE;
    char *bytes = arena_alloc(arena, room);
    stream.next_out = (Bytef *)bytes;
    stream.avail_out = (uInt)room;
    int state = Z_OK;
    for (size_t i = 0; i < answer->n_parts && state == Z_OK; i++) {
        stream.next_in = (Bytef *)(uintptr_t)answer->parts[i].bytes;
        stream.avail_in = (uInt)answer->parts[i].length;
        state = deflate(&stream, i + 1 == answer->n_parts ? Z_FINISH : Z_NO_FLUSH);
    }
    size_t length = stream.total_out;
    deflateEnd(&stream);
    return state == Z_STREAM_END ? (struct slice){ bytes, length } : SLICE_NONE;
}

/* Whether compressing this reply's body is worth it and was asked for. */
static bool wants_gzip(const struct exchange *exchange)
{
    const struct reply *reply = &exchange->reply;
    size_t least = (size_t)config_of(exchange)->gzip_min_bytes, length = 0;
    for (size_t i = 0; i < reply->n_parts; i++)
        length += reply->parts[i].length;
    return least && !reply->source.read && !exchange->match.operation->no_store && length >= least &&
           negotiate_gzip(asked(exchange, "Accept-Encoding"));
}

static bool compress_body(struct exchange *exchange)
{
    struct answer *answer = exchange->answer;
    if (!answer->n_parts || !wants_gzip(exchange))
        return false;
    struct slice gzip = deflated(exchange->arena, answer);
    if (!gzip.bytes)
        return false;
    answer->parts[0] = gzip;
    answer->n_parts = 1;
    answer_header(answer, "Content-Encoding", "gzip");
    return true;
}

/* 2026-11-20T14:11:12.123456+08:00, as the database writes it -> Fri, 20 Nov 2026 06:11:12 GMT. What is no instant with
 * an offset gives nothing. */
static const char *http_date(struct arena *arena, const char *instant)
{
    struct tm there = { 0 }, utc;
    char *text = arena_alloc(arena, 32);
    const char *rest = strptime(instant, "%Y-%m-%dT%H:%M:%S", &there);
    if (rest && *rest == '.')
        rest += 1 + strspn(rest + 1, "0123456789");
    struct tm zone = { 0 };
    if (!rest || !(rest = strptime(rest, "%z", &zone)) || *rest)
        return NULL;
    time_t moment = timegm(&there) - zone.tm_gmtoff;
    return strftime(text, 32, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&moment, &utc)) ? text : NULL;
}

static bool is_stream(const struct exchange *exchange)
{
    return exchange->media && strcmp(exchange->media, MEDIA_EVENTS) == 0;
}

static const char *cache_control(const struct exchange *exchange)
{
    const struct operation *operation = exchange->match.operation;
    if (operation->no_store || operation->writes || is_stream(exchange))
        return "no-store";
    if (exchange->reply.cache_control)
        return exchange->reply.cache_control;
    return operation->cache_control ? operation->cache_control : "private, no-cache";
}

static const char *absolute(const struct exchange *exchange, const char *path)
{
    const char *prefix = config_of(exchange)->public_url;
    struct slice host = asked(exchange, "Host");
    if (*prefix || !host.length)
        return arena_printf(exchange->arena, "%s%s", prefix, path);
    return arena_printf(exchange->arena, "http://%.*s%s", (int)host.length, host.bytes, path);
}

/* The client's own bytes within a URI reference: what is none of a URI's characters (RFC 3986 2) is escaped, so that it
 * ends neither the reference nor the field. */
static void add_uri(struct text *link, struct slice raw)
{
    for (size_t i = 0; i < raw.length; i++) {
        unsigned char c = (unsigned char)raw.bytes[i];
        text_printf(link, isalnum(c) || (c && strchr("-._~:/?#[]@!$&'()*+,;=%", c)) ? "%c" : "%%%02X", c);
    }
}

/* The query of this request with its cursor replaced. */
static const char *next_link(const struct exchange *exchange)
{
    struct text link = text_on(exchange->arena);
    struct slice query = exchange->query;
    text_printf(&link, "<%s", absolute(exchange, ""));
    add_uri(&link, exchange->path);
    text_add_char(&link, '?');
    for (const char *at = query.bytes, *end = at ? at + query.length : at; at && at < end;) {
        const char *amp = memchr(at, '&', (size_t)(end - at));
        size_t length = (size_t)((amp ? amp : end) - at);
        if (length < 7 || memcmp(at, "cursor=", 7) != 0) {
            add_uri(&link, (struct slice){ at, length });
            text_add_char(&link, '&');
        }
        at += length + 1;
    }
    text_printf(&link, "cursor=%s>; rel=\"next\"", exchange->reply.next);
    return link.bytes;
}

static void add_validators(struct exchange *exchange, bool is_gzip)
{
    const struct reply *reply = &exchange->reply;
    struct answer *answer = exchange->answer;
    if (reply->etag)
        answer_header(answer, "ETag", etag_field(exchange->arena, reply->etag, is_gzip));
    const char *modified = reply->last_modified ? http_date(exchange->arena, reply->last_modified) : NULL;
    if (modified)
        answer_header(answer, "Last-Modified", modified);
    answer_header(answer, "Cache-Control", cache_control(exchange));
    answer_header(answer, "Vary", "Accept, Accept-Encoding, Accept-Language, Origin");
}

static void add_reply_headers(struct exchange *exchange)
{
    const struct reply *reply = &exchange->reply;
    struct answer *answer = exchange->answer;
    const struct preferences applied = {
        .lenient = exchange->preferences.lenient,
        .minimal = exchange->preferences.minimal && exchange->match.operation->writes,
        .dry_run = exchange->preferences.dry_run && exchange->match.operation->writes,
        .count = exchange->preferences.count && exchange->match.operation->is_list,
    };
    const char *preferences = preferences_applied(exchange->arena, &applied);
    if (reply->location)
        answer_header(answer, "Location", absolute(exchange, reply->location));
    if (reply->next)
        answer_header(answer, "Link", next_link(exchange));
    if (reply->replayed)
        answer_header(answer, "Idempotency-Replayed", "true");
    if (preferences)
        answer_header(answer, "Preference-Applied", preferences);
}

static bool is_unmodified(const struct exchange *exchange)
{
    struct slice tags = asked(exchange, "If-None-Match");
    return exchange->match.operation->is_conditional && exchange->reply.etag && tags.bytes &&
           none_match_hits(tags, exchange->reply.etag);
}

/* A file in pieces: the range that was asked for, or all of it. False: that range is not there. */
static bool add_file_source(struct exchange *exchange)
{
    const struct reply *reply = &exchange->reply;
    struct answer *answer = exchange->answer;
    struct byte_range range = { 0, reply->source.length };
    enum range_verdict verdict = RANGE_WHOLE;
    if (exchange->method == METHOD_GET && range_counts(asked(exchange, "If-Range"), reply->etag))
        verdict = range_read(asked(exchange, "Range"), reply->source.length, &range);
    if (verdict == RANGE_OUTSIDE)
        return problem_raise(exchange->arena, &exchange->problem, PROBLEM_RANGE_NOT_SATISFIABLE, "共 %llu 字节",
                             "There are %llu bytes", (unsigned long long)reply->source.length);
    answer->source = reply->source;
    answer->source.length = range.length;
    answer->source_from = range.first;
    answer_header(answer, "Accept-Ranges", "bytes");
    if (reply->file_name)
        answer_header(answer, "Content-Disposition", disposition_of(exchange->arena, reply->file_name));
    if (verdict == RANGE_PART) {
        answer->status = 206;
        answer_header(answer, "Content-Range",
                      arena_printf(exchange->arena, "bytes %llu-%llu/%llu", (unsigned long long)range.first,
                                   (unsigned long long)(range.first + range.length - 1),
                                   (unsigned long long)reply->source.length));
    }
    return true;
}

/* A stream of events has no parts that one could ask for. */
static bool add_source(struct exchange *exchange)
{
    if (!is_stream(exchange))
        return add_file_source(exchange);
    exchange->answer->source = exchange->reply.source;
    return true;
}

static void add_body(struct exchange *exchange)
{
    const struct operation *operation = exchange->match.operation;
    struct answer *answer = exchange->answer;
    bool minimal = exchange->preferences.minimal && operation->writes;
    for (size_t i = 0; i < exchange->reply.n_parts && !minimal; i++)
        answer->parts[answer->n_parts++] = exchange->reply.parts[i];
    const char *media = exchange->reply.media ? exchange->reply.media : exchange->media;
    if ((answer->n_parts || answer->source.read) && media)
        answer_header(answer, "Content-Type", media);
}

void exchange_reply(struct exchange *exchange)
{
    struct answer *answer = exchange->answer;
    const struct reply *reply = &exchange->reply;
    answer->status = reply->status ? reply->status : exchange->match.operation->success_status;
    if (exchange->preferences.dry_run && exchange->match.operation->writes)
        answer->status = 200;
    bool is_gzip = false;
    if (is_unmodified(exchange)) {
        answer->status = 304;
        is_gzip = wants_gzip(exchange); /* the tag that 200 would have had */
    } else if (reply->source.read && !add_source(exchange)) {
        exchange_refuse(exchange);
        return;
    } else {
        add_body(exchange);
        is_gzip = compress_body(exchange);
    }
    add_common(exchange);
    add_validators(exchange, is_gzip);
    add_reply_headers(exchange);
}

void exchange_options(struct exchange *exchange)
{
    exchange->answer->status = 204;
    answer_header(exchange->answer, "Allow", route_allow(exchange->arena, exchange->match.allowed));
    answer_header(exchange->answer, "Vary", "Origin");
    add_common(exchange);
}

/* WWW-Authenticate per RFC 6750 section 3: no error code when no token was given. */
static void add_challenge(struct exchange *exchange)
{
    static const char realm[] = "Bearer realm=\"anze\"";
    const char *challenge = realm;
    if (exchange->problem.code == PROBLEM_INVALID_TOKEN)
        challenge = "Bearer realm=\"anze\", error=\"invalid_token\"";
    else if (exchange->problem.code == PROBLEM_INSUFFICIENT_SCOPE) {
        struct text scopes = text_on(exchange->arena);
        for (const char *const *s = exchange->match.operation->scopes; *s; s++)
            text_printf(&scopes, "%s%s", scopes.length ? " " : "", *s);
        challenge = arena_printf(exchange->arena, "%s, error=\"insufficient_scope\", scope=\"%s\"", realm,
                                 scopes.bytes);
    } else if (exchange->problem.code != PROBLEM_UNAUTHENTICATED)
        return;
    answer_header(exchange->answer, "WWW-Authenticate", challenge);
}

static void add_hints(struct exchange *exchange)
{
    const struct problem *problem = &exchange->problem;
    const struct operation *operation = exchange->match.operation;
    struct answer *answer = exchange->answer;
    add_challenge(exchange);
    if (problem->code == PROBLEM_METHOD_NOT_ALLOWED)
        answer_header(answer, "Allow", route_allow(exchange->arena, exchange->match.allowed));
    if (problem->code == PROBLEM_UNSUPPORTED_MEDIA_TYPE && operation) {
        answer_header(answer, operation->method == METHOD_PATCH ? "Accept-Patch" : "Accept", operation->request_media);
        answer_header(answer, "Accept-Encoding", "identity");
    }
    if (problem->code == PROBLEM_RANGE_NOT_SATISFIABLE)
        answer_header(answer, "Content-Range", arena_printf(exchange->arena, "bytes */%llu",
                                                            (unsigned long long)exchange->reply.source.length));
    if (problem->etag)
        answer_header(answer, "ETag", etag_field(exchange->arena, problem->etag, false));
    if (problem->retry_after_s)
        answer_header(answer, "Retry-After", arena_printf(exchange->arena, "%d", problem->retry_after_s));
}

static void add_problem(struct exchange *exchange)
{
    struct answer *answer = exchange->answer;
    const char *instance = arena_printf(exchange->arena, "urn:anze:request:%s", exchange->request_id);
    answer->parts[answer->n_parts++] =
        problem_render(exchange->arena, &exchange->problem, exchange->language, instance, exchange->trace_id);
    answer_header(answer, "Content-Type", "application/problem+json");
    answer_header(answer, "Content-Language", exchange->language == LANGUAGE_EN ? "en" : "zh-CN");
}

/* RFC 6749 5.2: 400 and 401 alone, English in ASCII. */
static bool is_for_oauth(const struct exchange *exchange)
{
    int status = exchange->answer->status;
    return exchange->match.operation && exchange->match.operation->says_oauth
           && (status == 400 || status == 401 || status == 422);
}

static void add_oauth_error(struct exchange *exchange)
{
    struct answer *answer = exchange->answer;
    const char *error = answer->status == 401 ? "invalid_client" : "invalid_request";
    answer->status = answer->status == 401 ? 401 : 400;
    answer->parts[answer->n_parts++] = problem_render_oauth(exchange->arena, &exchange->problem, error);
    answer_header(answer, "Content-Type", "application/json");
    answer_header(answer, "Content-Language", "en");
}

void exchange_refuse(struct exchange *exchange)
{
    struct answer *answer = exchange->answer;
    answer->status = problem_kind(exchange->problem.code)->status;
    answer->close = exchange->problem.closes;
    if (is_for_oauth(exchange))
        add_oauth_error(exchange);
    else
        add_problem(exchange);
    answer_header(answer, "Cache-Control", "no-store");
    answer_header(answer, "Vary", "Accept-Language, Origin");
    add_common(exchange);
    add_hints(exchange);
}
