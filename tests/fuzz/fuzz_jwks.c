#include "anze/auth/jwks.h"
#include "anze/base/json.h"

#include <stdlib.h>

/* Anything that an issuer answers. What is taken of it are sound public keys, each with a kid of its own, and they come
 * back from what we would publish of them. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool good)
{
    if (!good)
        abort();
}

static struct key_set *read_set(struct arena *arena, struct slice text)
{
    struct problem problem = { 0 };
    struct text complaints = text_on(arena);
    json_t *document;
    return json_read(arena, text, &document, &problem) ? jwks_read(document, &complaints) : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    struct key_set *set = read_set(arena, (struct slice){ (const char *)data, size });
    if (!set)
        return 0;
    struct key_set *again = read_set(arena, jwks_render(arena, set));
    need(again && again->n == set->n);
    for (size_t i = 0; i < set->n; i++) {
        need(key_id_is_valid(slice_of(set->keys[i].kid)) && key_set_find(set, set->keys[i].kid) == &set->keys[i]);
        need(memcmp(set->keys[i].print, again->keys[i].print, sizeof set->keys[i].print) == 0);
    }
    key_set_free(again);
    key_set_free(set);
    return 0;
}
