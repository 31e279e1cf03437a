#include "issuer.h"

static void issuer_add(struct issuers *issuers, struct issuer issuer, struct text *complaints)
{
    if (issuers_find(issuers, issuer.name))
        text_printf(complaints, "issuer %s: named twice\n", issuer.name);
    issuers->list[issuers->n++] = issuer;
}

static bool option_read(struct issuer *issuer, const char *option)
{
    if (strcmp(option, "typ=jwt") != 0)
        return false;
    issuer->takes_jwt = true;
    return true;
}

static void options_read(struct issuer *issuer, char *options, struct text *complaints)
{
    for (char *option; (option = strsep(&options, ";"));)
        if (!option_read(issuer, option))
            text_printf(complaints, "issuer %s: unknown option \"%s\"; there is typ=jwt\n", issuer->name, option);
}

static void issuer_read(struct issuers *issuers, char *word, struct text *complaints)
{
    char *options = word, *form = strsep(&options, ";"), *equals = strrchr(form, '=');
    if (!equals || equals == form || !equals[1]) {
        text_printf(complaints, "issuer %s: not of the form name=directory\n", word);
        return;
    }
    *equals = '\0';
    struct issuer issuer = { .name = form };
    options_read(&issuer, options, complaints);
    issuer.directory = key_directory_open(equals + 1, KEY_PUBLIC, complaints);
    issuer_add(issuers, issuer, complaints);
}

void issuers_read(struct issuers *issuers, struct arena *arena, const char *setting, struct text *complaints)
{
    char *rest = arena_strdup(arena, setting);
    issuers->list = arena_array_of(arena, struct issuer, strlen(setting) / 2 + 2); /* and our own */
    for (char *word; (word = strsep(&rest, " \t"));)
        if (*word)
            issuer_read(issuers, word, complaints);
}

void issuers_add_own(struct issuers *issuers, const char *name, struct key_directory *directory,
                     struct text *complaints)
{
    issuer_add(issuers, (struct issuer){ .name = name, .directory = directory, .takes_jwt = true }, complaints);
}

const struct issuer *issuers_find(const struct issuers *issuers, const char *name)
{
    for (size_t i = 0; i < issuers->n; i++)
        if (strcmp(issuers->list[i].name, name) == 0)
            return &issuers->list[i];
    return NULL;
}
