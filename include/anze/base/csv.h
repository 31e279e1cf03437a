#ifndef ANZE_BASE_CSV_H
#define ANZE_BASE_CSV_H

#include "anze/base/arena.h"
#include "anze/base/slice.h"
#include <stdbool.h>
#include <stddef.h>

/* CSV in, as RFC 4180 has it: comma, double quotes, CRLF or LF. Stricter than most: a quote inside an unquoted field
 * and text behind a closing quote are faults. Blank lines are passed over. */
enum { CSV_MAX_FIELDS = 64 };

struct csv {
    struct arena *arena;
    struct slice rest;
    size_t line;        /* of the next record, from 1 */
    const char *fault;  /* set when csv_next ended because of it; the line is `line` */
};

struct csv_record {
    size_t line;
    size_t n_fields;
    struct slice fields[CSV_MAX_FIELDS];
};

/* The text must outlive the records; a byte order mark at its beginning is passed over. */
struct csv csv_open(struct arena *arena, struct slice text);
/* False: the end, or a fault. */
bool csv_next(struct csv *csv, struct csv_record *ret_record) NODISCARD;

#endif
