#ifndef ANZE_COMMAND_IMPORT_KIND_H
#define ANZE_COMMAND_IMPORT_KIND_H

#include "anze/base/records.h"

/* What can be imported. A kind is a row here and the import….sql of its domain with anze.import_<kind>_check, which
 * makes candidates for the target from what was staged; sql/functions/core/import.sql describes the tables. */
enum import_form {
    FORM_LINE,  /* one line of text */
    FORM_LINES, /* text with line feeds */
    FORM_DAY,   /* 2026-02-28 */
    FORM_FLAG,  /* true or false */
    FORM_LIST,  /* several, with ; between */
};

struct import_column {
    const char *name;
    enum import_form form;
    bool is_required; /* in every record */
};

struct import_kind {
    const char *name;      /* regions */
    const char *operation; /* as the audit names it */
    const char *target;    /* the table */
    size_t n_columns;
    const struct import_column *columns;
};

/* NULL: no such kind. */
const struct import_kind *import_kind_find(const char *name);

/* Whether a value has its column's form, and is neither too long nor has characters that nobody sees. `zh` and `en`
 * say what it must be. */
bool import_value_check(const struct import_column *column, struct slice value, const char **ret_zh,
                        const char **ret_en) NODISCARD;

#endif
