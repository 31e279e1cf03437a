#include "anze/auth/keys.h"
#include "anze/base/clock.h"
#include "anze/command/command.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

const char usage_keys[] =
    "usage: anze keys create [--alg ALG] [--kid KID]\n"
    "       anze keys list\n"
    "       anze keys rotate [--alg ALG] [--kid KID] [--keep N]\n\n"
    "  create  make a signing key as a file <kid>.<alg>.pem of mode 0600; no file is ever overwritten\n"
    "  list    print kid, algorithm and time of each key, the one that signs first\n"
    "  rotate  make a new key, which signs from now on; older ones still verify until their files are removed\n"
    "            --alg ALG  ES256 (default), PS256 or RS256 (RSA keys of 3072 bits)\n"
    "            --kid KID  name of the key: up to 64 of A-Z a-z 0-9 _ - (default: the day and a random part)\n"
    "            --keep N   remove all but the N youngest of the older keys; tokens that they signed end within\n"
    "                       a second\n\n"
    "Works on ANZE_KEY_DIRECTORY. A running service sees the change within a second.\n";

struct keys_arguments {
    const char *kid;
    enum key_algorithm algorithm;
    long keep; /* -1: all */
};

static bool read_days(const char *text, long *ret_number)
{
    char *end;
    errno = 0;
    *ret_number = strtol(text, &end, 10);
    return !errno && end != text && !*end && *ret_number >= 0;
}

static bool keys_option_read(struct keys_arguments *arguments, int option, const char *value)
{
    switch (option) {
    case 'a': return key_algorithm_from_name(slice_of(value), &arguments->algorithm);
    case 'k': arguments->kid = value; return key_id_is_plain(slice_of(value));
    case 'n': return read_days(value, &arguments->keep);
    default: return false;
    }
}

/* Options after the verb; --keep is rotate's. */
static bool read_keys_arguments(struct keys_arguments *arguments, int argc, char **argv, bool rotates)
{
    static const struct option options[] = { { "alg", required_argument, NULL, 'a' },
                                             { "kid", required_argument, NULL, 'k' },
                                             { "keep", required_argument, NULL, 'n' },
                                             { 0 } };
    optind = 0; /* the verb may have been preceded by another parse */
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;)
        if (!keys_option_read(arguments, option, optarg) || (option == 'n' && !rotates))
            return false;
    return optind == argc;
}

static const char *kid_new(struct arena *arena)
{
    uint32_t salt;
    char day[16];
    struct tm utc;
    time_t now = (time_t)(clock_wall_us() / 1000000);
    crypto_random(&salt, sizeof salt);
    strftime(day, sizeof day, "%Y%m%d", gmtime_r(&now, &utc));
    return arena_printf(arena, "%s-%08x", day, salt);
}

static void key_print(const struct key *key)
{
    char stamp[32];
    struct tm utc;
    time_t written = (time_t)(key->written_at_ns / 1000000000);
    strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&written, &utc));
    printf("%s\t%s\t%s\n", key->kid, key_algorithm_name(key->algorithm), stamp);
}

/* The signer first, then as key_set_newest would choose. */
static int by_age(const void *a, const void *b)
{
    const struct key *x = a, *y = b;
    if (x->written_at_ns != y->written_at_ns)
        return x->written_at_ns < y->written_at_ns ? 1 : -1;
    return strcmp(y->kid, x->kid);
}

static struct key_set *keys_by_age(struct command_context *context, struct text *complaints)
{
    struct key_set *set = key_set_read(context->config->key_directory, KEY_PRIVATE, NULL, complaints);
    if (set)
        qsort(set->keys, set->n, sizeof *set->keys, by_age);
    return set;
}

static int keys_failure(struct command_context *context, const struct text *complaints)
{
    return command_failure(context, "%.*s", (int)complaints->length - 1, complaints->bytes);
}

static int keys_list(struct command_context *context)
{
    struct text complaints = text_on(context->arena);
    struct key_set *set = keys_by_age(context, &complaints);
    if (!set)
        return keys_failure(context, &complaints);
    for (size_t i = 0; i < set->n; i++)
        key_print(&set->keys[i]);
    key_set_free(set);
    return COMMAND_OK;
}

static bool create(struct command_context *context, const struct keys_arguments *arguments, struct text *complaints)
{
    const char *directory = context->config->key_directory;
    const char *kid = arguments->kid ? arguments->kid : kid_new(context->arena);
    if (mkdir(directory, 0700) != 0 && errno != EEXIST) {
        text_printf(complaints, "key directory %s: %s\n", directory, strerror(errno));
        return false;
    }
    if (!key_create(directory, kid, arguments->algorithm, complaints))
        return false;
    struct key_set *set = key_set_read(directory, KEY_PRIVATE, NULL, complaints);
    const struct key *key = set ? key_set_find(set, kid) : NULL;
    if (key)
        key_print(key);
    key_set_free(set);
    return key != NULL;
}

static bool remove_beyond(struct command_context *context, size_t kept, struct text *complaints)
{
    size_t complained = complaints->length;
    struct key_set *set = keys_by_age(context, complaints);
    for (size_t i = kept; set && i < set->n; i++) {
        const char *name = key_file_name(context->arena, set->keys[i].kid, set->keys[i].algorithm);
        const char *path = arena_printf(context->arena, "%s/%s", context->config->key_directory, name);
        if (unlink(path) != 0)
            text_printf(complaints, "key file %s: %s\n", path, strerror(errno));
    }
    key_set_free(set);
    return complaints->length == complained;
}

static int keys_make(struct command_context *context, int argc, char **argv, bool rotates)
{
    struct keys_arguments arguments = { NULL, KEY_ES256, -1 };
    struct text complaints = text_on(context->arena);
    if (!read_keys_arguments(&arguments, argc, argv, rotates))
        return command_misuse(context, "wrong options after %s", rotates ? "rotate" : "create");
    if (!create(context, &arguments, &complaints))
        return keys_failure(context, &complaints);
    if (arguments.keep >= 0 && !remove_beyond(context, (size_t)arguments.keep + 1, &complaints))
        return keys_failure(context, &complaints);
    return COMMAND_OK;
}

int command_keys(struct command_context *context, int argc, char **argv)
{
    const char *verb = argc > 1 ? argv[1] : "";
    bool creates = strcmp(verb, "create") == 0, rotates = strcmp(verb, "rotate") == 0;
    if (!creates && !rotates && (strcmp(verb, "list") != 0 || argc != 2))
        return command_misuse(context, "one of create, list and rotate is needed");
    if (!*context->config->key_directory)
        return command_failure(context, "ANZE_KEY_DIRECTORY is not set: name the folder of our signing keys");
    return creates || rotates ? keys_make(context, argc - 1, argv + 1, rotates) : keys_list(context);
}
