#ifndef ANZE_DB_CONNECTION_H
#define ANZE_DB_CONNECTION_H

#include "anze/base/arena.h"
#include "anze/base/slice.h"
#include "anze/db/dial.h"
#include "anze/db/statement.h"
#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

/* One connection in pipeline mode, for db/ alone. No trip blocks beyond its deadline (monotonic microseconds),
 * and PQcancel is never used: it may hit a COMMIT that waits for a standby and turn it into a false success. */
struct connection;

/* NULL: ret_fault says why. */
struct connection *connection_open(const char *url, int statement_timeout_ms, struct dial_fault *ret_fault) NODISCARD;
void connection_close(struct connection *connection); /* NULL is accepted */

/* When its opening began. */
int64_t connection_opened_us(const struct connection *connection);

/* Looks, without waiting, whether the server has hung up (or said anything while nobody asked). */
bool connection_is_quiet(struct connection *connection) NODISCARD;

/* What an answer may come later than the server's own limit of a statement. */
enum { ANSWER_MARGIN_US = 1000000 };

/* A trip to the database: commands in one pipeline and one transaction, then a Sync. */
struct command {
    const struct statement_variant *variant;
    const char *const *values; /* $1, $2, … */
    bool is_answer;            /* its rows are the trip's answer */
    const int *lengths;        /* of the values that are binary; NULL: none is */
    const int *formats;        /* 1: binary */
    int reply_format;          /* 1: the columns come in binary */
};

enum trip_end {
    TRIP_DONE,    /* committed */
    TRIP_REFUSED, /* the server said no: rolled back */
    TRIP_VOID,    /* the connection was lost, and nothing can have happened */
    TRIP_UNKNOWN, /* it was lost, or the commit is not on the standby: nobody knows */
    TRIP_LATE     /* no answer by the deadline: nobody knows */
};

struct trip {
    enum trip_end end;
    const PGresult *answer; /* hung on the arena */
    const PGresult *error;  /* TRIP_REFUSED, and TRIP_VOID if the server told why */
};

/* After anything but TRIP_DONE and TRIP_REFUSED the connection is only good for closing. */
struct trip connection_travel(struct connection *connection, struct arena *arena, const struct command *commands,
                              size_t n_commands, int64_t deadline_us) NODISCARD;

/* One statement of the house without parameters. NULL: it failed. */
const PGresult *connection_ask(struct connection *connection, struct arena *arena, const char *sql,
                               int64_t deadline_us) NODISCARD;

/* A field of an error, never NULL. */
const char *error_field(const PGresult *error, int field);

#endif
