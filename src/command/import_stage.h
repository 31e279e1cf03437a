#ifndef ANZE_COMMAND_IMPORT_STAGE_H
#define ANZE_COMMAND_IMPORT_STAGE_H

#include "anze/db/session.h"
#include "import_kind.h"
#include "import_report.h"
#include "progress.h"

/* Brings the records of a file into the session's temporary table `staged`, each value as text. A record whose form
 * is wrong goes to the report instead. */
struct import_stage {
    struct arena *arena;
    const struct import_kind *kind;
    enum records_format format;
    struct session *session;
    struct import_report *report;
    struct progress *progress;
    size_t n_records, last_line;
    const char *why; /* what went wrong, when import_stage_file is false */
};

bool import_stage_file(struct import_stage *stage, struct slice text) NODISCARD;

#endif
