#include "anze/base/embedded.h"
#include "anze/op/slot.h"
#include "anze/op/table.h"

#include <stdio.h>

static const struct op_exception *exception_of(const char *id)
{
    for (size_t i = 0; i < n_op_exceptions; i++)
        if (strcmp(op_exceptions[i].id, id) == 0)
            return &op_exceptions[i];
    return NULL;
}

static const char *statement_file(struct arena *arena, const struct operation *operation)
{
    return arena_printf(arena, "queries/%s/%s.sql", operation->tag, operation->id);
}

static void bind_statement(struct arena *arena, const struct operation *operation, struct op_binding *binding,
                           struct text *complaints)
{
    const char *name = statement_file(arena, operation);
    const struct embedded_file *file = embedded_find(embedded_sql, n_embedded_sql, name);
    if (!file) {
        text_printf(complaints, "operation %s has neither sql/%s nor a row in op/table.c\n", operation->id, name);
        return;
    }
    const struct statement_options options = { .name = operation->id,
                                               .keeps_reply = operation->takes_key,
                                               .slot_of = slot_of,
                                               .context = (void *)operation };
    *binding = (struct op_binding){ op_query, statement_compile(arena, file->content, &options, complaints) };
}

static void bind_one(struct arena *arena, const struct operation *operation, struct op_binding *binding,
                     struct text *complaints)
{
    const struct op_exception *exception = exception_of(operation->id);
    if (exception)
        binding->run = exception->run;
    else
        bind_statement(arena, operation, binding, complaints);
}

static bool is_statement_of(struct arena *arena, const struct contract *contract, const char *file)
{
    for (size_t i = 0; i < contract->n_operations; i++)
        if (strcmp(statement_file(arena, &contract->operations[i]), file) == 0)
            return true;
    return false;
}

static void find_strays(struct arena *arena, const struct contract *contract, struct text *complaints)
{
    for (size_t i = 0; i < n_embedded_sql; i++)
        if (strncmp(embedded_sql[i].name, "queries/", 8) == 0 &&
            !is_statement_of(arena, contract, embedded_sql[i].name))
            text_printf(complaints, "statement sql/%s has no operation\n", embedded_sql[i].name);
    for (size_t i = 0; i < n_op_exceptions; i++)
        if (!contract_operation(contract, op_exceptions[i].id))
            text_printf(complaints, "op/table.c: %s is no operation of the contract\n", op_exceptions[i].id);
}

const struct op_binding *op_bind(struct arena *arena, const struct contract *contract, struct text *complaints)
{
    size_t complained = complaints->length;
    struct op_binding *bindings = arena_array_of(arena, struct op_binding, contract->n_operations);
    for (size_t i = 0; i < contract->n_operations; i++)
        bind_one(arena, &contract->operations[i], &bindings[i], complaints);
    find_strays(arena, contract, complaints);
    return complaints->length == complained ? bindings : NULL;
}
