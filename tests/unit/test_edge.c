#include "anze/http/edge.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

/* The edge on a socket of its own, with a handler in place of the dispatcher. */
struct scene {
    struct arena *arena;
    struct config config;
    struct edge *edge;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool may_answer;
};

static struct scene scene;

static void *take_head(void *context, const struct message *message, struct answer *answer)
{
    (void)context, (void)message;
    return answer;
}

static bool begin_nothing(void *exchange, const struct answer_wait *wait)
{
    (void)exchange, (void)wait;
    return false;
}

static void close_nothing(void *context)
{
    (void)context;
}

static void answer_when_told(void *exchange)
{
    struct answer *answer = exchange;
    pthread_mutex_lock(&scene.lock);
    while (!scene.may_answer)
        pthread_cond_wait(&scene.changed, &scene.lock);
    pthread_mutex_unlock(&scene.lock);
    answer->status = 204;
}

static void let_answer(bool may)
{
    pthread_mutex_lock(&scene.lock);
    scene.may_answer = may;
    pthread_cond_broadcast(&scene.changed);
    pthread_mutex_unlock(&scene.lock);
}

static int open_scene(void **state)
{
    (void)state;
    scene.arena = arena_new();
    pthread_mutex_init(&scene.lock, NULL);
    pthread_cond_init(&scene.changed, NULL);
    struct text complaint = text_on(scene.arena);
    if (!config_load(scene.arena, &scene.config, &complaint))
        return -1;
    scene.config.statement_timeout_ms = 10;
    scene.config.pool_wait_ms = 1;
    const struct edge_options options = { LISTENER_PUBLIC, "127.0.0.1", 0, &scene.config,
                                          { take_head, begin_nothing, answer_when_told, close_nothing },
                                          NULL, loop_new(), NULL, 1 };
    scene.edge = edge_open(&options, &complaint);
    return scene.edge ? 0 : -1;
}

static int close_scene(void **state)
{
    (void)state;
    let_answer(true);
    edge_close(scene.edge);
    arena_free(scene.arena);
    return 0;
}

static int call(const char *request)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)edge_port(scene.edge)) };
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), strlen(request));
    return fd;
}

static void a_request_is_answered(void **state)
{
    (void)state;
    char answer[512] = "";
    let_answer(true);
    int fd = call("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_true(recv(fd, answer, sizeof answer - 1, 0) > 0);
    assert_memory_equal(answer, "HTTP/1.1 204 ", 13);
    close(fd);
}

/* The handler never ends by itself here; its client is let go all the same. */
static void work_that_hangs_is_cut(void **state)
{
    (void)state;
    char answer[512];
    let_answer(false);
    int fd = call("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_int_equal(recv(fd, answer, sizeof answer, 0), 0);
    close(fd);
    let_answer(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_answered),
        cmocka_unit_test(work_that_hangs_is_cut),
    };
    return cmocka_run_group_tests(tests, open_scene, close_scene);
}
