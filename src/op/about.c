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

/* Ready means: the database answers and no stop is under way. */
bool op_readiness(struct call *call)
{
    bool up = pool_is_up(call->service->pool), stopping = *call->service->is_stopping;
    const char *database = up ? "pass" : "fail", *whole = up && !stopping ? "pass" : "fail";
    call->reply->status = up && !stopping ? 200 : 503;
    return reply_text(call, slice_of(arena_printf(call->arena,
                                                  "{\"status\":\"%s\",\"version\":\"%s\",\"checks\":{\"database\":"
                                                  "[{\"status\":\"%s\"}],\"service\":[{\"status\":\"%s\"}]}}",
                                                  whole, ANZE_VERSION, database, stopping ? "fail" : "pass")));
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
