#ifndef ANZE_DB_LANE_H
#define ANZE_DB_LANE_H

#include "anze/base/loop.h"
#include "anze/db/pool.h"

/* Connections that many quick reads share. Each puts its trip, with a Sync and so a transaction of its own, behind
 * those under way: the server finds the next request waiting and never sleeps, and few of its processes are busy. They
 * belong to one loop, whose thread alone sends and takes.
 *
 * Whoever is behind a trip that takes long is let go, to ask by a connection of its own, and nobody enters until it has
 * come back. So only what leaves nothing behind travels here: reads whose statements were quick of late. */
struct lanes;

/* Its lanes are opened by the pool's keeper; before the loop runs. They end with the pool. */
struct lanes *lanes_open(struct pool *pool, struct loop *loop, int n) NODISCARD RETURNS_NONNULL;
void lanes_close(struct lanes *lanes); /* on the loop's thread: whoever is under way is let go, and nobody enters */

/* For the pool: any thread. Opens what is wanted; takes the sessions of before a change of the database out of use. */
void lanes_keep(struct lanes *all);
void lanes_wear_out(struct lanes *all);

#endif
