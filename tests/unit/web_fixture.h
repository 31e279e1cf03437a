#ifndef ANZE_TESTS_WEB_FIXTURE_H
#define ANZE_TESTS_WEB_FIXTURE_H

#include "anze/base/arena.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* An issuer's web server on a loopback port: it answers each path with what the test has put there, and counts. */
struct page {
    const char *path, *head, *body; /* head: "200 OK\r\n" and further fields; NULL: it never answers */
};

struct web {
    int listener, port;
    pthread_t thread;
    pthread_mutex_t mutex;
    struct page pages[4];
    atomic_int asked;
    atomic_bool stops;
};

static inline void web_answer(struct web *web, int client, const char *request)
{
    char path[256] = "", head[512];
    sscanf(request, "GET %255s", path);
    pthread_mutex_lock(&web->mutex);
    struct page page = { path, "404 Not Found\r\n", "" };
    for (size_t i = 0; i < 4 && web->pages[i].path; i++)
        if (strcmp(web->pages[i].path, path) == 0)
            page = web->pages[i];
    atomic_fetch_add(&web->asked, 1);
    while (!page.head && !atomic_load(&web->stops)) {
        pthread_mutex_unlock(&web->mutex);
        usleep(20000);
        pthread_mutex_lock(&web->mutex);
    }
    int length = snprintf(head, sizeof head, "HTTP/1.1 %sContent-Length: %zu\r\nConnection: close\r\n\r\n",
                          page.head ? page.head : "503 Over\r\n", strlen(page.body));
    if (send(client, head, (size_t)length, MSG_NOSIGNAL) < 0 ||
        send(client, page.body, strlen(page.body), MSG_NOSIGNAL) < 0)
        (void)0; /* who asked has had enough */
    pthread_mutex_unlock(&web->mutex);
}

static inline void *web_run(void *context)
{
    struct web *web = context;
    for (int client; (client = accept(web->listener, NULL, NULL)) >= 0; close(client)) {
        char request[2048] = "";
        if (!atomic_load(&web->stops) && recv(client, request, sizeof request - 1, 0) > 0)
            web_answer(web, client, request);
    }
    return NULL;
}

static inline struct web *web_open(void)
{
    struct web *web = calloc(1, sizeof *web);
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    socklen_t length = sizeof address;
    web->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(web->listener, (struct sockaddr *)&address, length) != 0 || listen(web->listener, 16) != 0 ||
        getsockname(web->listener, (struct sockaddr *)&address, &length) != 0)
        abort();
    web->port = ntohs(address.sin_port);
    pthread_mutex_init(&web->mutex, NULL);
    pthread_create(&web->thread, NULL, web_run, web);
    return web;
}

static inline void web_put(struct web *web, size_t i, const char *path, const char *head, const char *body)
{
    pthread_mutex_lock(&web->mutex);
    web->pages[i] = (struct page){ path, head, body };
    pthread_mutex_unlock(&web->mutex);
}

static inline const char *web_url(struct web *web, struct arena *arena, const char *path)
{
    return arena_printf(arena, "http://127.0.0.1:%d%s", web->port, path);
}

static inline void web_close(struct web *web)
{
    atomic_store(&web->stops, true);
    shutdown(web->listener, SHUT_RDWR);
    pthread_join(web->thread, NULL);
    close(web->listener);
    pthread_mutex_destroy(&web->mutex);
    free(web);
}

#endif
