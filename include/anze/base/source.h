#ifndef ANZE_BASE_SOURCE_H
#define ANZE_BASE_SOURCE_H

#include "anze/base/slice.h"
#include <stdint.h>

/* A body that is too large to be held: read in pieces, from any place. `read` NULL: there is none. */
struct body_source {
    /* The bytes from `at` on, as many as are at hand, at least one; they hold until the next call. False: it is
     * broken, and what was sent so far must not look complete. */
    bool (*read)(void *context, uint64_t at, struct slice *ret_bytes);
    void *context;
    uint64_t length;
};

#endif
