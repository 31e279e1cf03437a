#ifndef ANZE_DB_DIAL_H
#define ANZE_DB_DIAL_H

#include "anze/base/arena.h"
#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

/* The one place that reaches for a server: the pool, the workers and the operator's commands dial here, and differ in
 * what stands in struct dialing. Each host of the connection string, and each address of a host, has a time of its own,
 * name look-up too, so that a silent one hides none behind it. The one that answered last is asked first. */
enum { DIAL_US = 2000000, DIAL_PATIENT_US = 5000000 };

struct dialing {
    const char *url;             /* libpq URI or keywords; a service file and the environment are heard too */
    const char *application;     /* what sessions are called unless the URL says it */
    const char *settings;        /* "-c name=value …" behind the URL's own options; NULL: none */
    bool any_server;             /* a server that only reads will do */
    int silence_ms;              /* unanswered bytes end the connection after this; 0: the kernel's own patience */
    int64_t host_us;             /* for each address, and for each name look-up */
    bool (*is_stopping)(void *context); /* ends the wait; NULL: nothing does */
    void *context;
};

/* Why there is none, for the log and for how soon to try again. */
struct dial_fault {
    char sqlstate[6]; /* "" when the server said none */
    char text[300];
};

/* NULL: ret_fault tells what the last host said. */
PGconn *dial(const struct dialing *how, struct dial_fault *ret_fault) NODISCARD;

#endif
