#ifndef ANZE_OP_SLOT_H
#define ANZE_OP_SLOT_H

#include "anze/op/call.h"

/* The names that a statement may use, numbered: the built-in ones below, then the operation's own parameters by their
 * contract names (header names in lower case with _ for -), then those that the operation's runner fills in itself.
 *
 * The caller's scope is one slot: what its token reaches decides which, and a region in the query that is narrower, so
 * that the statement names that level's column and the index gives the order. Row-level security stands behind it. */
enum slot {
    SLOT_BODY,           /* the validated JSON text */
    SLOT_BYTES,          /* the raw body, as bytea */
    SLOT_AFTER_1,        /* the cursor's parts; absent on the first page */
    SLOT_AFTER_2,
    SLOT_AFTER_3,
    SLOT_SCOPE_PROVINCE, /* 2 digits */
    SLOT_SCOPE_CITY,     /* 4 */
    SLOT_SCOPE_COUNTY,   /* 6 */
    SLOT_SCOPE_TOWN,     /* 9 or 12 */
    SLOT_SCOPE_UNIT,     /* uuid: a caller that reaches its own unit only */
    SLOT_SCOPE_NONE,
    SLOT_SCOPE_SECTOR,   /* the caller's only sector */
    SLOT_SCOPE_SECTORS,  /* its several sectors, as an array literal; both absent: every sector */
    SLOT_ACTOR,
    SLOT_UNIT,
    SLOT_REGION,
    SLOT_LANGUAGE,       /* zh or en */
    SLOT_COUNT,          /* "exact" when the total was asked for */
    SLOT_DRY_RUN,        /* "true" in a dry run, for what shall not even be written and rolled back */
    SLOT_MAX_FILE_BYTES, /* ANZE_MAX_FILE_BYTES */
    SLOT_CHUNK_BYTES,    /* how large the chunks of a new upload are: what a body can hold, at most 512 KiB */
    SLOT_BUILT_IN
};

enum { SLOT_MAX_OWN = 4 };
struct slot_names {
    const struct operation *operation;
    const char *const *own; /* of the runner, at most SLOT_MAX_OWN, NULL-terminated; NULL: none */
};

/* A statement_slot_of; `names` is a const struct slot_names *. */
int slot_of(void *names, const char *name, size_t length);

/* The slot of the runner's own name number `i`. */
size_t slot_own(const struct operation *operation, size_t i);

/* All values of a call, in slot order, the runner's own still absent; `after` may be NULL. */
const char **slots_fill(const struct call *call, const char *const after[3]);

#endif
