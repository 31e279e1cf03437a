#ifndef ANZE_BASE_ATTRIBUTES_H
#define ANZE_BASE_ATTRIBUTES_H

/* Short names for the compiler attributes that every header here uses.
 *
 *   NODISCARD  the result must be looked at
 *   FORMAT     printf-like: position of the format, position of the first argument
 *   RETURNS_NONNULL  never NULL: the process ends first (see arena.h)
 *   AUTO(function)  called with its address at the end of its scope: AUTO(arena_free_at_end) struct arena *arena = …;
 */
#define NODISCARD __attribute__((warn_unused_result))
#define FORMAT(text, first) __attribute__((format(printf, text, first)))
#define RETURNS_NONNULL __attribute__((returns_nonnull))
#define AUTO(cleanup_function) __attribute__((cleanup(cleanup_function)))

#define ARRAY_LENGTH(array) (sizeof(array) / sizeof((array)[0]))

#endif
