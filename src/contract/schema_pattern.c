#include "schema_node.h"

#include <stdatomic.h>

static void release_code(void *code)
{
    pcre2_code_free(code);
}

/* As ECMA-262 understands it: \d and \w are ASCII, $ is the very end. Patterns are interpreted: of checking a report
 * machine code saved nothing that could be measured, and it needs memory that is written and executed, which production
 * (MemoryDenyWriteExecute in deploy/anze.service) does not give: what is tested would not be what runs. */
const pcre2_code *compile_pattern(const struct compiling *at, const char *text)
{
    int error = 0;
    PCRE2_SIZE offset = 0;
    PCRE2_UCHAR why[120] = "";
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED,
                                     PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_ALT_BSUX | PCRE2_MATCH_UNSET_BACKREF,
                                     &error, &offset, NULL);
    if (!code) {
        pcre2_get_error_message(error, why, sizeof(why));
        schema_complain(at->set, at->schema->where, "pattern %s: %s", text, (const char *)why);
        return NULL;
    }
    arena_defer(at->set->arena, release_code, code);
    return code;
}

/* PCRE2 takes its memory from the arena: nothing to free, whatever happens. */
static void *match_memory(PCRE2_SIZE size, void *arena)
{
    return arena_alloc(arena, size);
}

static void match_release(void *memory, void *arena)
{
    (void)memory;
    (void)arena;
}

static pcre2_match_data *match_data(struct check *check)
{
    if (!check->match)
        check->match = pcre2_match_data_create(
            1, pcre2_general_context_create(match_memory, match_release, check->arena));
    return check->match;
}

/* Limits on backtracking: a pattern that needs more does not match. Made once, shared, never changed. */
static pcre2_match_context *match_limits(void)
{
    static _Atomic(pcre2_match_context *) shared;
    pcre2_match_context *limits = shared, *none = NULL;
    if (limits)
        return limits;
    limits = pcre2_match_context_create(NULL);
    pcre2_set_match_limit(limits, 100000);
    pcre2_set_depth_limit(limits, 1000);
    pcre2_set_heap_limit(limits, 1024);
    if (atomic_compare_exchange_strong(&shared, &none, limits))
        return limits;
    pcre2_match_context_free(limits);
    return none;
}

bool pattern_fits(struct check *check, const pcre2_code *pattern, struct slice text)
{
    return pcre2_match(pattern, (PCRE2_SPTR)text.bytes, text.length, 0, PCRE2_NO_UTF_CHECK, match_data(check),
                       match_limits()) >= 0;
}
