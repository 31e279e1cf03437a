#include "issuer.h"
#include "anze/base/clock.h"
#include "fetch.h"
#include "remote.h"

#include <unistd.h>

enum { FIRST_KEYS_US = 5000000 };

static void issuer_add(struct issuers *issuers, struct issuer issuer, struct text *complaints)
{
    if (issuers_find(issuers, issuer.name))
        text_printf(complaints, "issuer %s: named twice\n", issuer.name);
    issuers->list[issuers->n++] = issuer;
}

/* The value of an option "name=value", or NULL. */
static const char *value_of(const char *option, const char *name)
{
    size_t length = strlen(name);
    return strncmp(option, name, length) == 0 && option[length] == '=' ? option + length + 1 : NULL;
}

static bool issuer_option_read(struct issuer *issuer, bool by_url, const char *option, struct text *complaints)
{
    const char *type = value_of(option, "typ"), *revoked = value_of(option, "revoked");
    if (type && strcmp(type, "jwt") == 0)
        issuer->takes_jwt = true;
    else if (revoked && by_url && !issuer->revocations)
        issuer->revocations = key_directory_open(revoked, KEY_NONE, complaints);
    else
        return false;
    return true;
}

static void issuer_options_read(struct issuer *issuer, bool by_url, char *options, struct text *complaints)
{
    for (char *option; (option = strsep(&options, ";"));)
        if (!issuer_option_read(issuer, by_url, option, complaints))
            text_printf(complaints, "issuer %s: unknown option \"%s\"; there is typ=jwt%s\n", issuer->name, option,
                        by_url ? ", and once revoked=directory" : "");
}

/* Where the name ends, at its =. */
static char *name_end(char *form)
{
    char *https = strstr(form, "=https://"), *http = strstr(form, "=http://");
    char *end = https && (!http || https < http) ? https : http ? http : strrchr(form, '=');
    return end && end != form && end[1] ? end : NULL;
}

static void keys_open(struct issuer *issuer, const char *source, const struct verifier_options *options,
                      struct text *complaints)
{
    if (!strstr(source, "://")) {
        issuer->directory = key_directory_open(source, KEY_PUBLIC, complaints);
        issuer->keys = issuer->directory ? key_directory_shelf(issuer->directory) : NULL;
        return;
    }
    if (!fetch_allows(source)) {
        text_printf(complaints, "issuer %s: the URL must be https, or http to a loopback address, without a user\n",
                    issuer->name);
        return;
    }
    const char *ca_file = options->jwks_ca_file && *options->jwks_ca_file ? options->jwks_ca_file : NULL;
    if (ca_file && access(ca_file, R_OK) != 0)
        text_printf(complaints, "%s: cannot be read (ANZE_JWKS_CA_FILE)\n", ca_file);
    struct key_remote_options remote = { issuer->name, source, ca_file, options->jwks_refresh_s,
                                         options->jwks_cool_down_s };
    issuer->remote = key_remote_open(&remote);
    issuer->keys = key_remote_shelf(issuer->remote);
}

static void issuer_parse(struct issuers *issuers, char *word, const struct verifier_options *options,
                         struct text *complaints)
{
    char *rest = word, *form = strsep(&rest, ";"), *equals = name_end(form);
    if (!equals) {
        text_printf(complaints, "issuer %s: not of the form name=directory or name=https://…\n", word);
        return;
    }
    *equals = '\0';
    struct issuer issuer = { .name = form };
    issuer_options_read(&issuer, strstr(equals + 1, "://") != NULL, rest, complaints);
    keys_open(&issuer, equals + 1, options, complaints);
    issuer_add(issuers, issuer, complaints);
}

void issuers_open(struct issuers *issuers, struct arena *arena, const struct verifier_options *options,
                  struct text *complaints)
{
    char *rest = arena_strdup(arena, options->issuers);
    issuers->list = arena_array_of(arena, struct issuer, strlen(rest) / 2 + 2); /* and our own */
    for (char *word; (word = strsep(&rest, " \t"));)
        if (*word)
            issuer_parse(issuers, word, options, complaints);
    int64_t deadline_us = clock_monotonic_us() + FIRST_KEYS_US;
    for (size_t i = 0; i < issuers->n; i++)
        if (issuers->list[i].remote)
            key_remote_wait(issuers->list[i].remote, deadline_us);
}

void issuers_add_own(struct issuers *issuers, const char *name, struct key_directory *directory,
                     struct text *complaints)
{
    struct key_shelf *keys = directory ? key_directory_shelf(directory) : NULL;
    issuer_add(issuers, (struct issuer){ .name = name, .keys = keys, .takes_jwt = true }, complaints);
}

void issuers_close(struct issuers *issuers)
{
    for (size_t i = 0; i < issuers->n; i++) {
        key_directory_close(issuers->list[i].directory);
        key_directory_close(issuers->list[i].revocations);
        key_remote_close(issuers->list[i].remote);
    }
}

bool issuers_look(struct issuers *issuers)
{
    bool changed = false;
    for (size_t i = 0; i < issuers->n; i++) {
        const struct issuer *issuer = &issuers->list[i];
        changed |= issuer->directory && key_directory_look(issuer->directory);
        changed |= issuer->revocations && key_directory_look(issuer->revocations);
        changed |= issuer->remote && key_remote_look(issuer->remote);
    }
    return changed;
}

const struct issuer *issuers_find(const struct issuers *issuers, const char *name)
{
    for (size_t i = 0; i < issuers->n; i++)
        if (strcmp(issuers->list[i].name, name) == 0)
            return &issuers->list[i];
    return NULL;
}

bool issuer_awaits_keys(const struct issuer *issuer)
{
    return issuer->remote && !key_remote_has_had_keys(issuer->remote);
}

void issuer_misses_key(const struct issuer *issuer)
{
    if (issuer->remote)
        key_remote_hurry(issuer->remote);
}

static bool has_key(struct key_shelf *shelf, const uint8_t *key_print)
{
    const struct key_set *set = key_shelf_hold(shelf);
    bool found = false;
    for (size_t i = 0; i < set->n && !found; i++)
        found = memcmp(set->keys[i].print, key_print, sizeof set->keys[i].print) == 0;
    key_shelf_let_go(shelf);
    return found;
}

static bool is_revoked(struct key_shelf *shelf, const struct principal *principal)
{
    const struct key_set *set = key_shelf_hold(shelf);
    bool found = key_set_revokes(set, "jti", principal->token_id) || key_set_revokes(set, "sub", principal->subject) ||
                 key_set_revokes(set, "sub", principal->actor);
    key_shelf_let_go(shelf);
    return found;
}

bool issuer_vouches(const struct issuer *issuer, const uint8_t *key_print, const struct principal *principal)
{
    struct key_shelf *revoked = issuer->revocations ? key_directory_shelf(issuer->revocations) : issuer->keys;
    return has_key(issuer->keys, key_print) && !is_revoked(revoked, principal);
}
