#ifndef ANZE_COMMAND_PROGRESS_H
#define ANZE_COMMAND_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How far a long command is, on standard error: one line that is written over on a terminal, a line every few seconds
 * in a log. Short work says nothing in a log. */
struct progress {
    bool on_terminal;
    bool is_shown; /* the terminal's line has something on it */
    int64_t begun_us, next_us;
};

struct progress progress_begin(void);
void progress_show(struct progress *progress, const char *what, size_t done, size_t total); /* total 0: not known */
void progress_end(struct progress *progress); /* leaves the terminal's line empty */
double progress_seconds(const struct progress *progress);

#endif
