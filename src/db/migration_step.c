#include "anze/base/clock.h"
#include "anze/db/script.h"
#include "migration_run.h"

#include <stdlib.h>

enum {
    FIRST_ROWS = 100,
    MOST_ROWS = 20000,
    BATCH_US = 100000, /* what a batch should take: others may wait for its rows */
    PROGRESS_US = 2000000
};

static bool note_done(struct migration_run *run, const struct migration *step)
{
    const char *values[] = { step->file->name, step->checksum };
    return session_query(run->session, "insert into anze.migration (name, kind, checksum) values ($1, 'migration', $2)",
                         values, 2, NULL);
}

bool run_step_here(struct migration_run *run, const void *what)
{
    const struct migration *step = what;
    run->at = step->file->name;
    if (!run_script(run, step->file->content) || !note_done(run, step))
        return false;
    run_say(run, arena_printf(run->arena, "applied %s", step->file->name));
    return true;
}

/* ---- without a transaction ---- */

static bool run_statement(struct migration_run *run, const void *statement)
{
    return run_script(run, *(const struct slice *)statement);
}

static bool is_concurrent(struct slice statement)
{
    struct slice words[4];
    size_t n = script_words(statement, words, 4);
    for (size_t i = 0; i < n; i++)
        if (script_word_is(words[i], "concurrently"))
            return true;
    return false;
}

/* `create [unique] index concurrently [if not exists] NAME`: NAME, else nothing. */
static const char *index_of(struct arena *arena, struct slice statement)
{
    struct slice w[8];
    size_t n = script_words(statement, w, 8), i = 1;
    if (n < 4 || !script_word_is(w[0], "create"))
        return NULL;
    i += script_word_is(w[i], "unique");
    if (!script_word_is(w[i], "index") || !script_word_is(w[i + 1], "concurrently"))
        return NULL;
    i += 2;
    if (i + 3 < n && script_word_is(w[i], "if"))
        i += 3;
    return i < n ? arena_strndup(arena, w[i].bytes, w[i].length) : NULL;
}

/* A run that was broken off leaves an index that nobody uses, or one that is whole and was not noted. */
static bool look_for_index(struct migration_run *run, const char *name, bool *ret_is_there)
{
    const struct session_rows *rows;
    const char *values[] = { name };
    *ret_is_there = false;
    if (!session_query(run->session,
                       "select i.indexrelid::regclass, i.indisvalid from pg_index i"
                       " join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace"
                       " where n.nspname in ('anze', 'audit') and c.relname = $1",
                       values, 1, &rows))
        return false;
    if (!session_count(rows))
        return true;
    *ret_is_there = *session_value(rows, 0, 1) == 't';
    if (*ret_is_there)
        return true;
    run_tell(run, "%s was left unfinished: dropped, to be built again", session_value(rows, 0, 0));
    return session_script(run->session,
                          arena_printf(run->arena, "drop index concurrently %s", session_value(rows, 0, 0)));
}

/* What is built concurrently waits for everybody and stands in nobody's way. */
static bool run_concurrent(struct migration_run *run, struct slice statement)
{
    const char *index = index_of(run->arena, statement);
    bool is_there = false;
    return session_script(run->session, "set lock_timeout = 0") &&
           (!index || look_for_index(run, index, &is_there)) && (is_there || run_script(run, statement));
}

static bool run_piecewise(struct migration_run *run, const struct migration *step)
{
    const struct script script = script_cut(run->arena, step->file->content);
    for (size_t i = 0; i < script.n_statements; i++) {
        bool done = is_concurrent(script.statements[i])
                        ? run_concurrent(run, script.statements[i]) || run_fail(run, run->at)
                        : run_alone(run, run_statement, &script.statements[i]);
        if (!done)
            return false;
    }
    return true;
}

/* ---- in batches ---- */

struct batch {
    struct slice statement;
    long rows, done; /* asked for, and how many it did */
};

static bool run_batch(struct migration_run *run, const void *what)
{
    struct batch *batch = *(struct batch *const *)what;
    const char *values[] = { arena_printf(run->arena, "%ld", batch->rows) };
    const struct session_rows *rows;
    if (!session_query(run->session, arena_strndup(run->arena, batch->statement.bytes, batch->statement.length), values,
                       1, &rows))
        return false;
    const char *count = session_count(rows) ? session_value(rows, 0, 0) : NULL;
    batch->done = count ? strtol(count, NULL, 10) : 0;
    return true;
}

static const char *estimate(struct migration_run *run, const struct migration *step)
{
    const struct session_rows *rows;
    const char *values[] = { step->header.table };
    bool was_told = session_query(run->session,
                                  "select greatest(sum(c.reltuples), 0)::bigint from pg_class c where c.reltuples > 0"
                                  " and c.oid in (select to_regclass(n) from unnest(array[$1, 'anze.' || $1]) n"
                                  " union all select t.relid from unnest(array[$1, 'anze.' || $1]) n,"
                                  " pg_partition_tree(to_regclass(n)) t)",
                                  values, 1, &rows);
    const char *count = was_told ? session_value(rows, 0, 0) : NULL;
    return count ? count : "an unknown number";
}

static long next_rows(long rows, int64_t took_us)
{
    if (took_us > BATCH_US)
        return rows > 2 ? rows / 2 : 1;
    return took_us < BATCH_US / 2 && rows * 2 <= MOST_ROWS ? rows * 2 : rows;
}

static bool run_backfill(struct migration_run *run, const struct migration *step)
{
    struct batch batch = { script_cut(run->arena, step->file->content).statements[0], FIRST_ROWS, 0 }, *what = &batch;
    const char *of = estimate(run, step);
    int64_t told_us = clock_monotonic_us();
    long done = 0;
    do {
        int64_t begun_us = clock_monotonic_us();
        if (!run_transaction(run, run_batch, &what))
            return false;
        done += batch.done;
        batch.rows = next_rows(batch.rows, clock_monotonic_us() - begun_us);
        if (clock_monotonic_us() - told_us > PROGRESS_US) {
            told_us = clock_monotonic_us();
            run_tell(run, "%s: %ld rows of about %s", run->at, done, of);
        }
    } while (batch.done > 0);
    run_tell(run, "%s: %ld rows", run->at, done);
    return true;
}

/* ---- each in its way ---- */

/* Alone: a table that is rewritten is empty for who began before, and locks of several tables end in deadlocks. */
static bool run_whole(struct migration_run *run, const void *step)
{
    return session_script(run->session, gate_sql) && run_step_here(run, step);
}

static bool finish_step(struct migration_run *run, const void *step)
{
    run_say(run, arena_printf(run->arena, "applied %s", run->at));
    return note_done(run, step);
}

bool run_step(struct migration_run *run, const struct migration *step)
{
    run->at = step->file->name;
    switch (step->header.way) {
    case STEP_PIECEWISE: return run_piecewise(run, step) && run_transaction(run, finish_step, step);
    case STEP_BACKFILL: return run_backfill(run, step) && run_transaction(run, finish_step, step);
    case STEP_WHOLE: break;
    }
    return run_transaction(run, run_whole, step);
}
