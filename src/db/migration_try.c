#include "migration_run.h"
#include "anze/base/clock.h"

/* Whoever comes behind a waiting migration waits for it: hence shortly, then somewhat longer, and again. */
enum {
    FIRST_LOCK_MS = 100,
    LONGEST_LOCK_MS = 500,
    FIRST_PAUSE_MS = 50,
    LONGEST_PAUSE_MS = 2000,
    PATIENCE_US = 10 * 60 * 1000000,
    FREE_TRIES = 3 /* before everybody is kept waiting */
};

/* ---- telling ---- */

void run_tell(const struct migration_run *run, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    run->listener->tell(run->listener->context, arena_vprintf(run->arena, format, arguments));
    va_end(arguments);
}

void run_say(struct migration_run *run, const char *line)
{
    text_printf(&run->said, "%s%s", run->said.length ? "\n" : "", line);
}

bool run_fail(struct migration_run *run, const char *doing)
{
    run_tell(run, "%s: %s", doing, session_why(run->session));
    return false;
}

/* ---- trying ---- */

static bool is_in_the_way(const struct session *session)
{
    return session_failed_with(session, "55P03") || session_failed_with(session, "40P01") ||
           session_failed_with(session, "40001");
}

/* Programs of before the gate wait at the table that their writes begin with. */
const char gate_sql[] =
    "select pg_advisory_xact_lock(" MIGRATION_GATE ");"
    "do $$ begin if to_regclass('anze.idempotency_key') is not null then"
    " lock table anze.idempotency_key in access exclusive mode; end if; end $$";

static bool in_transaction(struct migration_run *run, run_work *work, const void *what)
{
    bool done = session_script(run->session, "begin") &&
                (run->tries <= FREE_TRIES || session_script(run->session, gate_sql)) && work(run, what) &&
                session_script(run->session, "commit");
    return done || (session_script(run->session, "rollback") && done);
}

static bool alone(struct migration_run *run, run_work *work, const void *what)
{
    return work(run, what);
}

static int at_most(int value, int most)
{
    return value < most ? value : most;
}

static bool try_again(struct migration_run *run, run_work *work, const void *what,
                      bool (*in)(struct migration_run *, run_work *, const void *))
{
    int64_t until_us = clock_monotonic_us() + PATIENCE_US;
    int lock = FIRST_LOCK_MS, pause = FIRST_PAUSE_MS;
    run->tries = 0;
    for (;; pause = at_most(pause * 2, LONGEST_PAUSE_MS), lock = at_most(lock + 50, LONGEST_LOCK_MS)) {
        run->said = text_on(run->arena);
        run->tries++;
        if (!session_script(run->session, arena_printf(run->arena, "set lock_timeout = %d", lock)))
            return run_fail(run, "cannot set the session");
        if (in(run, work, what)) {
            if (run->said.length)
                run_tell(run, "%s", run->said.bytes);
            return true;
        }
        if (!is_in_the_way(run->session) || clock_monotonic_us() > until_us)
            return run_fail(run, run->at);
        run_tell(run, "%s: %s; again in %d ms", run->at, session_why(run->session), pause);
        clock_pause(pause * INT64_C(1000));
    }
}

bool run_transaction(struct migration_run *run, run_work *work, const void *what)
{
    return try_again(run, work, what, in_transaction);
}

bool run_alone(struct migration_run *run, run_work *work, const void *what)
{
    return try_again(run, work, what, alone);
}

bool run_script(struct migration_run *run, struct slice sql)
{
    return session_script(run->session, arena_strndup(run->arena, sql.bytes, sql.length));
}
