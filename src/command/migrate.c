#include "anze/base/embedded.h"
#include "anze/command/command.h"
#include "anze/db/migration.h"
#include "anze/db/session.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

const char usage_migrate[] =
    "usage: anze migrate [--check] [--service-password-file FILE]\n\n"
    "Brings the database to this program's schema, forward only, while the service goes on; a second runner waits.\n"
    "Prints each file that is applied. Run again, it does nothing; broken off, it goes on from there.\n\n"
    "  --check                       change nothing; list what is pending, and exit 1 if anything is\n"
    "  --service-password-file FILE  give the login anze_service the password in FILE (its first line)\n\n"
    "Works as the schema's owner: ANZE_OWNER_DATABASE_URL.\n";

struct migrate_arguments {
    bool only_check;
    const char *password_file;
};

static bool read_migrate_arguments(struct migrate_arguments *arguments, int argc, char **argv)
{
    static const struct option options[] = { { "check", no_argument, NULL, 'c' },
                                             { "service-password-file", required_argument, NULL, 'p' },
                                             { 0 } };
    optind = 0;
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;)
        switch (option) {
        case 'c': arguments->only_check = true; break;
        case 'p': arguments->password_file = optarg; break;
        default: return false;
        }
    return optind == argc && !(arguments->only_check && arguments->password_file);
}

static const char *password_read(struct arena *arena, const char *path)
{
    char line[1024];
    FILE *file = fopen(path, "re");
    bool was_read = file && fgets(line, sizeof line, file);
    if (file)
        fclose(file);
    if (!was_read)
        return NULL;
    line[strcspn(line, "\r\n")] = '\0';
    return *line ? arena_strdup(arena, line) : NULL;
}

static int password_set(struct command_context *context, struct session *session, const char *password)
{
    if (!session_set_password(session, "anze_service", password))
        return command_failure(context, "cannot set the password of anze_service: %s", session_why(session));
    puts("set the password of anze_service");
    return COMMAND_OK;
}

/* At once: it may take hours. */
static void tell_line(void *context, const char *line)
{
    (void)context;
    puts(line);
    fflush(stdout);
}

int command_migrate(struct command_context *context, int argc, char **argv)
{
    struct migrate_arguments arguments = { false, NULL };
    const char *why = "", *password = NULL, *url = context->config->owner_database_url;
    if (!read_migrate_arguments(&arguments, argc, argv))
        return command_misuse(context, "the arguments are not understood");
    if (!*url)
        return command_misuse(context, "ANZE_OWNER_DATABASE_URL is not set");
    if (arguments.password_file && !(password = password_read(context->arena, arguments.password_file)))
        return command_failure(context, "cannot read a password from %s", arguments.password_file);
    struct session *session = session_open(context->arena, url, "migrate", &why);
    if (!session)
        return command_failure(context, "cannot connect: %s", why);
    size_t n_pending;
    const struct migration_listener listener = { tell_line, NULL };
    struct migration_plan plan = migration_plan(context->arena, embedded_sql, n_embedded_sql);
    if (!migration_run(session, &plan, arguments.only_check, &listener, &n_pending))
        return command_failure(context, "stopped there; what was applied stays, and the next run goes on from it");
    if (n_pending == 0)
        puts("the database is up to date");
    if (password)
        return password_set(context, session, password);
    return arguments.only_check && n_pending ? COMMAND_FAILED : COMMAND_OK;
}
