#ifndef ANZE_WORK_ANCHOR_H
#define ANZE_WORK_ANCHOR_H

#include "anze/db/audit.h"

/* The newest head that was sealed here, and when it is told outside. Begins as zeros but for its two settings. */
struct audit_anchor {
    const char *file; /* "": the log alone */
    int every_s;
    struct audit_head head;
    int64_t told_seq, due_us;
};

void audit_anchor_keep(struct audit_anchor *anchor, const struct audit_head *head);
/* Tells a head that is new, if it is due or must be told at once. A file that refuses is told in the log, and tried
 * again when the next one is due. */
void audit_anchor_tell(struct audit_anchor *anchor, bool at_once);

#endif
