#include "lookup.h"
#include "anze/base/clock.h"
#include "anze/base/thread.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { MOST_AT_A_TIME = 16 };

/* Shared by who asks and who looks up: the last of the two frees it. */
struct search {
    char name[NI_MAXHOST];
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    bool is_done, is_left;
    struct lookup found;
};

static atomic_int under_way;

static void free_search(struct search *search)
{
    pthread_cond_destroy(&search->wake);
    pthread_mutex_destroy(&search->mutex);
    free(search);
    atomic_fetch_sub(&under_way, 1);
}

static void look_up(const char *name, struct lookup *found)
{
    const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
    struct addrinfo *list = NULL;
    int error = getaddrinfo(name, NULL, &hints, &list);
    if (error)
        snprintf(found->why, sizeof found->why, "the host's name was not found: %s", gai_strerror(error));
    for (struct addrinfo *a = list; a && found->n < LOOKUP_ADDRESSES; a = a->ai_next)
        if (!getnameinfo(a->ai_addr, a->ai_addrlen, found->addresses[found->n], NI_MAXHOST, NULL, 0, NI_NUMERICHOST))
            found->n++;
    if (list)
        freeaddrinfo(list);
}

static void *run_search(void *argument)
{
    struct search *search = argument;
    struct lookup found = { .n = 0 };
    look_up(search->name, &found);
    pthread_mutex_lock(&search->mutex);
    search->found = found;
    search->is_done = true;
    bool is_left = search->is_left;
    pthread_cond_signal(&search->wake);
    pthread_mutex_unlock(&search->mutex);
    if (is_left)
        free_search(search);
    return NULL;
}

static struct search *new_search(const char *name)
{
    struct search *search = calloc(1, sizeof *search);
    if (!search)
        abort();
    snprintf(search->name, sizeof search->name, "%s", name);
    pthread_mutex_init(&search->mutex, NULL);
    thread_condition(&search->wake);
    return search;
}

bool lookup_name(const char *name, int64_t patience_us, struct lookup *ret_found)
{
    struct timespec until = clock_timespec(clock_monotonic_us() + patience_us);
    *ret_found = (struct lookup){ .why = "the host's name was not found in time" };
    if (atomic_fetch_add(&under_way, 1) >= MOST_AT_A_TIME) {
        atomic_fetch_sub(&under_way, 1);
        return false;
    }
    struct search *search = new_search(name);
    pthread_detach(thread_start(run_search, search));
    pthread_mutex_lock(&search->mutex);
    while (!search->is_done && pthread_cond_timedwait(&search->wake, &search->mutex, &until) == 0)
        ;
    bool is_done = search->is_done;
    search->is_left = !is_done;
    if (is_done)
        *ret_found = search->found;
    pthread_mutex_unlock(&search->mutex);
    if (is_done)
        free_search(search);
    return ret_found->n > 0;
}
