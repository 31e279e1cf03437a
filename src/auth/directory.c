#include "anze/auth/keys.h"
#include "anze/base/log.h"

#include <dirent.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>

/* `seen` sums up names, sizes and times; it is touched by one looker at a time. */
struct key_directory {
    struct arena *arena;
    const char *path;
    enum key_kind kind;
    pthread_mutex_t looking;
    uint8_t seen[CRYPTO_DIGEST_BYTES];
    struct key_shelf *shelf;
};

static void add_entry(struct text *text, int directory, const char *name)
{
    struct stat status;
    if (fstatat(directory, name, &status, 0) != 0)
        status = (struct stat){ 0 };
    text_printf(text, "%s/%ju/%jd/%jd.%09ld/%jd.%09ld;", name, (uintmax_t)status.st_ino, (intmax_t)status.st_size,
                (intmax_t)status.st_mtim.tv_sec, status.st_mtim.tv_nsec, (intmax_t)status.st_ctim.tv_sec,
                status.st_ctim.tv_nsec);
}

/* A digest of what the directory looks like; of nothing when it cannot be opened. Order does not matter to us: the
 * same directory is listed in the same order as long as nothing in it changes. */
static void look_at(const char *path, uint8_t seen[CRYPTO_DIGEST_BYTES])
{
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    struct text text = text_on(arena);
    DIR *directory = opendir(path);
    for (const struct dirent *entry; directory && (entry = readdir(directory));)
        if (entry->d_name[0] != '.')
            add_entry(&text, dirfd(directory), entry->d_name);
    if (directory) {
        text_add_char(&text, '.');
        closedir(directory);
    }
    struct slice parts = text_slice(&text);
    crypto_digest(DIGEST_SHA256, &parts, 1, seen);
}

struct key_directory *key_directory_open(const char *path, enum key_kind kind, struct text *complaints)
{
    uint8_t seen[CRYPTO_DIGEST_BYTES];
    look_at(path, seen); /* before reading: what changes meanwhile is then read again */
    struct key_set *set = key_set_read(path, kind, NULL, complaints);
    if (!set)
        return NULL;
    if (set->n == 0 && kind != KEY_NONE) {
        text_printf(complaints, "key directory %s: holds no key%s\n", path,
                    kind == KEY_PRIVATE ? "; `anze keys create` makes one" : "");
        key_set_free(set);
        return NULL;
    }
    struct arena *arena = arena_new();
    struct key_directory *directory = arena_new_of(arena, struct key_directory);
    *directory = (struct key_directory){ .arena = arena, .path = arena_strdup(arena, path), .kind = kind,
                                         .shelf = key_shelf_new(set) };
    memcpy(directory->seen, seen, sizeof seen);
    pthread_mutex_init(&directory->looking, NULL);
    return directory;
}

void key_directory_close(struct key_directory *directory)
{
    if (!directory)
        return;
    pthread_mutex_destroy(&directory->looking);
    key_shelf_free(directory->shelf);
    arena_free(directory->arena);
}

static void log_complaints(struct text *complaints)
{
    char *rest = complaints->bytes;
    for (char *line; rest && (line = strsep(&rest, "\n"));) {
        if (*line)
            log_event_text(LOG_WARNING_LEVEL, "key-refused", "reason", line);
    }
}

static bool read_again(struct key_directory *directory)
{
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    struct text complaints = text_on(arena);
    const struct key_set *old = key_shelf_hold(directory->shelf); /* nobody else puts: one looks at a time */
    struct key_set *set = key_set_read(directory->path, directory->kind, old, &complaints);
    key_shelf_let_go(directory->shelf);
    log_complaints(&complaints);
    if (!set)
        return false;
    log_event(LOG_INFO_LEVEL, "keys-read", "\"keys\":%zu", set->n);
    key_shelf_put(directory->shelf, set);
    return true;
}

bool key_directory_look(struct key_directory *directory)
{
    if (pthread_mutex_trylock(&directory->looking) != 0)
        return false; /* somebody is at it */
    uint8_t seen[CRYPTO_DIGEST_BYTES];
    look_at(directory->path, seen);
    bool changed = memcmp(seen, directory->seen, sizeof seen) != 0;
    if (changed) {
        memcpy(directory->seen, seen, sizeof seen);
        changed = read_again(directory);
    }
    pthread_mutex_unlock(&directory->looking);
    return changed;
}

struct key_shelf *key_directory_shelf(struct key_directory *directory)
{
    return directory->shelf;
}
