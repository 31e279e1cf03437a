#ifndef ANZE_BASE_ARENA_H
#define ANZE_BASE_ARENA_H

#include "anze/base/attributes.h"
#include <stdarg.h>
#include <stddef.h>

/* Memory that lives as long as one piece of work (a request, a command) and is freed whole.
 *
 * Request code never frees: what it needs comes from the arena, and what a library gave it (a json_t, a
 * PGresult) is hung on the arena with arena_defer. Deferred functions run in reverse order when it is freed.
 *
 * Nothing here returns NULL. Everything that a client can grow is limited before it gets here (body, headers,
 * JSON nodes), so running out of memory is the machine's failure: the process says so and ends.
 * One arena belongs to one thread at a time. All memory is zeroed. */
struct arena;

struct arena *arena_new(void) NODISCARD RETURNS_NONNULL;
/* For keys, passwords and tokens: its memory is overwritten before it goes back to the system. */
struct arena *arena_new_secret(void) NODISCARD RETURNS_NONNULL;
void arena_free(struct arena *arena); /* NULL is accepted */

void *arena_alloc(struct arena *arena, size_t size) NODISCARD RETURNS_NONNULL;
char *arena_strdup(struct arena *arena, const char *text) NODISCARD RETURNS_NONNULL;
char *arena_strndup(struct arena *arena, const char *bytes, size_t length) NODISCARD RETURNS_NONNULL;
char *arena_printf(struct arena *arena, const char *format, ...) FORMAT(2, 3) NODISCARD RETURNS_NONNULL;
char *arena_vprintf(struct arena *arena, const char *format, va_list arguments) FORMAT(2, 0) NODISCARD RETURNS_NONNULL;

/* Run `dispose(object)` when the arena is freed. */
void arena_defer(struct arena *arena, void (*dispose)(void *), void *object);

#define arena_new_of(arena, type) ((type *)arena_alloc((arena), sizeof(type)))
#define arena_array_of(arena, type, count) ((type *)arena_alloc((arena), sizeof(type) * (count)))

void arena_free_at_end(struct arena **arena); /* for AUTO() */

#endif
