#ifndef ANZE_DB_AUDIT_H
#define ANZE_DB_AUDIT_H

#include "anze/base/arena.h"
#include "anze/base/crypto.h"
#include "anze/base/problem.h"
#include <stdbool.h>
#include <stdint.h>

/* The audit chain: triggers write audit.entry with each change; the sealer links committed entries; verify checks.
 * The form of the chain stands in the migration that creates schema audit. */

/* The sealer: a thread with its own connection (the service's login is enough), in every replica; whichever holds
 * the advisory lock works, the others look again after `interval_ms`. A batch is one transaction, so it may be
 * killed at any point. While the database is away it tries again quietly. Counts METRIC_AUDIT_SEALED. */
struct audit_sealer;
struct audit_sealer *audit_sealer_start(const char *url, enum digest_kind kind, int interval_ms) NODISCARD
    RETURNS_NONNULL;
void audit_sealer_stop(struct audit_sealer *sealer); /* within about two seconds; NULL is accepted */

/* Links whatever is committed now, once, in the caller's thread. */
bool audit_seal_now(struct arena *arena, const char *url, enum digest_kind kind, int64_t *ret_sealed,
                    struct problem *problem) NODISCARD;

/* The end of the chain, to be noted outside: "seq:digest in hex". seq 0 and zeros: nothing is sealed. */
struct audit_head {
    int64_t seq;
    uint8_t digest[CRYPTO_DIGEST_BYTES];
};
bool audit_head_read(struct arena *arena, const char *url, struct audit_head *ret_head,
                     struct problem *problem) NODISCARD;
const char *audit_head_text(struct arena *arena, const struct audit_head *head);
bool audit_head_parse(const char *text, struct audit_head *ret_head) NODISCARD;

enum audit_fault {
    AUDIT_ALTERED,       /* entry or link is not what was sealed */
    AUDIT_MISSING_ENTRY, /* linked, but gone (or its id or transaction was altered) */
    AUDIT_MISSING_LINK,  /* a gap in the numbers, seq … to_seq */
    AUDIT_REORDERED,     /* a link that is not in its place */
    AUDIT_INSERTED,      /* an entry without link behind linked ones: forged, or its link was deleted */
    AUDIT_UNSEALED,      /* could have been linked for more than a minute, and was not */
    AUDIT_OTHER_HEAD,    /* the expected head is not in the chain: the tail was cut off or rewritten */
    AUDIT_FAULTS
};
const char *audit_fault_name(enum audit_fault fault); /* "altered", "missing-entry", … */

struct audit_finding {
    enum audit_fault fault;
    int64_t seq, to_seq; /* 0: not about a link */
    int64_t entry;       /* 0: not about an entry */
    const char *detail;
};

struct audit_check {
    const char *url;                   /* the owner's: the service may not read the audit */
    int64_t from;                      /* first link to check; 1: all */
    const struct audit_head *expected; /* NULL: none */
    void (*found)(void *context, const struct audit_finding *finding);
    void (*progress)(void *context, int64_t checked, int64_t seq, int64_t last_seq); /* about once a second */
    void *context;
};

struct audit_result {
    int64_t checked;  /* links */
    int64_t findings;
    int64_t waiting;  /* entries that are not linked yet and need not be */
    struct audit_head head;
};

/* Recomputes every digest in one snapshot, in bounded memory. False: it could not be done; what is wrong with the
 * chain is told by `found` alone. */
bool audit_verify(struct arena *arena, const struct audit_check *check, struct audit_result *ret_result,
                  struct problem *problem) NODISCARD;

#endif
