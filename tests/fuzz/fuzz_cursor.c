#include "anze/op/cursor.h"

#include <stdlib.h>

/* First byte odd: the rest is a cursor as a client would send it, which must be refused (nobody guesses the MAC).
 * Even: the rest is what a statement gave as sort values, sealed well; what is opened must be one to three strings. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool good)
{
    if (!good)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size)
        return 0;
    static const uint8_t binding[CRYPTO_DIGEST_BYTES] = { 7 };
    const struct slice key = SLICE("a secret of at least sixteen characters");
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    bool is_foreign = data[0] & 1;
    struct slice rest = { (const char *)data + 1, size - 1 };
    struct slice cursor = is_foreign ? rest : slice_of(cursor_seal(arena, key, binding, rest, 1000));
    const char *parts[CURSOR_MAX_PARTS] = { 0 };
    struct problem problem = { 0 };
    bool opened = cursor_open(arena, key, binding, cursor, 1000, parts, &problem);
    need(!opened || (!is_foreign && parts[0] && strlen(parts[0]) <= size));
    need(opened || problem.code == PROBLEM_INVALID_CURSOR);
    return 0;
}
