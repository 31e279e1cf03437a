#include "anze/command/command.h"

#include <stdio.h>

const char usage_config[] =
    "usage: anze config [--keys]\n\n"
    "Prints the effective configuration, one KEY=value a line, secrets masked.\n"
    "  --keys  every key with its default and meaning instead\n";

int command_config(struct command_context *context, int argc, char **argv)
{
    struct text out = text_on(context->arena);
    if (argc == 1)
        config_print(context->config, &out);
    else if (argc == 2 && strcmp(argv[1], "--keys") == 0)
        config_help(&out);
    else
        return command_misuse(context, "only --keys is understood");
    fputs(out.bytes, stdout);
    return COMMAND_OK;
}
