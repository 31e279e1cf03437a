/* Templates: whatever is compiled must come out as SQL whose strings and comments end, with parameters in order. */
#include "anze/db/scanner.h"
#include "anze/db/statement.h"

#include <stdint.h>
#include <stdlib.h>

enum { N_SLOTS = 8 };

static int slot_of(void *context, const char *name, size_t length)
{
    (void)context;
    return length == 1 && *name >= 'a' && *name < 'a' + N_SLOTS ? *name - 'a' : -1;
}

static void check(const struct statement_variant *variant)
{
    struct sql_scanner scanner = { variant->sql, variant->sql + strlen(variant->sql) };
    for (struct sql_token token = sql_next(&scanner); token.kind != SQL_END; token = sql_next(&scanner)) {
        if (token.kind == SQL_UNENDED || token.kind == SQL_SEMICOLON || !token.text.length)
            abort();
        if (token.kind == SQL_POSITION && strtoul(token.text.bytes + 1, NULL, 10) > variant->n_slots)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct statement_options options = { .name = "fuzz", .keeps_reply = true, .slot_of = slot_of };
    const char *values[N_SLOTS] = { "", "x", NULL, "up", NULL, "1", NULL, "{}" };
    struct arena *arena = arena_new();
    struct text complaints = text_on(arena);
    struct slice sql = { (const char *)data, size };
    struct statement *statement = statement_compile(arena, sql, &options, &complaints);
    if (!statement && !complaints.length)
        abort();
    if (statement)
        for (int i = 0; i < 2; i++, values[0] = values[0] ? NULL : "x")
            check(statement_variant(statement, arena, values, i));
    arena_free(arena);
    return 0;
}
