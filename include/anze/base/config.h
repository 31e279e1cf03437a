#ifndef ANZE_BASE_CONFIG_H
#define ANZE_BASE_CONFIG_H

#include "anze/base/arena.h"
#include "anze/base/text.h"
#include <stdbool.h>

/* The program's settings: one field for each line of setting.def. Read once at start; strings live on `arena`. */
#define SETTING_TEXT const char *
#define SETTING_SECRET const char *
#define SETTING_NUMBER long
#define SETTING_FLAG bool

struct config {
#define SETTING(field, type, key, initial, minimum, maximum, help) SETTING_##type field;
#include "anze/base/setting.def"
#undef SETTING
    int n_service_links; /* variables that Kubernetes makes for a Service of our name, passed over */
};

/* Environment and optional file. False: every complaint, a line each, is in `complaints`. */
bool config_load(struct arena *arena, struct config *ret_config, struct text *complaints) NODISCARD;

/* KEY=value lines, secrets as ******** when set. */
void config_print(const struct config *config, struct text *out);

/* One line per key with its default and meaning, for --help. */
void config_help(struct text *out);

#endif
