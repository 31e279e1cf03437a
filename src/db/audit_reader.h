#ifndef DB_AUDIT_READER_H
#define DB_AUDIT_READER_H

#include "audit_form.h"

#include <libpq-fe.h>

/* What the parts of verification share: one snapshot of the database, and where findings go. */
struct audit_reader {
    struct arena *arena;
    const struct audit_check *check;
    struct audit_result *result;
    PGconn *connection;
    int64_t last_seq; /* of the chain, for the progress */
    int64_t told_us;  /* when progress was told last */
    int64_t seq;      /* where the walk along the chain is */
};

bool audit_reader_open(struct audit_reader *reader, const char *url, struct problem *problem) NODISCARD;
bool audit_reader_fail(struct audit_reader *reader, struct problem *problem); /* false */
void audit_tell(struct audit_reader *reader, const struct audit_finding *finding);

/* A short answer in binary form, hung on the arena; NULL if it failed. */
PGresult *audit_ask(struct audit_reader *reader, struct arena *arena, const char *sql, int n,
                    const char *const *values) NODISCARD;
/* Rows one by one, so that memory stays the same however many there are. */
bool audit_stream(struct audit_reader *reader, const char *sql, int n, const char *const *values,
                  void (*take)(void *context, const PGresult *row), void *context, struct problem *problem) NODISCARD;
/* The link or seal with this number, else the last one; zeros if there is none. */
bool audit_read_head(struct audit_reader *reader, const char *at_seq, struct audit_head *ret_head) NODISCARD;

int64_t audit_number(const PGresult *row, int row_number, int column); /* of a number as text */
struct slice audit_bytes(const PGresult *row, int column);             /* NULL bytes: NULL */
bool audit_flag(const PGresult *row, int column);                      /* of a boolean as text */

/* The parts. */
bool audit_check_unsealed(struct audit_reader *reader, struct problem *problem) NODISCARD;
bool audit_check_anchors(struct audit_reader *reader, struct problem *problem) NODISCARD;
bool audit_check_texts(struct audit_reader *reader, struct problem *problem) NODISCARD;

#endif
