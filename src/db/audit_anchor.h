#ifndef DB_AUDIT_ANCHOR_H
#define DB_AUDIT_ANCHOR_H

#include "anze/base/text.h"
#include "anze/db/audit.h"
#include <stdio.h>

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

/* The next head of a file of anchors: the last word of each line that has any and no `#` before it. False at its end,
 * or at a line that is none (then ret_bad_line is its number, else 0). */
bool audit_anchor_next(FILE *file, struct audit_head *ret_head, int64_t *line, int64_t *ret_bad_line) NODISCARD;

#endif
