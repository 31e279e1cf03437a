#include "anze/command/command.h"

#include <stdio.h>

static int FORMAT(2, 0) print_complaint(const struct command_context *context, const char *format, va_list arguments)
{
    fprintf(stderr, "anze %s: ", context->command->name);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    return COMMAND_FAILED;
}

int command_failure(const struct command_context *context, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print_complaint(context, format, arguments);
    va_end(arguments);
    return COMMAND_FAILED;
}

int command_misuse(const struct command_context *context, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print_complaint(context, format, arguments);
    va_end(arguments);
    fprintf(stderr, "\n%s", context->command->usage);
    return COMMAND_MISUSED;
}
