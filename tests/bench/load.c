/* Load for the benchmark: N clients, each with one connection kept alive, in one thread by epoll.
 *
 *     load PORT CLIENTS WARMUP_S SECONDS RATE SEED FILE
 *
 * FILE holds whole requests, each behind its length (4 bytes, little-endian); a client sends one picked at random,
 * reads the whole answer, and sends the next. 32 times K in a request becomes another text each time
 * (Idempotency-Key). RATE 0: closed loop, the next request goes out at once. Else each client sends RATE requests per
 * second at set times, and latency counts from the set time, so that waiting behind a late answer is not hidden.
 *
 * Prints `counting` when the warm-up is over, and in the end one line of JSON. Requests that began in the warm-up count
 * in `all` only. The connections stay open until standard input ends, so that whoever called can look at the server
 * while it has all its threads. */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum { KEY_LENGTH = 32, BUFFER = 256 * 1024, EVENTS = 256, MAX_CLIENTS = 4096 };

struct request {
    char *bytes;
    size_t length;
    char *key; /* where in bytes, or NULL */
};

struct client {
    int socket;
    bool is_busy;
    int64_t began_us;
    int64_t due_us;
    char *answer;
    size_t filled;
    uint32_t *latencies;
    size_t n_latencies, room;
};

static struct request *requests;
static size_t n_requests;
static struct client *clients;
static int n_clients, epoll_fd, port;
static uint64_t random_state;
static uint64_t n_all, n_bytes, statuses[600], n_reconnects;
static int64_t counts_from_us, ends_us, interval_us;

static void fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
static void fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("load: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(1);
}

static int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static uint64_t next_random(void) /* splitmix64 */
{
    uint64_t z = (random_state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static void read_requests(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        fail("cannot read %s", path);
    uint32_t length;
    while (fread(&length, sizeof length, 1, file) == 1) {
        requests = realloc(requests, (n_requests + 1) * sizeof *requests);
        struct request request = { malloc(length + 1), length, NULL };
        if (!requests || !request.bytes || fread(request.bytes, 1, length, file) != length)
            fail("%s ends in a request", path);
        request.bytes[length] = '\0';
        request.key = strstr(request.bytes, "KKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKK");
        requests[n_requests++] = request;
    }
    fclose(file);
    if (!n_requests)
        fail("no request in %s", path);
}

static void open_connection(struct client *client)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    client->socket = socket(AF_INET, SOCK_STREAM, 0);
    if (client->socket < 0 || connect(client->socket, (struct sockaddr *)&address, sizeof address))
        fail("cannot connect: %s", strerror(errno));
    setsockopt(client->socket, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = client };
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, client->socket, &event))
        fail("epoll: %s", strerror(errno));
}

static void send_request(struct client *client, int64_t began_us)
{
    struct request *request = &requests[next_random() % n_requests];
    char key[KEY_LENGTH + 1];
    if (request->key) {
        snprintf(key, sizeof key, "%016" PRIx64 "%016" PRIx64, next_random(), next_random());
        memcpy(request->key, key, KEY_LENGTH);
    }
    client->is_busy = true;
    client->began_us = began_us;
    client->filled = 0;
    if (send(client->socket, request->bytes, request->length, MSG_NOSIGNAL) != (ssize_t)request->length)
        fail("cannot send: %s", strerror(errno));
}

/* Length of the whole answer, or 0 when its head is not complete. */
static size_t answer_length(const char *answer, int *ret_status)
{
    const char *end = strstr(answer, "\r\n\r\n");
    if (!end)
        return 0;
    *ret_status = atoi(answer + 9);
    const char *length = strcasestr(answer, "\r\ncontent-length:");
    if (*ret_status == 204 || *ret_status == 304)
        return (size_t)(end + 4 - answer);
    if (!length || length > end || *ret_status < 100 || *ret_status >= 600)
        fail("an answer that this program cannot read:\n%.*s", (int)(end - answer), answer);
    return (size_t)(end + 4 - answer) + strtoul(length + 17, NULL, 10);
}

static void keep_latency(struct client *client, int64_t us)
{
    if (client->n_latencies == client->room) {
        client->room = client->room ? client->room * 2 : 4096;
        client->latencies = realloc(client->latencies, client->room * sizeof *client->latencies);
        if (!client->latencies)
            fail("out of memory");
    }
    client->latencies[client->n_latencies++] = (uint32_t)us;
}

static void finish_request(struct client *client, int status)
{
    int64_t now = now_us();
    client->is_busy = false;
    n_all++;
    if (client->began_us >= counts_from_us) {
        keep_latency(client, now - client->began_us);
        statuses[status]++;
        n_bytes += client->filled;
    }
    if (interval_us)
        client->due_us += interval_us;
    else if (now < ends_us)
        send_request(client, now);
}

static void read_answer(struct client *client)
{
    int status = 0;
    ssize_t got = recv(client->socket, client->answer + client->filled, BUFFER - 1 - client->filled, 0);
    if (got <= 0) {
        if (client->is_busy)
            fail("a connection ended in the middle of an answer: %s", got ? strerror(errno) : "closed");
        close(client->socket);
        open_connection(client);
        n_reconnects++;
        return;
    }
    client->filled += (size_t)got;
    client->answer[client->filled] = '\0';
    size_t length = answer_length(client->answer, &status);
    if (length && client->filled >= length)
        finish_request(client, status);
    else if (client->filled == BUFFER - 1)
        fail("an answer is too long");
}

/* Sends what is due; how many microseconds until the next is. */
static int64_t send_due(void)
{
    int64_t now = now_us(), next = now + 100000;
    for (int i = 0; i < n_clients; i++) {
        struct client *client = &clients[i];
        if (client->is_busy)
            continue;
        if (client->due_us <= now)
            send_request(client, client->due_us);
        else if (client->due_us < next)
            next = client->due_us;
    }
    return next - now;
}

static void tell_counting(void)
{
    static bool is_told;
    if (is_told || now_us() < counts_from_us)
        return;
    is_told = true;
    puts("counting");
    fflush(stdout);
}

static void run(void)
{
    struct epoll_event events[EVENTS];
    while (now_us() < ends_us) {
        tell_counting();
        int64_t wait_us = interval_us ? send_due() : 100000;
        struct timespec wait = { .tv_nsec = wait_us * 1000 };
        int n = epoll_pwait2(epoll_fd, events, EVENTS, &wait, NULL);
        for (int i = 0; i < n; i++)
            read_answer(events[i].data.ptr);
    }
}

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static uint32_t quantile(const uint32_t *sorted, size_t n, double q)
{
    return n ? sorted[(size_t)((double)(n - 1) * q)] : 0;
}

static void print_result(double seconds)
{
    size_t n = 0, filled = 0;
    uint32_t worst = 0;
    for (int i = 0; i < n_clients; i++)
        n += clients[i].n_latencies;
    uint32_t *all = malloc((n + 1) * sizeof *all);
    if (!all)
        fail("out of memory");
    for (int i = 0; i < n_clients; i++) {
        struct client *client = &clients[i];
        qsort(client->latencies, client->n_latencies, sizeof *client->latencies, compare);
        uint32_t p99 = quantile(client->latencies, client->n_latencies, 0.99);
        worst = p99 > worst ? p99 : worst;
        if (client->n_latencies)
            memcpy(all + filled, client->latencies, client->n_latencies * sizeof *all);
        filled += client->n_latencies;
    }
    qsort(all, n, sizeof *all, compare);
    printf("{\"all\":%" PRIu64 ",\"requests\":%zu,\"rps\":%.1f,\"p50_us\":%u,\"p99_us\":%u,\"max_us\":%u,"
           "\"worst_client_p99_us\":%u,\"bytes\":%.0f,\"reconnects\":%" PRIu64 ",\"statuses\":{", n_all, n,
           (double)n / seconds, quantile(all, n, 0.5), quantile(all, n, 0.99), quantile(all, n, 1), worst,
           n ? (double)n_bytes / (double)n : 0.0, n_reconnects);
    const char *comma = "";
    for (int i = 0; i < 600; i++)
        if (statuses[i]) {
            printf("%s\"%d\":%" PRIu64, comma, i, statuses[i]);
            comma = ",";
        }
    puts("}}");
    free(all);
}

static void open_clients(void)
{
    clients = calloc((size_t)n_clients, sizeof *clients);
    epoll_fd = epoll_create1(0);
    if (!clients || epoll_fd < 0)
        fail("%s", strerror(errno));
    for (int i = 0; i < n_clients; i++) {
        clients[i].answer = malloc(BUFFER);
        if (!clients[i].answer)
            fail("out of memory");
        open_connection(&clients[i]);
    }
}

int main(int argc, char **argv)
{
    if (argc != 8)
        fail("usage: load PORT CLIENTS WARMUP_S SECONDS RATE SEED FILE");
    double warmup_s = atof(argv[3]), seconds = atof(argv[4]), rate = atof(argv[5]);
    port = atoi(argv[1]);
    n_clients = atoi(argv[2]);
    random_state = strtoull(argv[6], NULL, 10);
    read_requests(argv[7]);
    if (n_clients < 1 || n_clients > MAX_CLIENTS || !(seconds > 0) || rate < 0)
        fail("a number makes no sense");
    interval_us = rate > 0 ? (int64_t)(1e6 / rate) : 0;
    open_clients();
    counts_from_us = now_us() + (int64_t)(warmup_s * 1e6);
    ends_us = counts_from_us + (int64_t)(seconds * 1e6);
    for (int i = 0; i < n_clients; i++) {
        if (interval_us)
            clients[i].due_us = now_us() + (int64_t)(next_random() % (uint64_t)interval_us);
        else
            send_request(&clients[i], now_us());
    }
    run();
    print_result(seconds);
    fflush(stdout);
    while (getchar() != EOF)
        ;
    return 0;
}
