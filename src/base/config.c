#include "anze/base/config.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

extern char **environ;

enum setting_type { TYPE_TEXT, TYPE_SECRET, TYPE_NUMBER, TYPE_FLAG };

struct setting {
    enum setting_type type;
    const char *key;
    const char *initial;
    long minimum, maximum;
    const char *help;
    size_t offset;
};

static const struct setting settings[] = {
#define SETTING(field, type, key, initial, minimum, maximum, help) \
    { TYPE_##type, key, initial, minimum, maximum, help, offsetof(struct config, field) },
#include "anze/base/setting.def"
#undef SETTING
};

static const char file_key[] = "ANZE_CONFIG_FILE";
static const char prefix[] = "ANZE_";

static const struct setting *setting_find(const char *key, size_t length)
{
    for (size_t i = 0; i < ARRAY_LENGTH(settings); i++)
        if (strlen(settings[i].key) == length && memcmp(settings[i].key, key, length) == 0)
            return &settings[i];
    return NULL;
}

static void *field_of(struct config *config, const struct setting *setting)
{
    return (char *)config + setting->offset;
}

static bool read_setting_number(const struct setting *setting, const char *value, long *ret_number)
{
    char *end;
    errno = 0;
    long number = strtol(value, &end, 10);
    if (errno || end == value || *end || number < setting->minimum || number > setting->maximum)
        return false;
    *ret_number = number;
    return true;
}

/* `where` says which source is wrong; the value itself may be a secret and is never repeated. */
static void assign(struct config *config, const struct setting *setting, const char *value, const char *where,
                   struct text *complaints)
{
    void *field = field_of(config, setting);
    switch (setting->type) {
    case TYPE_TEXT:
    case TYPE_SECRET:
        *(const char **)field = arena_strdup(complaints->arena, value);
        return;
    case TYPE_NUMBER:
        if (!read_setting_number(setting, value, field))
            text_printf(complaints, "%s: %s must be a whole number from %ld to %ld\n", where, setting->key,
                        setting->minimum, setting->maximum);
        return;
    case TYPE_FLAG:
        *(bool *)field = strcmp(value, "true") == 0;
        if (strcmp(value, "true") != 0 && strcmp(value, "false") != 0)
            text_printf(complaints, "%s: %s must be true or false\n", where, setting->key);
        return;
    }
}

static char *trim(char *text)
{
    text += strspn(text, " \t");
    size_t length = strlen(text);
    while (length && strchr(" \t\r\n", text[length - 1]))
        text[--length] = '\0';
    return text;
}

static void read_setting_line(struct config *config, char *line, const char *where, struct text *complaints)
{
    line = trim(line);
    if (!*line || *line == '#')
        return;
    char *equals = strchr(line, '=');
    if (!equals) {
        text_printf(complaints, "%s: not of the form KEY=value\n", where);
        return;
    }
    *equals = '\0';
    const char *key = trim(line);
    const struct setting *setting = setting_find(key, strlen(key));
    if (setting)
        assign(config, setting, trim(equals + 1), where, complaints);
    else
        text_printf(complaints, "%s: unknown key %s\n", where, key);
}

static void read_config_file(struct config *config, const char *path, struct text *complaints)
{
    FILE *file = fopen(path, "re");
    if (!file) {
        text_printf(complaints, "%s: cannot read %s: %s\n", file_key, path, strerror(errno));
        return;
    }
    char *line = NULL;
    size_t room = 0;
    for (int number = 1; getline(&line, &room, file) >= 0; number++)
        read_setting_line(config, line, arena_printf(complaints->arena, "%s line %d", path, number), complaints);
    free(line);
    fclose(file);
}

/* What Kubernetes puts beside us for a Service called `anze` (or anze-…), in the manner of Docker's old links:
 * ANZE_PORT=tcp://…, ANZE_SERVICE_HOST, ANZE_SERVICE_PORT…, ANZE_PORT_8080_TCP…. No setting of ours has these forms. */
static bool is_service_link(const char *name, size_t length, const char *value)
{
    static const char *const parts[] = { "_SERVICE_HOST", "_SERVICE_PORT", "_TCP", "_UDP", "_SCTP" };
    static const char *const schemes[] = { "tcp://", "udp://", "sctp://" };
    char key[128];
    snprintf(key, sizeof key, "%.*s", (int)length, name);
    for (size_t i = 0; i < ARRAY_LENGTH(schemes); i++)
        if (strncmp(value, schemes[i], strlen(schemes[i])) == 0 && strstr(key, "_PORT"))
            return true;
    if (setting_find(name, length))
        return false;
    for (size_t i = 0; i < ARRAY_LENGTH(parts); i++)
        if (strstr(key, parts[i]) && (i < 2 || strstr(key, "_PORT_")))
            return true;
    return false;
}

static void read_environment(struct config *config, struct text *complaints)
{
    for (char **entry = environ; *entry; entry++) {
        const char *equals = strchr(*entry, '=');
        if (!equals || strncmp(*entry, prefix, sizeof prefix - 1) != 0)
            continue;
        size_t length = (size_t)(equals - *entry);
        const struct setting *setting = setting_find(*entry, length);
        if (is_service_link(*entry, length, equals + 1))
            config->n_service_links++;
        else if (setting)
            assign(config, setting, equals + 1, "environment", complaints);
        else if (length != sizeof file_key - 1 || memcmp(*entry, file_key, length) != 0)
            text_printf(complaints, "environment: unknown key %.*s\n", (int)length, *entry);
    }
}

bool config_load(struct arena *arena, struct config *ret_config, struct text *complaints)
{
    size_t complained = complaints->length;
    *ret_config = (struct config){ 0 };
    for (size_t i = 0; i < ARRAY_LENGTH(settings); i++)
        assign(ret_config, &settings[i], settings[i].initial, "default", complaints);
    const char *path = getenv(file_key);
    if (path && *path)
        read_config_file(ret_config, arena_strdup(arena, path), complaints);
    read_environment(ret_config, complaints);
    return complaints->length == complained;
}

static void print_value(const struct config *config, const struct setting *setting, struct text *out)
{
    const void *field = (const char *)config + setting->offset;
    switch (setting->type) {
    case TYPE_TEXT: text_add_string(out, *(const char *const *)field); break;
    case TYPE_SECRET: text_add_string(out, **(const char *const *)field ? "********" : ""); break;
    case TYPE_NUMBER: text_printf(out, "%ld", *(const long *)field); break;
    case TYPE_FLAG: text_add_string(out, *(const bool *)field ? "true" : "false"); break;
    }
}

void config_print(const struct config *config, struct text *out)
{
    for (size_t i = 0; i < ARRAY_LENGTH(settings); i++) {
        text_printf(out, "%s=", settings[i].key);
        print_value(config, &settings[i], out);
        text_add_char(out, '\n');
    }
}

void config_help(struct text *out)
{
    for (size_t i = 0; i < ARRAY_LENGTH(settings); i++) {
        text_printf(out, "  %s", settings[i].key);
        if (*settings[i].initial)
            text_printf(out, " [%s]", settings[i].initial);
        text_printf(out, "\n      %s\n", settings[i].help);
    }
}
