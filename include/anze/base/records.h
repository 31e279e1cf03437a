#ifndef ANZE_BASE_RECORDS_H
#define ANZE_BASE_RECORDS_H

#include "anze/base/csv.h"

/* Records of named columns, from CSV (a heading names the columns, in any order) or NDJSON (one object a line).
 * A byte order mark at the beginning and blank lines are passed over; lines end in LF or CRLF.
 *
 * What is not given (a column that the heading lacks, a member that the object lacks) differs from what is given as
 * empty ("" or null): the first has no bytes. JSON true and false are given as those words, an array of strings as one
 * text with ; between, which is how CSV writes a list. */
enum records_format { RECORDS_CSV, RECORDS_NDJSON };
enum { RECORDS_MAX_COLUMNS = 32 };

struct records_fault {
    const char *column; /* "": the whole record */
    const char *zh, *en; /* NULL: there is none */
};

struct record {
    size_t line;
    struct slice row; /* as it stands in the text */
    struct slice values[RECORDS_MAX_COLUMNS];
    struct records_fault fault; /* the record cannot be read; the next one can */
};

struct records {
    struct arena *arena; /* for the next record; may be changed between two */
    enum records_format format;
    const char *const *columns;
    size_t n_columns;
    struct records_fault fault; /* why records_open or records_next ended before the text did */
    size_t line;                /* of that fault */
    struct csv csv;             /* NDJSON uses its rest and line */
    size_t n_fields;
    size_t column_of[CSV_MAX_FIELDS];
};

/* False: the heading is not understood. The text and the columns must outlive the records. */
bool records_open(struct records *records, struct arena *arena, struct slice text, enum records_format format,
                  const char *const *columns, size_t n_columns) NODISCARD;
/* Whether the CSV has the column; of NDJSON each record decides. */
bool records_may_give(const struct records *records, size_t column);
/* False: the end, or a fault. */
bool records_next(struct records *records, struct record *ret_record) NODISCARD;

#endif
