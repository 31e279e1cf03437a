#include "anze/auth/keys.h"

#include <pthread.h>

struct key_shelf {
    struct arena *arena;
    pthread_rwlock_t lock;
    struct key_set *set;
};

/* Who puts does not wait for ever while others come and go. */
struct key_shelf *key_shelf_new(struct key_set *set)
{
    struct arena *arena = arena_new();
    struct key_shelf *shelf = arena_new_of(arena, struct key_shelf);
    pthread_rwlockattr_t attributes;
    *shelf = (struct key_shelf){ .arena = arena, .set = set };
    pthread_rwlockattr_init(&attributes);
    pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    pthread_rwlock_init(&shelf->lock, &attributes);
    pthread_rwlockattr_destroy(&attributes);
    return shelf;
}

void key_shelf_free(struct key_shelf *shelf)
{
    pthread_rwlock_destroy(&shelf->lock);
    key_set_free(shelf->set);
    arena_free(shelf->arena);
}

void key_shelf_put(struct key_shelf *shelf, struct key_set *set)
{
    pthread_rwlock_wrlock(&shelf->lock);
    struct key_set *old = shelf->set;
    shelf->set = set;
    pthread_rwlock_unlock(&shelf->lock);
    key_set_free(old);
}

const struct key_set *key_shelf_hold(struct key_shelf *shelf)
{
    pthread_rwlock_rdlock(&shelf->lock);
    return shelf->set;
}

void key_shelf_let_go(struct key_shelf *shelf)
{
    pthread_rwlock_unlock(&shelf->lock);
}
