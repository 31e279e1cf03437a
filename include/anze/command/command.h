#ifndef ANZE_COMMAND_COMMAND_H
#define ANZE_COMMAND_COMMAND_H

#include "anze/base/arena.h"
#include "anze/base/config.h"

/* anze's subcommands, in the manner of git: one file each, one row in main.c's table.
 *
 * To add one: src/command/<name>.c with `int command_<name>(…)`, its prototype here, a row in main.c, a paragraph in
 * deploy/anze.1. `<name> --help` prints `usage` and is handled by main. */
enum { COMMAND_OK = 0, COMMAND_FAILED = 1, COMMAND_MISUSED = 2, COMMAND_PARTLY = 3 };

struct command_context {
    struct arena *arena;
    const struct config *config;
    const struct command *command;
};

/* argv[0] is the subcommand's name. Returns the exit status; what went wrong is on standard error, with what to do. */
typedef int command_runner(struct command_context *context, int argc, char **argv);

struct command {
    const char *name;
    const char *summary;
    const char *usage; /* whole text of `anze <name> --help` */
    command_runner *run;
};

command_runner command_serve, command_migrate, command_token, command_keys, command_import, command_config,
    command_audit, command_workflow;
extern const char usage_serve[], usage_migrate[], usage_token[], usage_keys[], usage_import[], usage_config[],
    usage_audit[], usage_workflow[];

/* "anze migrate: …" on standard error; returns COMMAND_MISUSED with the usage, for wrong arguments. */
int command_misuse(const struct command_context *context, const char *format, ...) FORMAT(2, 3);
/* Returns COMMAND_FAILED. */
int command_failure(const struct command_context *context, const char *format, ...) FORMAT(2, 3);

#endif
