#include "anze/base/log.h"
#include "anze/base/clock.h"
#include "anze/base/metrics.h"
#include "anze/base/text.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <yder.h>

static enum log_level lowest = LOG_INFO_LEVEL;

static const struct {
    const char *name;
    unsigned long yder;
} levels[] = {
    [LOG_DEBUG_LEVEL] = { "debug", Y_LOG_LEVEL_DEBUG },
    [LOG_INFO_LEVEL] = { "info", Y_LOG_LEVEL_INFO },
    [LOG_WARNING_LEVEL] = { "warning", Y_LOG_LEVEL_WARNING },
    [LOG_ERROR_LEVEL] = { "error", Y_LOG_LEVEL_ERROR },
};

static const char *level_name(unsigned long yder)
{
    for (size_t i = 0; i < ARRAY_LENGTH(levels); i++)
        if (levels[i].yder == yder)
            return levels[i].name;
    return "info";
}

static void write_event(struct arena *arena, const char *level, const char *members)
{
    char stamp[32];
    int64_t now = clock_wall_us();
    time_t seconds = (time_t)(now / 1000000);
    struct tm utc;
    gmtime_r(&seconds, &utc);
    strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &utc);
    const char *line = arena_printf(arena, "{\"time\":\"%s.%03dZ\",\"level\":\"%s\",%s}\n", stamp,
                                    (int)(now / 1000 % 1000), level, members);
    if (write(STDERR_FILENO, line, strlen(line)) < 0)
        metrics_add(METRIC_LOG_DROPPED, 1); /* a full disk must not fail a request */
}

/* Everything that goes through yder ends here: our own events come as ready JSON members, a library's as free text. */
static void on_yder(void *data, const char *app, const time_t date, const unsigned long level, const char *message)
{
    (void)data, (void)app, (void)date;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    if (strncmp(message, "\"event\":", 8) != 0) {
        struct text text = text_on(arena);
        text_add_string(&text, "\"event\":\"library\",\"message\":");
        text_add_json(&text, message);
        message = text.bytes;
    }
    write_event(arena, level_name(level), message);
}

void log_open(enum log_level level)
{
    lowest = level;
    y_set_logs_callback(on_yder, NULL, "anze");
    y_init_logs("anze", Y_LOG_MODE_CALLBACK, levels[level].yder, NULL, "yder is open");
}

void log_close(void)
{
    y_close_logs();
}

void log_event(enum log_level level, const char *event, const char *fields, ...)
{
    if (level < lowest)
        return;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    const char *members = "";
    if (fields) {
        va_list arguments;
        va_start(arguments, fields);
        members = arena_vprintf(arena, fields, arguments);
        va_end(arguments);
    }
    y_log_message(levels[level].yder, "\"event\":\"%s\"%s%s", event, *members ? "," : "", members);
}

void log_event_text(enum log_level level, const char *event, const char *member, const char *text)
{
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    struct text quoted = text_on(arena);
    text_add_json(&quoted, text);
    log_event(level, event, "\"%s\":%s", member, quoted.bytes);
}
