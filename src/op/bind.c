#include "anze/base/embedded.h"
#include "anze/db/statement.h"
#include "anze/op/bind.h"
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

static const char *statement_file(struct arena *arena, const struct operation *operation, const char *name)
{
    return arena_printf(arena, "queries/%s/%s.sql", operation->tag, name);
}

static struct statement *bind_statement(struct arena *arena, const struct slot_names *slots, const char *name,
                                        bool keeps_reply, struct text *complaints)
{
    const struct operation *operation = slots->operation;
    const char *path = statement_file(arena, operation, name);
    const struct embedded_file *file = embedded_find(embedded_sql, n_embedded_sql, path);
    if (!file) {
        text_printf(complaints, "operation %s needs sql/%s, or a row in op/table.c without statements\n", operation->id,
                    path);
        return NULL;
    }
    const struct statement_options options = { .name = name,
                                               .keeps_reply = keeps_reply,
                                               .slot_of = slot_of,
                                               .context = (void *)slots };
    return statement_compile(arena, file->content, &options, complaints);
}

static void bind_one(struct arena *arena, const struct operation *operation, struct op_binding *binding,
                     struct text *complaints)
{
    const struct op_exception *exception = exception_of(operation->id);
    const struct slot_names slots = { operation, exception ? exception->slots : NULL };
    binding->run = exception ? exception->run : op_query;
    if (operation->streams && !exception)
        text_printf(complaints, "operation %s answers with events, which no statement can: op/table.c has no row\n",
                    operation->id);
    if (!exception || exception->more[0])
        binding->statement = bind_statement(arena, &slots, operation->id, operation->takes_key, complaints);
    for (size_t i = 0; exception && i < OP_MAX_MORE && exception->more[i]; i++)
        binding->more[i] = bind_statement(arena, &slots, exception->more[i], false, complaints);
}

static bool is_statement_of(struct arena *arena, const struct operation *operation, const char *file)
{
    const struct op_exception *exception = exception_of(operation->id);
    if (strcmp(statement_file(arena, operation, operation->id), file) == 0)
        return true;
    for (size_t i = 0; exception && i < OP_MAX_MORE && exception->more[i]; i++)
        if (strcmp(statement_file(arena, operation, exception->more[i]), file) == 0)
            return true;
    return false;
}

static bool has_operation(struct arena *arena, const struct contract *contract, const char *file)
{
    for (size_t i = 0; i < contract->n_operations; i++)
        if (is_statement_of(arena, &contract->operations[i], file))
            return true;
    return false;
}

static void find_strays(struct arena *arena, const struct contract *contract, struct text *complaints)
{
    for (size_t i = 0; i < n_embedded_sql; i++)
        if (strncmp(embedded_sql[i].name, "queries/", 8) == 0 && !has_operation(arena, contract, embedded_sql[i].name))
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
