#ifndef ANZE_COMMAND_IMPORT_REPORT_H
#define ANZE_COMMAND_IMPORT_REPORT_H

#include "anze/base/arena.h"
#include "anze/base/slice.h"
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* The refused rows of an import, as CSV: line,column,reason,row. A row may have several. */
struct import_row {
    size_t line;
    struct slice text;
};

struct import_refusal {
    size_t line;
    size_t number; /* in the order in which they were found */
    const char *column, *zh, *en;
};

struct import_report {
    struct arena *arena;
    struct import_row *rows; /* every record of the file, by line */
    size_t n_rows, row_room;
    struct import_refusal *refusals;
    size_t n_refusals, refusal_room;
};

void import_report_row(struct import_report *report, size_t line, struct slice text);
/* The strings are copied. */
void import_report_refuse(struct import_report *report, size_t line, const char *column, const char *zh,
                          const char *en);
/* Sorts the refusals; how many rows have one. */
size_t import_report_count(struct import_report *report);
/* In their order; import_report_count comes first. */
void import_report_write(const struct import_report *report, FILE *out);

#endif
