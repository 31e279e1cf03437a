#include "anze/auth/token.h"
#include "anze/base/clock.h"
#include "anze/base/embedded.h"
#include "anze/base/metrics.h"
#include "anze/op/table.h"

#include <time.h>

/* What the service says about itself. */

static bool reply_text(struct call *call, struct slice text)
{
    reply_add(call->reply, text);
    return true;
}

static bool reply_document(struct call *call, const char *name, const char *media)
{
    const struct embedded_file *file = embedded_find(embedded_openapi, n_embedded_openapi, name);
    call->reply->media = media;
    call->reply->etag = arena_strndup(call->arena, file->digest, 16);
    return reply_text(call, file->content);
}

bool op_openapi_json(struct call *call)
{
    return reply_document(call, "openapi.json", "application/json");
}

bool op_openapi_yaml(struct call *call)
{
    return reply_document(call, "openapi.yaml", "application/yaml");
}

bool op_service_description(struct call *call)
{
    return reply_text(call, SLICE("{\"name\":\"anze\",\"title\":\"安责\",\"version\":\"" ANZE_VERSION "\",\"links\":{"
                                  "\"service_desc\":\"/openapi.json\",\"jwks\":\"/.well-known/jwks.json\","
                                  "\"health\":\"/healthz\",\"ready\":\"/readyz\"}}"));
}

bool op_api_catalog(struct call *call)
{
    return reply_text(call, SLICE("{\"linkset\":[{\"anchor\":\"/\",\"service-desc\":["
                                  "{\"href\":\"/openapi.json\",\"type\":\"application/json\"},"
                                  "{\"href\":\"/openapi.yaml\",\"type\":\"application/yaml\"}],"
                                  "\"status\":[{\"href\":\"/readyz\",\"type\":\"application/health+json\"}]}]}"));
}

bool op_health(struct call *call)
{
    return reply_text(call, SLICE("{\"status\":\"pass\",\"version\":\"" ANZE_VERSION "\"}"));
}

/* One of the things that readiness hangs on; a warning leaves it ready. */
struct check {
    const char *name;
    enum { PASS, WARN, FAIL } status;
    const char *output; /* why, for operators: shown on the admin listener alone */
};

static const char *const status_names[] = { [PASS] = "pass", [WARN] = "warn", [FAIL] = "fail" };

static const char *clock_output(struct arena *arena, int64_t off_s)
{
    return arena_printf(arena, "this machine's clock is %lld s %s that of the database",
                        off_s < 0 ? (long long)-off_s : (long long)off_s, off_s < 0 ? "behind" : "before");
}

static void render_check(struct text *out, const struct check *check, bool tells)
{
    text_printf(out, "\"%s\":[{\"status\":\"%s\"", check->name, status_names[check->status]);
    if (tells && check->status != PASS) {
        text_add_string(out, ",\"output\":");
        text_add_json(out, check->output);
    }
    text_add_string(out, "}],");
}

/* Ready means: the database answers and takes writes, its clock is ours, and no stop is under way. On a full disk
 * reports are refused but all is read: no reason to take a replica away. */
bool op_readiness(struct call *call)
{
    const struct pool_state pool = pool_state(call->service->pool, call->arena);
    const struct check checks[] = {
        { "database", pool.is_up ? PASS : FAIL, pool.trouble },
        { "clock", pool_clock_is_off(pool.clock_off_s) ? FAIL : PASS, clock_output(call->arena, pool.clock_off_s) },
        { "storage", pool.is_full ? WARN : PASS, "the database's disk is full: nothing can be written" },
        { "service", *call->service->is_stopping ? FAIL : PASS, "a stop is under way" },
    };
    struct text rendered = text_on(call->arena);
    int whole = PASS;
    for (size_t i = 0; i < ARRAY_LENGTH(checks); i++) {
        render_check(&rendered, &checks[i], call->listener == LISTENER_ADMIN);
        whole = (int)checks[i].status > whole ? (int)checks[i].status : whole;
    }
    call->reply->status = whole == FAIL ? 503 : 200;
    return reply_text(call, slice_of(arena_printf(call->arena,
                                                  "{\"status\":\"%s\",\"version\":\"%s\",\"checks\":{%.*s}}",
                                                  status_names[whole], ANZE_VERSION, (int)rendered.length - 1,
                                                  rendered.bytes)));
}

bool op_metrics(struct call *call)
{
    struct text text = text_on(call->arena);
    metrics_render(&text);
    return reply_text(call, text_slice(&text));
}

bool op_key_set(struct call *call)
{
    return reply_text(call, verifier_jwks(call->service->verifier, call->arena));
}

/* RFC 9116: the file says until when it holds. */
bool op_security_text(struct call *call)
{
    enum { HOLDS_S = 180 * 24 * 3600 };
    char until[32];
    time_t expires = (time_t)(clock_wall_us() / 1000000) + HOLDS_S;
    struct tm utc;
    strftime(until, sizeof until, "%Y-%m-%dT00:00:00Z", gmtime_r(&expires, &utc));
    const char *text = arena_printf(call->arena, "Contact: %s\nExpires: %s\nPreferred-Languages: zh, en\n",
                                    call->service->config->security_contact, until);
    return reply_text(call, slice_of(text));
}
