#ifndef ANZE_DB_LOOKUP_H
#define ANZE_DB_LOOKUP_H

#include <netdb.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LOOKUP_ADDRESSES = 8 };

struct lookup {
    char addresses[LOOKUP_ADDRESSES][NI_MAXHOST]; /* as numbers, in the resolver's order */
    size_t n;
    char why[200];
};

/* The system's resolver has no deadline: it works on a thread that is left to itself when the time is over. A few such
 * threads may be left at a time; while they are, further look-ups fail at once. False: `why` tells. */
bool lookup_name(const char *name, int64_t patience_us, struct lookup *ret_found);

#endif
