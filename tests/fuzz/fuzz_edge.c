#include "reader.h"

#include "anze/auth/claims.h"
#include "anze/auth/token.h"
#include "anze/base/clock.h"
#include "anze/base/crypto.h"
#include "anze/base/log.h"
#include "anze/base/metrics.h"
#include "anze/http/client.h"
#include "anze/http/dispatch.h"
#include "anze/http/edge.h"
#include "anze/op/bind.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <pthread.h>
#include <sanitizer/allocator_interface.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* Any bytes as what a client sends on one connection: through libmicrohttpd, ulfius and the edge to the dispatcher, with
 * the database away. Whatever they are,
 *   - what runs is what a second reader (reader.h) finds in them, in that order, and what that reader does not trust is
 *     followed by nothing that runs;
 *   - each request that ran whole is answered once, in order, and nothing comes behind an answer that closes;
 *   - the connection ends when the client has ended, and the memory is what it was.
 * "Bearer @" stands for a credential with every scope. */
enum { PATIENCE_S = 8, SETTLE_US = 2000 * 1000, LONG_HEAD = 7000, MOST_BYTES = 24 * 1024 };

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A request that came to the dispatcher, and what was answered: status 0 when its body never came whole. */
struct run {
    const char *method, *target;
    int status;
};

static struct {
    struct arena *arena; /* of the whole process */
    struct config config;
    struct contract *contract;
    struct service service;
    struct limits limits; /* none, and no proxies */
    struct dispatcher dispatcher;
    struct edge *edge;
    const char *credential;
    _Atomic bool is_stopping;
    pthread_mutex_t lock; /* of what the connection's thread notes */
    struct arena *notes;
    struct run runs[READER_MOST];
    size_t n_runs;
} world = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void need_that(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "fuzz_edge: %s\n", what);
    abort();
}

/* ------------------------------------------------------------------ the handler, around the dispatcher */

struct running {
    void *exchange;
    const struct answer *answer;
    struct run *run;
};

static void *take_head(void *context, const struct message *message, struct answer *answer)
{
    pthread_mutex_lock(&world.lock);
    need_that(world.n_runs < READER_MOST, "more requests than bytes");
    struct run *run = &world.runs[world.n_runs++];
    *run = (struct run){ arena_strndup(world.notes, message->method.bytes, message->method.length),
                         arena_strndup(world.notes, message->target.bytes, message->target.length), 0 };
    pthread_mutex_unlock(&world.lock);
    struct running running = { dispatch_head(context, message, answer), answer, run };
    if (running.exchange) {
        struct running *kept = arena_new_of(answer->arena, struct running);
        *kept = running;
        return kept;
    }
    run->status = answer->status;
    return NULL;
}

static bool begin_body(void *data, const struct answer_wait *wait)
{
    const struct running *running = data;
    return dispatch_begin(running->exchange, wait); /* nothing is shared while the database is away */
}

static void take_body(void *data)
{
    struct running *running = data;
    dispatch_body(running->exchange);
    running->run->status = running->answer->status;
}

/* ------------------------------------------------------------------ the world, made once */

static const char *signed_token(struct arena *arena, const struct key *key)
{
    struct text scopes = text_on(arena);
    for (size_t i = 0; i < world.contract->n_operations; i++)
        for (const char *const *scope = world.contract->operations[i].scopes; scope && *scope; scope++)
            if (!scopes.bytes || !strstr(scopes.bytes, *scope))
                text_printf(&scopes, "%s ", *scope);
    static const char header[] = "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"es\"}";
    const char *claims = arena_printf(
        arena, "{\"iss\":\"i\",\"aud\":\"anze\",\"sub\":\"s\",\"client_id\":\"c\",\"jti\":\"t\",\"iat\":%lld,\"exp\":%lld,"
               "\"anze_region\":\"1506\",\"scope\":\"%.*s\"}",
        (long long)(clock_wall_us() / 1000000), (long long)(clock_wall_us() / 1000000) + 36000,
        scopes.length ? (int)scopes.length - 1 : 0, scopes.bytes);
    const char *text = arena_printf(arena, "%s.%s", crypto_base64url(arena, header, sizeof header - 1),
                                    crypto_base64url(arena, claims, strlen(claims)));
    struct slice signature;
    need_that(key_sign(key, arena, slice_of(text), &signature), "the token is not signed");
    return arena_printf(arena, "%s.%s", text, crypto_base64url(arena, signature.bytes, signature.length));
}

static struct verifier *open_verifier(struct text *complaints, struct key *key)
{
    char directory[] = P_tmpdir "/anze-fuzz-XXXXXX";
    need_that(mkdtemp(directory) != NULL, "there is no folder for the key");
    const char *path = arena_printf(world.arena, "%s/es.ES256.pem", directory);
    FILE *file = fopen(path, "we");
    need_that(file && PEM_write_PUBKEY(file, key->pkey) == 1 && fclose(file) == 0, "the key is not written");
    struct verifier_options options = { .issuers = arena_printf(world.arena, "i=%s", directory), .audience = "anze",
                                        .skew_s = 60, .cache_size = 16 };
    struct verifier *verifier = verifier_open(&options, complaints);
    need_that(unlink(path) == 0 && rmdir(directory) == 0, "the key is not removed"); /* it is known by now */
    return verifier;
}

static void open_service(struct text *complaints)
{
    const struct embedded_file *file = embedded_find(embedded_openapi, n_embedded_openapi, "openapi.json");
    struct key key = { .kid = "es", .algorithm = KEY_ES256, .pkey = EVP_EC_gen("P-256") };
    need_that(config_load(world.arena, &world.config, complaints), "the configuration is bad");
    world.config.log_requests = false;
    world.config.max_body_bytes = 4096;
    world.config.body_memory_mib = 1;
    need_that((world.contract = contract_load(world.arena, file->content, complaints)), "the contract is bad");
    const char **ids = arena_array_of(world.arena, const char *, world.contract->n_operations + 1);
    for (size_t i = 0; i < world.contract->n_operations; i++)
        ids[i] = world.contract->operations[i].id;
    metrics_open(ids, world.contract->n_operations, "fuzz");
    const struct pool_options nowhere = { .url = "host=/nonexistent", .size = 1, .wait_ms = 1, .statement_timeout_ms = 1000 };
    world.service = (struct service){ .config = &world.config,
                                      .contract = world.contract,
                                      .pool = pool_open(&nowhere),
                                      .verifier = open_verifier(complaints, &key),
                                      .bindings = op_bind(world.arena, world.contract, complaints),
                                      .is_stopping = &world.is_stopping };
    world.credential = signed_token(world.arena, &key);
    EVP_PKEY_free(key.pkey);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    world.arena = arena_new();
    struct text complaints = text_on(world.arena);
    log_open(LOG_ERROR_LEVEL);
    open_service(&complaints);
    world.limits.clients = clients_read(world.arena, "", &complaints);
    world.dispatcher = (struct dispatcher){ .service = &world.service, .limits = &world.limits };
    const struct edge_options options = { .listener = LISTENER_PUBLIC,
                                          .address = "127.0.0.1",
                                          .config = &world.config,
                                          .handler = { take_head, begin_body, take_body, dispatch_close },
                                          .context = &world.dispatcher,
                                          .loop = loop_new(),
                                          .n_sharing = 1 };
    world.edge = edge_open(&options, &complaints);
    need_that(world.edge && world.service.bindings, complaints.length ? complaints.bytes : "the edge does not open");
    return 0;
}

/* ------------------------------------------------------------------ one connection */

static struct slice with_credentials(struct arena *arena, const uint8_t *data, size_t size)
{
    static const char mark[] = "Bearer @";
    struct text text = text_on(arena);
    for (size_t i = 0; i < size; i++)
        if (size - i >= sizeof mark - 1 && memcmp(data + i, mark, sizeof mark - 1) == 0) {
            text_printf(&text, "Bearer %s", world.credential);
            i += sizeof mark - 2;
        } else {
            text_add_char(&text, (char)data[i]);
        }
    return text_slice(&text);
}

/* libFuzzer has a timer, whose signal breaks into calls. */
static int connected(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)edge_port(world.edge)) };
    const struct timeval patience = { PATIENCE_S, 0 };
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    while (connect(fd, (struct sockaddr *)&address, sizeof address) != 0 && errno != EISCONN)
        need_that(errno == EINTR || errno == EALREADY, "it does not accept");
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return fd;
}

/* All that comes until the service closes; the client has said at once that nothing more will. */
static struct slice talk(struct arena *arena, struct slice bytes)
{
    static char block[64 * 1024];
    struct text text = text_on(arena);
    int fd = connected();
    if (send(fd, bytes.bytes, bytes.length, MSG_NOSIGNAL) == (ssize_t)bytes.length)
        shutdown(fd, SHUT_WR);
    ssize_t n;
    while ((n = recv(fd, block, sizeof block, 0)) > 0 || (n < 0 && errno == EINTR))
        text_add(&text, block, n > 0 ? (size_t)n : 0);
    need_that(n == 0 || errno == ECONNRESET, "the connection does not end");
    close(fd);
    return text_slice(&text);
}

/* ------------------------------------------------------------------ what came back */

/* Stands in every answer of ours. */
static const char our_own[] = "\r\nX-Request-Id: ";

struct received {
    int status;
    bool closes, is_library; /* libmicrohttpd's own page */
};

static bool has_line(struct slice head, const char *line)
{
    return head.length && memmem(head.bytes, head.length, line, strlen(line)) != NULL;
}

static size_t body_length(struct slice head, int status, const char *method)
{
    static const char name[] = "\r\nContent-Length: ";
    const char *at = memmem(head.bytes, head.length, name, sizeof name - 1);
    if (status < 200 || status == 204 || status == 304 || strcmp(method, "HEAD") == 0)
        return 0;
    need_that(at != NULL, "an answer without a length");
    return strtoul(at + sizeof name - 1, NULL, 10);
}

/* Takes one answer off the front. What is not whole is no answer. libmicrohttpd sends the head of a page of its own twice
 * when a length is empty, and ends: such a page is the last in any case. */
static bool next_reply(struct slice *rest, const char *method, struct received *ret_received)
{
    const char *end = rest->length ? memmem(rest->bytes, rest->length, "\r\n\r\n", 4) : NULL;
    if (!end)
        return false;
    struct slice head = { rest->bytes, (size_t)(end + 4 - rest->bytes) };
    need_that(sscanf(head.bytes, "HTTP/1.1 %3d ", &ret_received->status) == 1, "an answer that is none");
    ret_received->is_library = ret_received->status >= 400 && !has_line(head, our_own);
    ret_received->closes = ret_received->is_library || has_line(head, "\r\nConnection: close\r\n");
    size_t whole = head.length + body_length(head, ret_received->status, method);
    if (ret_received->is_library || (ret_received->closes && strcmp(method, "HEAD") == 0)) /* or HEAD\0, with a body */
        whole = rest->length;
    if (rest->length < whole)
        return false;
    need_that(!ret_received->is_library || !has_line(*rest, our_own), "an answer behind the library's own");
    *rest = (struct slice){ rest->bytes + whole, rest->length - whole };
    return true;
}

/* The answers are those of the runs, in order; behind them at most one page of the library's. True: it closed. */
static bool check_replies(struct slice rest)
{
    bool is_closed = false;
    for (size_t i = 0; rest.length; ) {
        struct received reply;
        need_that(next_reply(&rest, i < world.n_runs ? world.runs[i].method : "", &reply), "an answer breaks off");
        if (reply.status < 200)
            continue;
        need_that(!is_closed, "an answer behind one that closes");
        is_closed = reply.closes;
        if (reply.is_library)
            continue;
        need_that(i < world.n_runs && world.runs[i].status == reply.status, "an answer to nothing, or another one");
        i++;
        need_that(rest.length || i == world.n_runs || (i + 1 == world.n_runs && !world.runs[i].status),
                  "a request ran and was not answered");
    }
    return is_closed;
}

static void check_runs(const struct reading *reading, bool is_closed)
{
    for (size_t i = 0; i < world.n_runs && i < reading->n; i++)
        need_that(slice_equals(reading->requests[i].method, world.runs[i].method) &&
                      strncmp(reading->requests[i].target.bytes, world.runs[i].target, strlen(world.runs[i].target)) == 0,
                  "another request ran than was sent");
    need_that(world.n_runs <= reading->n + reading->is_stuck || reading->is_doubtful, "a request ran that was hidden");
    need_that(is_closed || world.n_runs >= reading->n || reading->requests[world.n_runs].head_bytes > LONG_HEAD,
              "a request was lost");
    need_that(!reading->is_closed || world.n_runs < reading->n || world.runs[reading->n - 1].status, "no answer");
}

static size_t held_bytes(void)
{
    return __sanitizer_get_current_allocated_bytes();
}

/* Who is answered may still be freed. */
static size_t settled_bytes(size_t before)
{
    int64_t end = clock_monotonic_us() + SETTLE_US;
    while ((metrics_get(METRIC_CONNECTIONS_OPEN) || held_bytes() > before) && clock_monotonic_us() < end)
        clock_pause(50);
    need_that(!metrics_get(METRIC_CONNECTIONS_OPEN), "a connection is left");
    return held_bytes();
}

/* What it left in memory. */
static size_t run_once(const uint8_t *data, size_t size)
{
    size_t before = held_bytes();
    struct arena *arena = arena_new();
    world.notes = arena_new();
    world.n_runs = 0;
    struct slice bytes = with_credentials(arena, data, size);
    struct slice replies = talk(arena, bytes);
    pthread_mutex_lock(&world.lock);
    check_runs(reader_read(arena, bytes), check_replies(replies));
    arena_free(world.notes);
    world.notes = NULL;
    pthread_mutex_unlock(&world.lock);
    arena_free(arena);
    size_t after = settled_bytes(before);
    return after > before ? after - before : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { TRIES = 4 }; /* what is kept once is no leak */
    if (size > MOST_BYTES)
        return -1;
    int leaks = 0;
    while (leaks < TRIES && run_once(data, size))
        leaks++;
    need_that(leaks < TRIES, "memory is left each time");
    return 0;
}
