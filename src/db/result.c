#include "anze/db/result.h"

static void clear_result(void *result)
{
    PQclear(result);
}

PGresult *result_keep(struct arena *arena, PGresult *result)
{
    arena_defer(arena, clear_result, result);
    return result;
}

void result_ignore_notice(void *context, const PGresult *notice)
{
    (void)context, (void)notice;
}
