#ifndef ANZE_BASE_LOG_H
#define ANZE_BASE_LOG_H

#include "anze/base/attributes.h"

/* One event, one JSON line on standard error, through yder (whose only user is log.c; libraries that log through
 * yder come out as event "library"). Control characters are escaped, so a line is always one event.
 * Never log: tokens, keys, bodies, query strings, names of people, addresses. */
enum log_level { LOG_DEBUG_LEVEL, LOG_INFO_LEVEL, LOG_WARNING_LEVEL, LOG_ERROR_LEVEL };

void log_open(enum log_level level);
void log_close(void);

/* fields: a printf-like run of JSON members without braces, e.g. "\"port\":%d", or NULL. Strings that are not
 * constants must be escaped by the caller (text_add_json). */
void log_event(enum log_level level, const char *event, const char *fields, ...) FORMAT(3, 4);
/* With one member, whose text may be anything. */
void log_event_text(enum log_level level, const char *event, const char *member, const char *text);

#endif
