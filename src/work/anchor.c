#include "anchor.h"
#include "anze/base/clock.h"
#include "anze/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void audit_anchor_keep(struct audit_anchor *anchor, const struct audit_head *head)
{
    anchor->head = *head;
}

/* One write of one line to a file opened for appending: lines of several replicas never mix. */
static bool append_line(const char *path, const char *line)
{
    int file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
    if (file < 0)
        return false;
    bool written = write(file, line, strlen(line)) == (ssize_t)strlen(line) && fsync(file) == 0;
    return close(file) == 0 && written;
}

static void append_to_file(const char *path, struct arena *arena, const char *head)
{
    char moment[32];
    time_t now = time(NULL);
    struct tm utc;
    strftime(moment, sizeof moment, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
    if (append_line(path, arena_printf(arena, "%s %s\n", moment, head)))
        return;
    log_event_text(LOG_WARNING_LEVEL, "audit-anchor-failed", "detail", strerror(errno));
}

void audit_anchor_tell(struct audit_anchor *anchor, bool at_once)
{
    int64_t now_us = clock_monotonic_us();
    if (anchor->head.seq == anchor->told_seq || (!at_once && now_us < anchor->due_us))
        return;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    const char *head = audit_head_text(arena, &anchor->head);
    log_event(LOG_INFO_LEVEL, "audit-head", "\"head\":\"%s\"", head);
    if (*anchor->file)
        append_to_file(anchor->file, arena, head);
    anchor->told_seq = anchor->head.seq;
    anchor->due_us = now_us + anchor->every_s * INT64_C(1000000);
}
