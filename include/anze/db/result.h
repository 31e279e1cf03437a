#ifndef ANZE_DB_RESULT_H
#define ANZE_DB_RESULT_H

#include "anze/base/arena.h"
#include <libpq-fe.h>

/* Hangs a result on the arena, which clears it. */
PGresult *result_keep(struct arena *arena, PGresult *result);

/* A notice receiver for sessions whose notices nobody needs; libpq's own prints them. */
void result_ignore_notice(void *context, const PGresult *notice);

#endif
