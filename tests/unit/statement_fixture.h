#ifndef ANZE_TEST_STATEMENT_FIXTURE_H
#define ANZE_TEST_STATEMENT_FIXTURE_H

#include "anze/db/statement.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

/* Statements whose values are called :a and :b. */
enum { A, B, N_SLOTS };

static int slot_of_letter(void *context, const char *name, size_t length)
{
    (void)context;
    return length == 1 && *name >= 'a' && *name < 'a' + N_SLOTS ? *name - 'a' : -1;
}

static struct statement *letter_statement(struct arena *arena, const char *sql, bool keeps_reply)
{
    const struct statement_options options = { .name = "test", .keeps_reply = keeps_reply, .slot_of = slot_of_letter };
    struct text complaints = text_on(arena);
    struct statement *compiled = statement_compile(arena, slice_of(sql), &options, &complaints);
    if (!compiled)
        fail_msg("%s", complaints.bytes);
    return compiled;
}

#endif
