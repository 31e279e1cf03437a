#ifndef ANZE_CONTRACT_INSTANT_H
#define ANZE_CONTRACT_INSTANT_H

#include "anze/base/arena.h"
#include "anze/base/slice.h"

/* Clients in .NET, Go and Java write seven or nine decimals, the database keeps six and would round the rest, up to the
 * next day even. What is more than six is cut. */

/* The instant with at most six decimals; any other text as it is. */
struct slice instant_cut(struct arena *arena, struct slice text);

/* A JSON document, which is valid, in which every string that is an instant is cut so. */
struct slice instants_cut(struct arena *arena, struct slice json);

#endif
