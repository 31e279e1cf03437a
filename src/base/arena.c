#include "anze/base/arena.h"
#include "anze/base/slice.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { BLOCK_BYTES = 4096 };

struct block {
    struct block *previous;
    size_t used, room;
    alignas(max_align_t) char bytes[];
};

struct deferred {
    struct deferred *previous;
    void (*dispose)(void *);
    void *object;
};

struct arena {
    struct block *block;
    struct deferred *deferred;
    bool is_secret;
};

static void *take_or_end(size_t size)
{
    void *memory = calloc(1, size);
    if (!memory) {
        fputs("anze: out of memory\n", stderr);
        abort();
    }
    return memory;
}

struct arena *arena_new(void)
{
    return take_or_end(sizeof(struct arena));
}

struct arena *arena_new_secret(void)
{
    struct arena *arena = arena_new();
    arena->is_secret = true;
    return arena;
}

void arena_free(struct arena *arena)
{
    if (!arena)
        return;
    for (struct deferred *d = arena->deferred; d; d = d->previous)
        d->dispose(d->object);
    for (struct block *block = arena->block, *previous; block; block = previous) {
        previous = block->previous;
        if (arena->is_secret)
            explicit_bzero(block->bytes, block->used);
        free(block);
    }
    free(arena);
}

void arena_free_at_end(struct arena **arena)
{
    arena_free(*arena);
}

static struct block *block_with_room(struct arena *arena, size_t size)
{
    size_t room = size > BLOCK_BYTES / 2 ? size : BLOCK_BYTES - sizeof(struct block);
    struct block *block = take_or_end(sizeof(struct block) + room);
    block->room = room;
    if (arena->block && room == size) { /* a large piece: keep filling the block before it */
        block->previous = arena->block->previous;
        arena->block->previous = block;
    } else {
        block->previous = arena->block;
        arena->block = block;
    }
    return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    const size_t unit = alignof(max_align_t);
    if (size > SIZE_MAX / 2)
        abort();
    size = (size + unit - 1) / unit * unit;
    struct block *block = arena->block;
    if (!block || block->room - block->used < size)
        block = block_with_room(arena, size);
    void *memory = block->bytes + block->used;
    block->used += size;
    return memory;
}

char *arena_strndup(struct arena *arena, const char *bytes, size_t length)
{
    char *copy = arena_alloc(arena, length + 1);
    memcpy(copy, bytes, length);
    return copy;
}

char *arena_strdup(struct arena *arena, const char *text)
{
    return arena_strndup(arena, text, strlen(text));
}

char *arena_vprintf(struct arena *arena, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    if (length < 0)
        abort();
    char *text = arena_alloc(arena, (size_t)length + 1);
    vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    return text;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = arena_vprintf(arena, format, arguments);
    va_end(arguments);
    return text;
}

void arena_defer(struct arena *arena, void (*dispose)(void *), void *object)
{
    struct deferred *deferred = arena_new_of(arena, struct deferred);
    *deferred = (struct deferred){ arena->deferred, dispose, object };
    arena->deferred = deferred;
}
