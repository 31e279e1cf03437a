#ifndef ANZE_BASE_CLOCK_H
#define ANZE_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Microseconds. Deadlines and durations use the monotonic clock; only tokens, cursors and log lines read the
 * wall clock. No legal deadline is ever counted here: those are instants that the database sets. */
int64_t clock_monotonic_us(void);
int64_t clock_wall_us(void);

struct timespec clock_timespec(int64_t us); /* an instant or a duration, as the system has it */
void clock_pause(int64_t us);

/* What poll and epoll_wait may wait: 0 when it has passed, at most an hour. */
int clock_milliseconds_until(int64_t deadline_us);

#endif
