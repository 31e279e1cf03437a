#include "anze/base/log.h"
#include "anze/command/command.h"
#include "anze/db/audit.h"

#include <jansson.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

static const struct command commands[] = {
    { "serve", "answer requests", usage_serve, command_serve },
    { "migrate", "bring the database to this program's schema", usage_migrate, command_migrate },
    { "import", "load regions, units, people and appointments from files", usage_import, command_import },
    { "keys", "create, list and rotate signing keys", usage_keys, command_keys },
    { "token", "issue a token for tests and operators", usage_token, command_token },
    { "audit", "verify the audit chain", usage_audit, command_audit },
    { "workflow", "draw a kind of case", usage_workflow, command_workflow },
    { "config", "print the effective configuration", usage_config, command_config },
};

static void print_help(FILE *out)
{
    fputs("anze " ANZE_VERSION " - government safety-accountability service (安责)\n\n"
          "usage: anze <command> [options]\n\ncommands:\n",
          out);
    for (size_t i = 0; i < ARRAY_LENGTH(commands); i++)
        fprintf(out, "  %-8s %s\n", commands[i].name, commands[i].summary);
    fputs("\n`anze <command> --help` explains a command; `man anze` explains everything.\n"
          "Configuration is taken from the environment and the file named by ANZE_CONFIG_FILE.\n",
          out);
}

static const struct command *command_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(commands); i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

static bool asks_for_help(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    return false;
}

static int run_command(const struct command *command, int argc, char **argv)
{
    AUTO(arena_free_at_end) struct arena *arena = arena_new_secret(); /* keys and passwords of the configuration */
    struct config config;
    struct text complaints = text_on(arena);
    struct command_context context = { arena, &config, command };
    if (!config_load(arena, &config, &complaints)) {
        fprintf(stderr, "anze %s: the configuration is wrong:\n%s", command->name, complaints.bytes);
        return COMMAND_MISUSED;
    }
    /* Whatever writes, in whichever connection, lets the audit digest what it masks. */
    config.database_url = audit_keyed_url(arena, config.database_url, config.audit_key);
    config.owner_database_url = audit_keyed_url(arena, config.owner_database_url, config.audit_key);
    return command->run(&context, argc, argv);
}

int main(int argc, char **argv)
{
    setlocale(LC_ALL, "C"); /* once, before threads: jansson and printf read it */
    json_object_seed(0);
    const char *name = argc > 1 ? argv[1] : "";
    if (!*name || strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        print_help(*name ? stdout : stderr);
        return *name ? COMMAND_OK : COMMAND_MISUSED;
    }
    if (strcmp(name, "--version") == 0)
        return puts("anze " ANZE_VERSION) < 0 ? COMMAND_FAILED : COMMAND_OK;
    const struct command *command = command_find(name);
    if (!command) {
        fprintf(stderr, "anze: there is no command %s\n\n", name);
        print_help(stderr);
        return COMMAND_MISUSED;
    }
    if (asks_for_help(argc - 1, argv + 1))
        return fputs(command->usage, stdout) < 0 ? COMMAND_FAILED : COMMAND_OK;
    return run_command(command, argc - 1, argv + 1);
}
