#include "anze/auth/token.h"
#include "anze/base/clock.h"
#include "anze/base/crypto.h"
#include "anze/base/embedded.h"
#include "anze/base/log.h"
#include "anze/base/metrics.h"
#include "anze/command/command.h"
#include "anze/db/lane.h"
#include "anze/http/dispatch.h"
#include "anze/http/edge.h"
#include "anze/op/bind.h"
#include "anze/work/sealer.h"
#include "anze/work/sweeper.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

const char usage_serve[] =
    "usage: anze serve\n\n"
    "Answers requests until SIGTERM or SIGINT: then it is no longer ready, finishes what is under way, and ends.\n"
    "Configuration is taken from the environment and ANZE_CONFIG_FILE (see `anze config --keys`).\n";

enum { MIN_CURSOR_KEY = 16, MIN_AUDIT_KEY = 16, MOST_EDGES = 8, PROCESSORS_FOR_ONE = 2 };

/* Everything that serve makes, in this order, and unmakes in reverse. */
struct server {
    struct arena *arena;
    const struct config *config;
    struct text complaints;
    struct contract *contract;
    struct service service;
    struct limits limits;
    struct dispatcher dispatchers[MOST_EDGES + 1]; /* the last is the admin listener's */
    enum digest_kind audit_digest;
    struct audit_sealer *sealer;
    struct worker *sweeper;
    struct edge *public_edges[MOST_EDGES], *admin_edge;
    long n_edges;
    _Atomic bool is_stopping;
};

typedef bool part(struct server *server);

static bool complain_at_start(struct server *server, const char *text)
{
    text_printf(&server->complaints, "%s\n", text);
    return false;
}

static bool open_log(struct server *server)
{
    static const char *const levels[] = { "debug", "info", "warning", "error" };
    for (size_t i = 0; i < ARRAY_LENGTH(levels); i++)
        if (strcmp(server->config->log_level, levels[i]) == 0) {
            log_open((enum log_level)i);
            return true;
        }
    return complain_at_start(server, "ANZE_LOG_LEVEL must be debug, info, warning or error");
}

static bool check_settings(struct server *server)
{
    const struct config *config = server->config;
    if (!*config->database_url)
        complain_at_start(server, "ANZE_DATABASE_URL is missing");
    if (*config->owner_database_url) /* who takes the service over would own the database */
        complain_at_start(server, "ANZE_OWNER_DATABASE_URL is set: only migrate, import and audit may have it, "
                                  "never the service");
    if (config->n_service_links)
        log_event(LOG_INFO_LEVEL, "service-links-ignored", "\"variables\":%d", config->n_service_links);
    if (strlen(config->cursor_key) < MIN_CURSOR_KEY)
        complain_at_start(server, "ANZE_CURSOR_KEY must have at least 16 characters");
    if (!digest_kind_from_name(config->audit_digest, &server->audit_digest))
        complain_at_start(server, "ANZE_AUDIT_DIGEST must be sm3 or sha256");
    if (*config->audit_key && strlen(config->audit_key) < MIN_AUDIT_KEY)
        complain_at_start(server, "ANZE_AUDIT_KEY must have at least 16 characters");
    if (!*config->audit_key)
        log_event(LOG_WARNING_LEVEL, "audit-key-missing", NULL); /* masked texts can then be altered unseen */
    if (*config->token_issuer && *config->token_issuers && !*config->token_plain_issuer)
        log_event(LOG_WARNING_LEVEL, "plain-issuer-unsaid", NULL); /* who came first may not be who is meant */
    server->limits.clients = clients_read(server->arena, config->trusted_proxies, &server->complaints);
    return edge_has_descriptors(config, &server->complaints) && server->complaints.length == 0;
}

static bool load_contract(struct server *server)
{
    const struct embedded_file *file = embedded_find(embedded_openapi, n_embedded_openapi, "openapi.json");
    server->contract = contract_load(server->arena, file->content, &server->complaints);
    if (!server->contract)
        return false;
    server->service.bindings = op_bind(server->arena, server->contract, &server->complaints);
    return server->service.bindings != NULL;
}

static bool open_metrics(struct server *server)
{
    const char **ids = arena_array_of(server->arena, const char *, server->contract->n_operations + 1);
    for (size_t i = 0; i < server->contract->n_operations; i++)
        ids[i] = server->contract->operations[i].id;
    metrics_open(ids, server->contract->n_operations, ANZE_VERSION);
    return true;
}

static bool open_verifier(struct server *server)
{
    const struct config *config = server->config;
    const struct verifier_options options = {
        .issuers = config->token_issuers,
        .own_issuer = config->token_issuer,
        .plain_issuer = config->token_plain_issuer,
        .key_directory = config->key_directory,
        .audience = config->token_audience,
        .skew_s = config->token_skew_s,
        .cache_size = config->token_cache_size,
        .jwks_refresh_s = config->jwks_refresh_s,
        .jwks_ca_file = config->jwks_ca_file,
        .jwks_cool_down_s = config->jwks_cool_down_s,
    };
    server->service.verifier = verifier_open(&options, &server->complaints);
    return server->service.verifier != NULL;
}

static bool open_pool(struct server *server)
{
    const struct config *config = server->config;
    const struct pool_options options = { config->database_url, (int)config->pool_size, (int)config->pool_wait_ms,
                                          (int)config->statement_timeout_ms };
    server->service.pool = pool_open(&options);
    const char *refusal = pool_refusal(server->service.pool);
    return !refusal || complain_at_start(server, refusal);
}

static bool start_sealer(struct server *server)
{
    const struct config *config = server->config;
    const struct audit_sealing sealing = { config->database_url, server->audit_digest, (int)config->audit_seal_ms,
                                           config->audit_anchor_file, (int)config->audit_anchor_s };
    server->sealer = audit_sealer_start(&sealing);
    return true;
}

static bool start_sweeper(struct server *server)
{
    server->sweeper = sweeper_start(server->config->database_url, (int)server->config->sweep_ms);
    return true;
}

/* PostgreSQL and the crew want processors, too. */
static long count_edges(const struct config *config)
{
    long some = sysconf(_SC_NPROCESSORS_ONLN) / PROCESSORS_FOR_ONE;
    long count = config->event_threads ? config->event_threads : some;
    return count < 1 ? 1 : count > MOST_EDGES ? MOST_EDGES : count;
}

static struct edge_options options_of(struct server *server, struct dispatcher *dispatcher)
{
    *dispatcher = (struct dispatcher){ .service = &server->service, .limits = &server->limits };
    return (struct edge_options){ .config = server->config,
                                  .handler = { dispatch_head, dispatch_begin, dispatch_body, dispatch_close },
                                  .context = dispatcher,
                                  .loop = loop_new(),
                                  .n_sharing = 1 };
}

/* An event thread of the public listener; the first opens the socket. */
static struct edge *open_public_edge(struct server *server, long number, long count)
{
    const struct config *config = server->config;
    struct dispatcher *dispatcher = &server->dispatchers[number];
    struct edge_options options = options_of(server, dispatcher);
    options.listener = LISTENER_PUBLIC;
    options.address = config->address;
    options.port = config->port;
    options.beside = server->public_edges[0];
    options.n_sharing = count;
    if (config->pool_shared)
        dispatcher->lanes =
            lanes_open(server->service.pool, options.loop, (int)((config->pool_shared + count - 1) / count));
    return edge_open(&options, &server->complaints);
}

static struct edge *open_admin_edge(struct server *server)
{
    struct edge_options options = options_of(server, &server->dispatchers[MOST_EDGES]);
    options.listener = LISTENER_ADMIN;
    options.address = server->config->admin_address;
    options.port = server->config->admin_port;
    return edge_open(&options, &server->complaints);
}

static bool open_edges(struct server *server)
{
    const struct config *config = server->config;
    server->service.config = config;
    server->service.contract = server->contract;
    server->service.is_stopping = &server->is_stopping;
    server->limits.callers = limiter_new(config->rate_limit, config->rate_window_s);
    server->limits.addresses = limiter_new(config->rate_limit, config->rate_window_s);
    for (long count = count_edges(config); server->n_edges < count; server->n_edges++) {
        server->public_edges[server->n_edges] = open_public_edge(server, server->n_edges, count);
        if (!server->public_edges[server->n_edges])
            return false;
    }
    /* The admin listener comes last: who hears "ready" there can already be served here. */
    server->admin_edge = open_admin_edge(server);
    return server->admin_edge != NULL;
}

static bool start_parts(struct server *server)
{
    static part *const parts[] = { open_log,  check_settings, load_contract, open_metrics, open_verifier,
                                   open_pool, start_sealer,   start_sweeper, open_edges };
    for (size_t i = 0; i < ARRAY_LENGTH(parts); i++)
        if (!parts[i](server))
            return false;
    return true;
}

/* Not ready at once, so that a balancer looks elsewhere; then no new connections; then wait for what is under way. */
static void drain(struct server *server)
{
    server->is_stopping = true;
    log_event(LOG_INFO_LEVEL, "stopping", NULL);
    for (long i = 0; i < server->n_edges; i++)
        edge_quiesce(server->public_edges[i]);
    int64_t end_us = clock_monotonic_us() + server->config->drain_timeout_s * INT64_C(1000000);
    for (long i = 0; i < server->n_edges; i++)
        edge_drain(server->public_edges[i], end_us);
}

static void finish_parts(struct server *server)
{
    for (long i = server->n_edges; i > 0; i--)
        edge_close(server->public_edges[i - 1]);
    if (server->admin_edge)
        edge_close(server->admin_edge);
    limiter_free(server->limits.callers);
    limiter_free(server->limits.addresses);
    worker_stop(server->sweeper);
    audit_sealer_stop(server->sealer);
    if (server->service.pool)
        pool_close(server->service.pool);
    verifier_close(server->service.verifier);
    metrics_close();
    log_event(LOG_INFO_LEVEL, "stopped", NULL);
    log_close();
}

/* Signals are taken by sigwait on this thread alone; blocked before any other thread begins. */
static sigset_t block_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    return set;
}

int command_serve(struct command_context *context, int argc, char **argv)
{
    (void)argv;
    if (argc > 1)
        return command_misuse(context, "serve takes no arguments");
    sigset_t signals = block_signals();
    struct server server = { .arena = context->arena, .config = context->config };
    server.complaints = text_on(context->arena);
    bool started = start_parts(&server);
    if (started) {
        log_event(LOG_INFO_LEVEL, "ready", "\"version\":\"%s\",\"port\":%ld,\"admin_port\":%ld,\"operations\":%zu",
                  ANZE_VERSION, edge_port(server.public_edges[0]), edge_port(server.admin_edge),
                  server.contract->n_operations);
        int signal_number;
        sigwait(&signals, &signal_number);
        drain(&server);
    }
    finish_parts(&server);
    return started ? COMMAND_OK : command_failure(context, "it did not start:\n%s", server.complaints.bytes);
}
