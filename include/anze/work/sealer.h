#ifndef ANZE_WORK_SEALER_H
#define ANZE_WORK_SEALER_H

#include "anze/db/audit.h"

/* The sealer: a thread with its own connection (the service's login is enough), in every replica; whichever holds
 * the advisory lock works, the others look again after `interval_ms`. A batch is one transaction, so it may be
 * killed at any point. While the database is away it tries again quietly. Counts METRIC_AUDIT_SEALED.
 *
 * Whoever sealed tells the new head outside, at most every `anchor_s` seconds and when it stops: to the log (event
 * "audit-head"), and as a line "time seq:digest" appended to `anchor_file` unless that is "". */
struct audit_sealing {
    const char *url;
    enum digest_kind kind;
    int interval_ms;
    const char *anchor_file;
    int anchor_s;
};
struct audit_sealer;
struct audit_sealer *audit_sealer_start(const struct audit_sealing *sealing) NODISCARD RETURNS_NONNULL;
void audit_sealer_stop(struct audit_sealer *sealer); /* within about two seconds; NULL is accepted */

/* Seals whatever is committed now, once, in the caller's thread; interval and anchor_s do not matter. */
bool audit_seal_now(struct arena *arena, const struct audit_sealing *sealing, int64_t *ret_sealed,
                    struct problem *problem) NODISCARD;

#endif
