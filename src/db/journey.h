#ifndef ANZE_DB_JOURNEY_H
#define ANZE_DB_JOURNEY_H

#include "anze/db/connection.h"

/* A trip while it is under way. Several may be on one connection, one behind the other: their results come in the order
 * in which they were begun, so only the first of them is read. */
enum { JOURNEY_MAX_PLACES = 32 };

struct journey {
    struct connection *connection;
    struct arena *arena;                    /* the results hang on it; NULL: they are thrown away */
    size_t n_commands;
    bool is_answer[JOURNEY_MAX_PLACES];     /* by place in the pipeline, which has also what prepares the commands */
    unsigned prepares[JOURNEY_MAX_PLACES];  /* the number that the command in this place prepares */
    size_t n_places;
    size_t place;                           /* of the next result */
    bool synced;                            /* the server has done with it */
    struct trip trip;
};

/* Puts the commands and a Sync behind what is under way. False: the Sync has not left, so nothing is committed, and the
 * connection is only good for closing. */
bool journey_begin(struct journey *journey, struct connection *connection, struct arena *arena,
                   const struct command *commands, size_t n_commands) NODISCARD;

/* Takes what has arrived of it, without waiting, until it is synced. False: the connection is gone. */
bool journey_read(struct journey *journey) NODISCARD;

/* Sends what is left to send, and takes bytes from the socket. False: nothing more comes. */
bool connection_flush(struct connection *connection, bool *ret_is_unsent) NODISCARD;
bool connection_take_input(struct connection *connection) NODISCARD;
int connection_socket(const struct connection *connection);

#endif
