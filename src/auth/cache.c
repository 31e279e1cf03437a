#include "anze/auth/cache.h"

#include <assert.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Buckets of WAYS entries; a digest belongs to one bucket. A lock serves every LOCKS-th bucket. */
enum { WAYS = 8, LOCKS = 64 };

struct bucket {
    struct verified *entries[WAYS];
};

struct token_cache {
    struct bucket *buckets;
    size_t n_buckets;
    struct {
        pthread_mutex_t mutex;
        uint64_t clock; /* counts uses */
    } locks[LOCKS];
};

static void *cache_alloc(size_t n, size_t size)
{
    void *memory = calloc(n, size);
    if (!memory) {
        fputs("anze: out of memory\n", stderr);
        abort();
    }
    return memory;
}

static const size_t strings[] = {
    offsetof(struct principal, issuer),       offsetof(struct principal, subject), offsetof(struct principal, actor),
    offsetof(struct principal, on_behalf_of), offsetof(struct principal, client),  offsetof(struct principal, token_id),
    offsetof(struct principal, unit),         offsetof(struct principal, region),  offsetof(struct principal, sectors),
    offsetof(struct principal, sector),       offsetof(struct principal, scopes),  offsetof(struct principal, actor_id),
    offsetof(struct principal, on_behalf_id),
};

static const char **string_at(struct principal *principal, size_t i)
{
    return (const char **)((char *)principal + strings[i]);
}

struct verified *verified_new(const struct principal *principal)
{
    struct principal copy = *principal;
    size_t room = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(strings); i++)
        room += strlen(*string_at(&copy, i)) + 1;
    struct verified *verified = cache_alloc(1, sizeof *verified + room);
    char *at = (char *)(verified + 1);
    for (size_t i = 0; i < ARRAY_LENGTH(strings); i++) {
        size_t length = strlen(*string_at(&copy, i)) + 1;
        *string_at(&copy, i) = memcpy(at, *string_at(&copy, i), length);
        at += length;
    }
    verified->principal = copy;
    atomic_init(&verified->references, 1);
    return verified;
}

void verified_release(void *object)
{
    struct verified *verified = object;
    if (atomic_fetch_sub_explicit(&verified->references, 1, memory_order_acq_rel) == 1)
        free(verified);
}

struct token_cache *token_cache_new(size_t size)
{
    struct token_cache *cache = cache_alloc(1, sizeof *cache);
    cache->n_buckets = (size + WAYS - 1) / WAYS;
    assert(cache->n_buckets > 0);
    cache->buckets = cache_alloc(cache->n_buckets, sizeof *cache->buckets);
    for (size_t i = 0; i < LOCKS; i++)
        pthread_mutex_init(&cache->locks[i].mutex, NULL);
    return cache;
}

void token_cache_free(struct token_cache *cache)
{
    for (size_t i = 0; i < cache->n_buckets; i++)
        for (size_t way = 0; way < WAYS; way++)
            if (cache->buckets[i].entries[way])
                verified_release(cache->buckets[i].entries[way]);
    for (size_t i = 0; i < LOCKS; i++)
        pthread_mutex_destroy(&cache->locks[i].mutex);
    free(cache->buckets);
    free(cache);
}

/* Locks the digest's bucket. The place is the entry of that digest, or NULL in *ret_entry. */
static size_t bucket_lock(struct token_cache *cache, const uint8_t *digest, struct bucket **ret_bucket,
                          struct verified ***ret_entry)
{
    uint64_t number;
    memcpy(&number, digest, sizeof number); /* a digest's bits are as good as any hash */
    size_t index = (size_t)(number % cache->n_buckets), lock = index % LOCKS;
    struct bucket *bucket = *ret_bucket = &cache->buckets[index];
    pthread_mutex_lock(&cache->locks[lock].mutex);
    *ret_entry = NULL;
    for (size_t way = 0; way < WAYS && !*ret_entry; way++)
        if (bucket->entries[way] && memcmp(bucket->entries[way]->digest, digest, CRYPTO_DIGEST_BYTES) == 0)
            *ret_entry = &bucket->entries[way];
    return lock;
}

static void bucket_unlock(struct token_cache *cache, size_t lock)
{
    pthread_mutex_unlock(&cache->locks[lock].mutex);
}

struct verified *token_cache_find(struct token_cache *cache, const uint8_t digest[CRYPTO_DIGEST_BYTES], int64_t now_s)
{
    struct bucket *bucket;
    struct verified **entry, *found = NULL;
    size_t lock = bucket_lock(cache, digest, &bucket, &entry);
    if (entry && now_s < (*entry)->good_until_s) {
        found = *entry;
        found->used = ++cache->locks[lock].clock;
        atomic_fetch_add_explicit(&found->references, 1, memory_order_relaxed);
    }
    bucket_unlock(cache, lock);
    return found;
}

static struct verified **place_for_one(struct bucket *bucket, int64_t now_s)
{
    struct verified **place = &bucket->entries[0];
    for (size_t way = 0; way < WAYS; way++) {
        struct verified **entry = &bucket->entries[way];
        if (!*entry || (*entry)->good_until_s <= now_s)
            return entry;
        if ((*entry)->used < (*place)->used)
            place = entry;
    }
    return place;
}

void token_cache_keep(struct token_cache *cache, struct verified *verified, int64_t now_s)
{
    struct bucket *bucket;
    struct verified **place;
    size_t lock = bucket_lock(cache, verified->digest, &bucket, &place);
    if (!place)
        place = place_for_one(bucket, now_s);
    struct verified *old = *place;
    atomic_fetch_add_explicit(&verified->references, 1, memory_order_relaxed);
    verified->used = ++cache->locks[lock].clock;
    *place = verified;
    bucket_unlock(cache, lock);
    if (old)
        verified_release(old);
}

void token_cache_drop(struct token_cache *cache, const uint8_t digest[CRYPTO_DIGEST_BYTES])
{
    struct bucket *bucket;
    struct verified **entry, *old = NULL;
    size_t lock = bucket_lock(cache, digest, &bucket, &entry);
    if (entry) {
        old = *entry;
        *entry = NULL;
    }
    bucket_unlock(cache, lock);
    if (old)
        verified_release(old);
}
