#include "anze/db/dial.h"
#include "anze/base/bytes.h"
#include "anze/base/clock.h"
#include "anze/db/result.h"
#include "lookup.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STEP_US = 100000 }; /* how soon a stop is heard */

struct call {
    const struct dialing *how;
    struct arena *arena;
    const char *options; /* the URL's own, and ours behind them */
    struct dial_fault *fault;
};

/* One server as libpq is to see it; "" leaves what the connection string says. */
struct place {
    const char *host, *address, *port;
};

/* ---- what went wrong ---- */

/* libpq has no field for the SQLSTATE of a refused login; the shortest verbosity ends the message with it. */
static void note_fault(const char *text, struct dial_fault *fault)
{
    snprintf(fault->text, sizeof fault->text, "%s", *text ? text : "no answer in time");
    size_t length = strlen(fault->text);
    while (length && (fault->text[length - 1] == '\n' || fault->text[length - 1] == ' '))
        fault->text[--length] = '\0';
    const char *state = length > 7 ? fault->text + length - 5 : "";
    bool is_state = *state && state[-1] == ' ' && strspn(state, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 5;
    snprintf(fault->sqlstate, sizeof fault->sqlstate, "%s", is_state ? state : "");
}

/* ---- one address ---- */

static bool is_dial_stopped(const struct dialing *how)
{
    return how->is_stopping && how->is_stopping(how->context);
}

/* 1: something happened, 0: the deadline passed, or nobody wants the connection any more. */
static int wait_for_server(PGconn *pg, short events, const struct dialing *how, int64_t deadline_us)
{
    struct pollfd wait = { .fd = PQsocket(pg), .events = events };
    int ready = 0;
    for (int64_t left_us; ready == 0 && !is_dial_stopped(how) && (left_us = deadline_us - clock_monotonic_us()) > 0;) {
        ready = poll(&wait, 1, (int)((left_us < STEP_US ? left_us : STEP_US) + 999) / 1000);
        if (ready < 0 && errno == EINTR)
            ready = 0;
    }
    return ready;
}

static bool connect_by(PGconn *pg, const struct dialing *how, int64_t deadline_us)
{
    PostgresPollingStatusType next = PGRES_POLLING_WRITING;
    while (next != PGRES_POLLING_OK) {
        if (next == PGRES_POLLING_FAILED)
            return false;
        if (wait_for_server(pg, next == PGRES_POLLING_READING ? POLLIN : POLLOUT, how, deadline_us) <= 0)
            return false;
        next = PQconnectPoll(pg);
    }
    return true;
}

/* Keys before dbname yield to the URL, those behind it win over the URL; empty ones say nothing. */
static PGconn *start_dialing(const struct call *call, const struct place *place)
{
    static const char *const keys[] = { "tcp_user_timeout", "keepalives", "keepalives_idle", "keepalives_interval",
                                        "keepalives_count", "target_session_attrs", "fallback_application_name",
                                        "dbname", "client_encoding", "options", "host", "hostaddr", "port", NULL };
    char silence[16];
    snprintf(silence, sizeof silence, "%d", call->how->silence_ms);
    const char *values[] = { silence, "1", "5", "2", "3", call->how->any_server ? "any" : "read-write",
                             call->how->application, call->how->url, "UTF8", call->options, place->host,
                             place->address, place->port, NULL };
    return PQconnectStartParams(keys, values, 1);
}

static PGconn *try_place(const struct call *call, const struct place *place)
{
    PGconn *pg = start_dialing(call, place);
    if (!pg)
        abort();
    PQsetErrorVerbosity(pg, PQERRORS_SQLSTATE);
    PQsetNoticeReceiver(pg, result_ignore_notice, NULL);
    if (PQstatus(pg) != CONNECTION_BAD && connect_by(pg, call->how, clock_monotonic_us() + call->how->host_us)) {
        PQsetErrorVerbosity(pg, PQERRORS_DEFAULT);
        return pg;
    }
    note_fault(PQerrorMessage(pg), call->fault);
    PQfinish(pg);
    return NULL;
}

/* ---- the hosts ---- */

static bool needs_lookup(const struct place *place)
{
    return *place->host && *place->host != '/' && *place->host != '@' && !*place->address;
}

/* The name stays beside the address: password files and certificates go by it. */
static PGconn *try_host(const struct call *call, const struct place *place)
{
    if (!needs_lookup(place))
        return try_place(call, place);
    struct lookup found;
    if (!lookup_name(place->host, call->how->host_us, &found)) {
        note_fault(found.why, call->fault);
        return NULL;
    }
    PGconn *pg = NULL;
    for (size_t i = 0; i < found.n && !pg && !is_dial_stopped(call->how); i++)
        pg = try_place(call, &(struct place){ place->host, found.addresses[i], place->port });
    return pg;
}

/* The part of a comma list, "" behind its end. */
static const char *list_part(struct arena *arena, const char *list, size_t i)
{
    for (; i && list; i--) {
        list = strchr(list, ',');
        list += list ? 1 : 0;
    }
    return list ? arena_strndup(arena, list, strcspn(list, ",")) : "";
}

static size_t list_length(const char *list)
{
    size_t n = 1;
    for (; *list; list++)
        n += *list == ',';
    return n;
}

static const char *option(struct arena *arena, const PQconninfoOption *options, const char *keyword)
{
    for (const PQconninfoOption *o = options; o && o->keyword; o++)
        if (strcmp(o->keyword, keyword) == 0 && o->val)
            return arena_strdup(arena, o->val);
    return "";
}

/* What URL, service file and environment come to. libpq tells it of a connection only; one whose last setting is
 * refused has read them all and reached for nobody. */
static PQconninfoOption *effective_options(const char *url)
{
    static const char *const keys[] = { "dbname", "target_session_attrs", NULL };
    const char *values[] = { url, "nobody", NULL };
    PGconn *pg = PQconnectStartParams(keys, values, 1);
    if (!pg)
        abort();
    PQconninfoOption *options = PQconninfo(pg);
    PQfinish(pg);
    return options;
}

/* Which host of which URL answered last: it is asked first, since a silent one before it would cost its time at each
 * connect. One is enough, as a process has one database. */
static _Atomic uint64_t last_good;

static uint64_t mark_of_url(const char *url)
{
    return bytes_hash(url) << 8;
}

static size_t first_host(const char *url)
{
    uint64_t last = atomic_load(&last_good);
    return last >> 8 == mark_of_url(url) >> 8 ? last & 0xff : 0;
}

static PGconn *try_hosts(const struct call *call, const struct place *lists)
{
    size_t n = list_length(*lists->address ? lists->address : lists->host), first = first_host(call->how->url);
    bool one_port = list_length(lists->port) == 1;
    for (size_t i = 0; i < n && !is_dial_stopped(call->how); i++) {
        size_t at = (first + i) % n;
        PGconn *pg = try_host(call, &(struct place){ list_part(call->arena, lists->host, at),
                                                     list_part(call->arena, lists->address, at),
                                                     list_part(call->arena, lists->port, one_port ? 0 : at) });
        if (pg) {
            atomic_store(&last_good, mark_of_url(call->how->url) | (at & 0xff));
            return pg;
        }
    }
    return NULL;
}

PGconn *dial(const struct dialing *how, struct dial_fault *ret_fault)
{
    AUTO(arena_free_at_end) struct arena *arena = arena_new_secret();
    PQconninfoOption *options = effective_options(how->url);
    const struct place lists = { option(arena, options, "host"), option(arena, options, "hostaddr"),
                                 option(arena, options, "port") };
    const char *own = option(arena, options, "options");
    PQconninfoFree(options);
    struct call call = { how, arena, arena_printf(arena, "%s %s", own, how->settings ? how->settings : ""), ret_fault };
    *ret_fault = (struct dial_fault){ "", "" };
    return try_hosts(&call, &lists);
}
