#include "anze/command/command.h"
#include "anze/work/sealer.h"
#include "anze/db/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char usage_audit[] =
    "usage: anze audit verify [--from SEQ] [--expect-head SEQ:DIGEST] [--anchors FILE] [--json]\n"
    "       anze audit head [--json]\n"
    "       anze audit seal\n"
    "       anze audit export --month YYYY-MM FILE\n"
    "       anze audit verify --file FILE [--json]\n"
    "       anze audit detach FILE\n\n"
    "  verify  recompute the whole chain and name every altered, missing, reordered, inserted or copied row, and\n"
    "          every masked text that is not the one that was digested (with ANZE_AUDIT_KEY);\n"
    "          exit status 0: nothing is wrong; 1: something is, or the audit could not be read\n"
    "            --from SEQ           begin at this link or seal instead of the first; texts are not looked at\n"
    "            --expect-head HEAD   a head noted earlier must still be in the chain\n"
    "            --anchors FILE       so must every head in this file (ANZE_AUDIT_ANCHOR_FILE unless told)\n"
    "            --json               one JSON object per line, the last one sums up\n"
    "          without heads from outside nobody can see that the end was cut off, that the whole was rewritten,\n"
    "          or that an older backup was restored\n"
    "  head    print the end of the chain as SEQ:DIGEST, to be noted outside of this database\n"
    "  seal    seal what is committed now (the service does that by itself; useful before a dump)\n"
    "  export  write the entries of a month, with the seals that hold them, into a new file; it proves itself, and\n"
    "          `verify --file` proves it against the chain\n"
    "  detach  prove such a file, and take its month out of the audit's table: its rows stay in audit.entry_YYYY_MM\n"
    "          until somebody drops that table; from then on the file has them, and the chain still names them\n\n"
    "Reads by ANZE_OWNER_DATABASE_URL. `seal` digests by ANZE_AUDIT_DIGEST.\n";

struct audit_arguments {
    int64_t from;
    bool as_json;
    bool expects;
    struct audit_head expected;
    const char *anchor_file, *month, *file;
};

static int audit_failure(struct command_context *context, const struct problem *problem)
{
    return command_failure(context, "%s.\n  %s\n  Check ANZE_OWNER_DATABASE_URL and that the database is running.",
                           problem->en, problem->cause ? problem->cause : "");
}

static void print_finding(void *context, const struct audit_finding *finding)
{
    (void)context;
    if (finding->seq && finding->seq != finding->to_seq)
        printf("seals %lld to %lld", (long long)finding->seq, (long long)finding->to_seq);
    else if (finding->seq)
        printf("seal %lld", (long long)finding->seq);
    if (finding->entry)
        printf("%sentry %lld", finding->seq ? ", " : "", (long long)finding->entry);
    if (finding->object)
        printf(", %s", finding->object);
    printf(": %s: %s\n", audit_fault_name(finding->fault), finding->detail);
}

static void print_finding_json(void *context, const struct audit_finding *finding)
{
    (void)context;
    printf("{\"fault\":\"%s\"", audit_fault_name(finding->fault));
    if (finding->seq)
        printf(",\"seq\":%lld,\"to_seq\":%lld", (long long)finding->seq, (long long)finding->to_seq);
    if (finding->entry)
        printf(",\"entry\":%lld", (long long)finding->entry);
    if (finding->object)
        printf(",\"object\":\"%s\"", finding->object);
    printf(",\"detail\":\"%s\"}\n", finding->detail);
}

static void print_progress(void *context, int64_t checked, int64_t seq, int64_t last_seq)
{
    (void)context;
    fprintf(stderr, "anze audit: %lld entries checked, at seal %lld of %lld\n", (long long)checked, (long long)seq,
            (long long)last_seq);
}

static void print_result(struct arena *arena, const struct audit_result *result, bool as_json)
{
    const char *head = audit_head_text(arena, &result->head);
    long long checked = result->checked, faults = result->findings, waiting = result->waiting;
    long long exported = result->exported, anchors = result->anchors, texts = result->texts;
    if (as_json)
        printf("{\"intact\":%s,\"checked\":%lld,\"faults\":%lld,\"waiting\":%lld,\"exported\":%lld,\"anchors\":%lld,"
               "\"texts\":%lld,\"head\":\"%s\"}\n",
               faults ? "false" : "true", checked, faults, waiting, exported, anchors, texts, head);
    else
        printf("%s: %lld entries checked, %lld faults, %lld entries not sealed yet, %lld in exported months;\n"
               "%lld heads from outside and %lld masked texts compared\nhead %s\n",
               faults ? "NOT INTACT" : "intact", checked, faults, waiting, exported, anchors, texts, head);
}

static int verify(struct command_context *context, const struct audit_arguments *arguments)
{
    struct problem problem = { 0 };
    struct audit_result result;
    struct audit_check check = {
        .url = context->config->owner_database_url,
        .from = arguments->from,
        .expected = arguments->expects ? &arguments->expected : NULL,
        .anchor_file = arguments->anchor_file,
        .key = context->config->audit_key,
        .found = arguments->as_json ? print_finding_json : print_finding,
        .progress = print_progress,
    };
    if (!audit_verify(context->arena, &check, &result, &problem))
        return audit_failure(context, &problem);
    print_result(context->arena, &result, arguments->as_json);
    return result.findings ? COMMAND_FAILED : COMMAND_OK;
}

static int print_head(struct command_context *context, const struct audit_arguments *arguments)
{
    struct problem problem = { 0 };
    struct audit_head head;
    if (!audit_head_read(context->arena, context->config->owner_database_url, &head, &problem))
        return audit_failure(context, &problem);
    const char *text = audit_head_text(context->arena, &head);
    printf(arguments->as_json ? "{\"head\":\"%s\"}\n" : "%s\n", text);
    return COMMAND_OK;
}

static int seal_now(struct command_context *context, const struct audit_arguments *arguments)
{
    struct problem problem = { 0 };
    struct audit_sealing sealing = { .url = context->config->owner_database_url,
                                     .anchor_file = context->config->audit_anchor_file };
    int64_t sealed;
    if (!digest_kind_from_name(context->config->audit_digest, &sealing.kind))
        return command_failure(context, "ANZE_AUDIT_DIGEST must be sm3 or sha256");
    if (!audit_seal_now(context->arena, &sealing, &sealed, &problem))
        return audit_failure(context, &problem);
    printf(arguments->as_json ? "{\"sealed\":%lld}\n" : "%lld entries sealed\n", (long long)sealed);
    return COMMAND_OK;
}

static bool prove_file(struct command_context *context, const struct audit_arguments *arguments,
                       struct audit_file_result *ret_result)
{
    struct problem problem = { 0 };
    const struct audit_check check = { .url = context->config->owner_database_url,
                                       .found = arguments->as_json ? print_finding_json : print_finding };
    if (!audit_verify_file(context->arena, &check, arguments->file, ret_result, &problem)) {
        audit_failure(context, &problem);
        return false;
    }
    printf(arguments->as_json ? "{\"intact\":%s,\"entries\":%lld,\"faults\":%lld,\"digest\":\"%s\"}\n"
                              : "%s: %lld entries in the file, %lld faults\nSM3 %s\n",
           ret_result->findings       ? (arguments->as_json ? "false" : "NOT INTACT")
           : arguments->as_json ? "true"
                                : "intact",
           (long long)ret_result->entries, (long long)ret_result->findings, ret_result->digest);
    return ret_result->findings == 0;
}

static int verify_any(struct command_context *context, const struct audit_arguments *arguments)
{
    struct audit_file_result result;
    if (!arguments->file)
        return verify(context, arguments);
    return prove_file(context, arguments, &result) ? COMMAND_OK : COMMAND_FAILED;
}

static int export_month(struct command_context *context, const struct audit_arguments *arguments)
{
    struct problem problem = { 0 };
    struct audit_export_result result;
    if (!arguments->file || !arguments->month)
        return command_misuse(context, "export takes --month YYYY-MM and a file");
    if (!audit_export(context->arena, context->config->owner_database_url, arguments->month, arguments->file, &result,
                      &problem))
        return audit_failure(context, &problem);
    printf("%lld entries in %lld seals written, SM3 %s\n", (long long)result.entries, (long long)result.steps,
           result.digest);
    if (result.missing)
        return command_failure(context, "%lld entries of the month are sealed but gone: see anze audit verify",
                               (long long)result.missing);
    return COMMAND_OK;
}

static int detach(struct command_context *context, const struct audit_arguments *arguments)
{
    struct audit_file_result result;
    const char *why = "";
    if (!arguments->file)
        return command_misuse(context, "detach takes the file of a month");
    if (!prove_file(context, arguments, &result))
        return COMMAND_FAILED;
    const char *values[] = { arena_printf(context->arena, "%s-01", result.month),
                             arena_printf(context->arena, "%lld", (long long)result.entries), result.digest };
    struct session *session = session_open(context->arena, context->config->owner_database_url, "detachAudit", &why);
    if (!session)
        return command_failure(context, "cannot connect: %s", why);
    if (!session_query(session, "select audit.detach($1, $2, $3)", values, ARRAY_LENGTH(values), NULL))
        return command_failure(context, "not detached: %s", session_why(session));
    printf("detached %s\n", result.month);
    return COMMAND_OK;
}

/* What a verb takes besides --json. */
enum { TAKES_CHECKS = 1, TAKES_MONTH = 2, TAKES_PATH = 4 };

static const struct audit_verb {
    const char *name;
    unsigned takes;
    int (*run)(struct command_context *context, const struct audit_arguments *arguments);
} verbs[] = {
    { "verify", TAKES_CHECKS, verify_any }, { "head", 0, print_head },
    { "seal", 0, seal_now },                { "detach", TAKES_PATH, detach },
    { "export", TAKES_MONTH | TAKES_PATH, export_month },
};

static bool read_from(const char *value, struct audit_arguments *out)
{
    char *end;
    out->from = strtoll(value, &end, 10);
    return *value >= '0' && *value <= '9' && !*end && out->from > 0 && out->from < INT64_MAX;
}

static bool read_head(const char *value, struct audit_arguments *out)
{
    out->expects = audit_head_parse(value, &out->expected);
    return out->expects;
}

static bool read_anchors(const char *value, struct audit_arguments *out)
{
    out->anchor_file = value;
    return *value;
}

static bool read_export_file(const char *value, struct audit_arguments *out)
{
    out->file = value;
    return *value;
}

static bool read_month(const char *value, struct audit_arguments *out)
{
    out->month = value;
    return audit_month_is(value);
}

static const struct audit_option {
    const char *name;
    unsigned of; /* verbs that take it */
    bool (*read)(const char *value, struct audit_arguments *out);
    const char *complaint;
} options[] = {
    { "--from", TAKES_CHECKS, read_from, "--from takes the number of a link or seal, from 1" },
    { "--expect-head", TAKES_CHECKS, read_head, "--expect-head takes SEQ:DIGEST as printed by `anze audit head`" },
    { "--anchors", TAKES_CHECKS, read_anchors, "--anchors takes a file" },
    { "--file", TAKES_CHECKS, read_export_file, "--file takes a file" },
    { "--month", TAKES_MONTH, read_month, "--month takes YYYY-MM" },
};

static const struct audit_option *find_option(const struct audit_verb *verb, const char *name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(options); i++)
        if (verb->takes & options[i].of && strcmp(options[i].name, name) == 0)
            return &options[i];
    return NULL;
}

/* NULL, or what is wrong. */
static const char *read_arguments(const struct audit_verb *verb, int argc, char **argv, struct audit_arguments *out)
{
    for (int i = 2; i < argc; i++) {
        const struct audit_option *option = find_option(verb, argv[i]);
        if (option && !option->read(i + 1 < argc ? argv[++i] : "", out))
            return option->complaint;
        if (option)
            continue;
        if (strcmp(argv[i], "--json") == 0)
            out->as_json = true;
        else if (verb->takes & TAKES_PATH && *argv[i] != '-' && !out->file)
            out->file = argv[i];
        else
            return "there is no such option";
    }
    return NULL;
}

int command_audit(struct command_context *context, int argc, char **argv)
{
    struct audit_arguments arguments = { .from = 1, .anchor_file = context->config->audit_anchor_file };
    for (size_t i = 0; argc > 1 && i < ARRAY_LENGTH(verbs); i++) {
        if (strcmp(argv[1], verbs[i].name) != 0)
            continue;
        const char *complaint = read_arguments(&verbs[i], argc, argv, &arguments);
        if (complaint)
            return command_misuse(context, "%s", complaint);
        if (!*context->config->owner_database_url)
            return command_failure(context, "ANZE_OWNER_DATABASE_URL is not set: the audit is the owner's to read");
        return verbs[i].run(context, &arguments);
    }
    return command_misuse(context, "verify, head, seal_now, export or detach?");
}
