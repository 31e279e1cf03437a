#include "progress.h"
#include "anze/base/clock.h"

#include <stdio.h>
#include <unistd.h>

enum { TERMINAL_US = 100000, LOG_US = 2000000 };

struct progress progress_begin(void)
{
    int64_t now = clock_monotonic_us();
    bool on_terminal = isatty(STDERR_FILENO);
    return (struct progress){ .on_terminal = on_terminal, .begun_us = now,
                              .next_us = now + (on_terminal ? 0 : LOG_US) };
}

void progress_show(struct progress *progress, const char *what, size_t done, size_t total)
{
    int64_t now = clock_monotonic_us();
    if (now < progress->next_us)
        return;
    progress->next_us = now + (progress->on_terminal ? TERMINAL_US : LOG_US);
    fputs(progress->on_terminal ? "\r\x1b[K" : "", stderr);
    if (total)
        fprintf(stderr, "%s: %zu of %zu", what, done, total);
    else
        fprintf(stderr, "%s: %zu", what, done);
    fputs(progress->on_terminal ? "" : "\n", stderr);
    progress->is_shown = progress->on_terminal;
}

void progress_end(struct progress *progress)
{
    if (progress->is_shown)
        fputs("\r\x1b[K", stderr);
    progress->is_shown = false;
}

double progress_seconds(const struct progress *progress)
{
    return (double)(clock_monotonic_us() - progress->begun_us) / 1e6;
}
