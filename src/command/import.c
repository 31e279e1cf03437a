#include "anze/command/command.h"
#include "anze/base/utf8.h"
#include "anze/contract/format.h"
#include "import_stage.h"

#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

const char usage_import[] =
    "usage: anze import KIND FILE [--format csv|ndjson] [--partial] [--report FILE] [--effective-on DAY]\n\n"
    "Loads many rows at once. FILE is CSV with a heading that names the columns in any order, or NDJSON with an\n"
    "object a line; UTF-8, at most 1 GiB. A column that is not given leaves what is there, an empty one clears it.\n"
    "Run again, it adds and changes what differs; it never deletes.\n\n"
    "All rows are checked first. If any is refused, nothing is written and the refused rows are listed as CSV\n"
    "(line,column,reason,row) on standard error or in the report.\n\n"
    "  regions       行政区划: code, name, parent, from, until\n"
    "  units         单位: code, credit_code (one of them), kind, name, region_code, sector, level, supervision_role,\n"
    "                supervised_sectors, accountable_to, group, zone, risk_class, site_kind, high_risk, opened_on,\n"
    "                closed_on, effective_on\n"
    "  people        人员: unit, code, name, phone, qualifications\n"
    "  appointments  任职: person_unit, person_code, unit, post, held_from, held_until, document_number,\n"
    "                ending_document_number, portfolio, portfolio_note, is_full_time\n\n"
    "  --format       by default after the name: .csv, .ndjson or .jsonl\n"
    "  --partial      write the good rows although others are refused; exit status 3\n"
    "  --report FILE  list the refused rows there; always written, mode 0600\n"
    "  --effective-on DAY  the day from which changes of units count; today by default\n\n"
    "deploy/README.md explains each column. Works as the schema's owner: ANZE_OWNER_DATABASE_URL.\n";

enum { MAX_FILE_BYTES = 1 << 30, LINES_PER_STEP = 5000 };

struct import_arguments {
    const struct import_kind *kind;
    const char *path, *report_path;
    const char *effective_on; /* "": today */
    enum records_format format;
    bool is_partial;
};

struct import {
    struct command_context *context;
    const struct import_arguments *arguments;
    struct session *session;
    struct import_report report;
    FILE *report_file;
    struct progress progress;
    size_t n_records, last_line, n_refused;
    long long added, changed, unchanged;
};

/* ---- arguments ---- */

static bool format_of(const char *name, enum records_format *ret_format)
{
    static const struct {
        const char *name;
        enum records_format format;
    } names[] = { { "csv", RECORDS_CSV }, { "ndjson", RECORDS_NDJSON }, { "jsonl", RECORDS_NDJSON } };
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        if (strcmp(names[i].name, name) == 0) {
            *ret_format = names[i].format;
            return true;
        }
    return false;
}

/* NULL: understood; else what is not. */
static const char *read_import_arguments(struct import_arguments *arguments, int argc, char **argv)
{
    static const struct option options[] = { { "format", required_argument, NULL, 'f' },
                                             { "partial", no_argument, NULL, 'p' },
                                             { "report", required_argument, NULL, 'r' },
                                             { "effective-on", required_argument, NULL, 'e' },
                                             { 0 } };
    const char *format = NULL;
    optind = 0;
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;)
        switch (option) {
        case 'f': format = optarg; break;
        case 'p': arguments->is_partial = true; break;
        case 'r': arguments->report_path = optarg; break;
        case 'e': arguments->effective_on = optarg; break;
        default: return "the arguments are not understood";
        }
    if (argc - optind != 2 || !(arguments->kind = import_kind_find(argv[optind])))
        return "what is to be imported? anze import KIND FILE";
    arguments->path = argv[optind + 1];
    const char *dot = strrchr(arguments->path, '.');
    if (!format_of(format ? format : dot ? dot + 1 : "", &arguments->format))
        return "in which format is the file? --format csv or --format ndjson";
    if (*arguments->effective_on && !format_find("date")(slice_of(arguments->effective_on)))
        return "--effective-on takes a day such as 2026-02-28";
    return NULL;
}

/* A value that was damaged is refused with its row. Where bytes that do not decode come up to half as often as Chinese
 * characters, the file is in another encoding, and what happens to decode in it is not what was meant. */
static bool is_meant_as_utf8(struct slice text)
{
    size_t undecoded = 0, wide = 0;
    for (size_t at = utf8_valid_length(text) == text.length ? text.length : 0; at < text.length;) {
        uint32_t point;
        size_t length = utf8_next((struct slice){ text.bytes + at, text.length - at }, &point);
        undecoded += length == 0;
        wide += length > 2;
        at += length ? length : 1;
    }
    return undecoded == 0 || undecoded * 2 <= wide;
}

/* NULL: ret_text is the file's content; else why not. */
static const char *file_read(struct arena *arena, const char *path, struct slice *ret_text)
{
    struct stat status;
    FILE *file = fopen(path, "re");
    const char *why = NULL;
    if (!file || fstat(fileno(file), &status) != 0 || !S_ISREG(status.st_mode))
        why = "it is no file that can be read";
    else if (status.st_size > MAX_FILE_BYTES)
        why = "it is larger than 1 GiB; import it in parts";
    else {
        char *bytes = arena_alloc(arena, (size_t)status.st_size + 1);
        *ret_text = (struct slice){ bytes, fread(bytes, 1, (size_t)status.st_size, file) };
        why = ferror(file)               ? "reading it failed"
              : !is_meant_as_utf8(*ret_text) ? "it is not in UTF-8 (GBK?); save it as UTF-8 请另存为 UTF-8 编码"
                                          : NULL;
    }
    if (file)
        fclose(file);
    return why;
}

/* Rows hold personal data: for the operator alone. Standard error itself has no buffer. */
static FILE *report_open(const char *path)
{
    int file = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : dup(STDERR_FILENO);
    return file < 0 ? NULL : fdopen(file, "w");
}

/* ---- the database ---- */

static bool refusals_take(struct import *import)
{
    const struct session_rows *rows;
    if (!session_query(import->session, "select line, field, zh, en from pg_temp.refused order by line", NULL, 0,
                       &rows))
        return false;
    for (size_t i = 0; i < session_count(rows); i++)
        import_report_refuse(&import->report, strtoull(session_value(rows, i, 0), NULL, 10),
                             session_value(rows, i, 1), session_value(rows, i, 2), session_value(rows, i, 3));
    import->n_refused = import_report_count(&import->report);
    return true;
}

/* With --partial, what refers to a refused row is refused as well. */
static bool check_rows(struct import *import)
{
    const char *kind = import->arguments->kind->name;
    const char *values[] = { import->arguments->is_partial ? "true" : "false" };
    progress_show(&import->progress, "check", import->n_records, 0);
    return session_query(import->session,
                         arena_printf(import->context->arena, "select anze.import_%s_check($1::boolean)", kind), values,
                         1, NULL) &&
           refusals_take(import);
}

static bool apply_lines(struct import *import, size_t first, size_t last)
{
    struct arena *arena = import->context->arena;
    const struct session_rows *counts;
    const char *values[] = { import->arguments->kind->target, arena_printf(arena, "%zu", first),
                             arena_printf(arena, "%zu", last) };
    if (!session_query(import->session,
                       "select added, changed, unchanged from anze.import_write($1::regclass, $2::bigint, $3::bigint)",
                       values, 3, &counts))
        return false;
    import->added += atoll(session_value(counts, 0, 0));
    import->changed += atoll(session_value(counts, 0, 1));
    import->unchanged += atoll(session_value(counts, 0, 2));
    return true;
}

/* Rows may refer to later ones: what refers to what is checked by the database at the end. */
static bool write_rows(struct import *import)
{
    if (!session_script(import->session, "set constraints all deferred"))
        return false;
    for (size_t line = 1; line <= import->last_line; line += LINES_PER_STEP) {
        if (!apply_lines(import, line, line + LINES_PER_STEP - 1))
            return false;
        long long done = import->added + import->changed + import->unchanged;
        progress_show(&import->progress, "write", (size_t)done, import->n_records - import->n_refused);
    }
    return session_script(import->session, "commit");
}

static bool begin_import(struct import *import)
{
    const char *values[] = { import->arguments->effective_on };
    return session_script(import->session, "begin; set local lock_timeout = '10s'; set local work_mem = '128MB';"
                                           " set local jit = off") &&
           session_query(import->session, "select set_config('anze.effective_on', $1, true)", values, 1, NULL);
}

/* ---- the whole ---- */

static void report_write(struct import *import)
{
    progress_end(&import->progress);
    if (import->arguments->report_path || import->n_refused)
        import_report_write(&import->report, import->report_file);
    fflush(import->report_file); /* a failure shows when it is closed */
}

static int import_fail(struct import *import, const char *why)
{
    progress_end(&import->progress);
    return command_failure(import->context, "nothing was written: %s", why);
}

static int import_finish(struct import *import)
{
    double seconds = progress_seconds(&import->progress);
    printf("%zu %s: %lld added, %lld changed, %lld unchanged, %zu refused; %.1f s, %.0f rows/s\n", import->n_records,
           import->arguments->kind->name, import->added, import->changed, import->unchanged, import->n_refused, seconds,
           (double)import->n_records / (seconds > 0.001 ? seconds : 0.001));
    return import->n_refused ? COMMAND_PARTLY : COMMAND_OK;
}

static int import_run(struct import *import, struct slice text)
{
    struct import_stage stage = { .arena = import->context->arena, .kind = import->arguments->kind,
                                  .format = import->arguments->format, .session = import->session,
                                  .report = &import->report, .progress = &import->progress };
    if (!begin_import(import))
        return import_fail(import, session_why(import->session));
    if (!import_stage_file(&stage, text))
        return import_fail(import, stage.why);
    import->n_records = stage.n_records;
    import->last_line = stage.last_line;
    if (!check_rows(import))
        return import_fail(import, session_why(import->session));
    bool is_refused = import->n_refused && !import->arguments->is_partial;
    if (!is_refused && !write_rows(import))
        return import_fail(import, session_why(import->session));
    report_write(import);
    if (is_refused)
        return command_failure(import->context, "%zu of %zu rows were refused, nothing was written",
                               import->n_refused, import->n_records);
    return import_finish(import);
}

static int import_open(struct import *import)
{
    const struct import_arguments *arguments = import->arguments;
    struct command_context *context = import->context;
    struct slice text = SLICE_NONE;
    const char *why = file_read(context->arena, arguments->path, &text);
    if (why)
        return command_failure(context, "cannot import %s: %s", arguments->path, why);
    import->session = session_open(context->arena, context->config->owner_database_url, arguments->kind->operation,
                                   &why);
    if (!import->session)
        return command_failure(context, "cannot connect: %s", why);
    const char *report = arguments->report_path ? arguments->report_path : "standard error";
    if (!(import->report_file = report_open(arguments->report_path)))
        return command_failure(context, "cannot write %s", report);
    import->progress = progress_begin();
    int status = import_run(import, text);
    if (fclose(import->report_file) != 0)
        return command_failure(context, "cannot write %s", report);
    return status;
}

int command_import(struct command_context *context, int argc, char **argv)
{
    struct import_arguments arguments = { .effective_on = "" };
    struct import import = { .context = context, .arguments = &arguments, .report = { .arena = context->arena } };
    const char *misunderstood = read_import_arguments(&arguments, argc, argv);
    if (misunderstood)
        return command_misuse(context, "%s", misunderstood);
    if (!*context->config->owner_database_url)
        return command_misuse(context, "ANZE_OWNER_DATABASE_URL is not set");
    return import_open(&import);
}
