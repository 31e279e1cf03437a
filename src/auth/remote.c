#include "remote.h"
#include "anze/auth/jwks.h"
#include "anze/base/json.h"
#include "anze/base/log.h"
#include "anze/base/metrics.h"
#include "anze/base/rounds.h"
#include "fetch.h"

#include <stdatomic.h>

enum { FETCH_MS = 10000 };

/* All but `shelf`, `changed`, `has_had_keys` and `rounds` belongs to the thread. */
struct key_remote {
    struct arena *arena;
    const char *issuer, *url, *ca_file;
    struct key_shelf *shelf;
    struct rounds *rounds;
    atomic_bool changed, has_had_keys;
    bool is_away;                       /* the log has it */
    uint8_t seen[CRYPTO_DIGEST_BYTES];  /* of the text that the keys were read from */
};

static void remote_say(const struct key_remote *remote, enum log_level level, const char *event, const char *name,
                       const char *text)
{
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    struct text fields = text_on(arena);
    text_add_string(&fields, "\"issuer\":");
    text_add_json(&fields, remote->issuer);
    if (text) {
        text_printf(&fields, ",\"%s\":", name);
        text_add_json(&fields, text);
    }
    log_event(level, event, "%s", fields.bytes);
}

static void say_complaints(const struct key_remote *remote, struct text *complaints)
{
    char *rest = complaints->bytes;
    for (char *line; rest && (line = strsep(&rest, "\n"));)
        if (*line)
            remote_say(remote, LOG_WARNING_LEVEL, "key-refused", "reason", line);
}

static bool gives_up(void *context)
{
    const struct key_remote *remote = context;
    return rounds_are_stopping(remote->rounds);
}

static const json_t *object_fetch(struct key_remote *remote, struct arena *arena, const char *url,
                                  struct slice *ret_text, const char **ret_why)
{
    const struct fetch fetch = { url, remote->ca_file, FETCH_MS, gives_up, remote };
    struct problem ignored = { 0 };
    json_t *document = NULL;
    if (!fetch_document(arena, &fetch, ret_text, ret_why))
        return NULL;
    *ret_why = "answered something that is no JSON object";
    if (!json_read(arena, *ret_text, &document, &ignored))
        return NULL;
    return json_is_object(document) ? document : NULL;
}

/* Where the metadata says that the keys are; NULL when it is not to be followed. */
static const char *keys_url(const struct key_remote *remote, const json_t *metadata, const char **ret_why)
{
    const char *issuer = json_string_value(json_object_get(metadata, "issuer"));
    const char *url = json_string_value(json_object_get(metadata, "jwks_uri"));
    if (!issuer || !url)
        *ret_why = "answered neither a JWK Set nor metadata with issuer and jwks_uri";
    else if (strcmp(issuer, remote->issuer) != 0)
        *ret_why = "answered the metadata of another issuer";
    else if (!fetch_allows(url) || (strncmp(remote->url, "https:", 6) == 0 && strncmp(url, "https:", 6) != 0))
        *ret_why = "names a jwks_uri that is not allowed";
    else
        return url;
    return NULL;
}

static const json_t *jwks_fetch(struct key_remote *remote, struct arena *arena, struct slice *ret_text,
                                const char **ret_why)
{
    const json_t *document = object_fetch(remote, arena, remote->url, ret_text, ret_why);
    if (!document || json_object_get(document, "keys"))
        return document;
    const char *url = keys_url(remote, document, ret_why);
    return url ? object_fetch(remote, arena, url, ret_text, ret_why) : NULL;
}

static bool keys_take(struct key_remote *remote, const json_t *document, struct text *complaints, const char **ret_why)
{
    struct key_set *set = jwks_read(document, complaints);
    *ret_why = "answered no JWK Set";
    if (!set)
        return false;
    remote_say(remote, LOG_INFO_LEVEL, "keys-read", "keys", arena_printf(complaints->arena, "%zu", set->n));
    say_complaints(remote, complaints);
    key_shelf_put(remote->shelf, set);
    atomic_store(&remote->changed, true);
    atomic_store(&remote->has_had_keys, true);
    return true;
}

/* The same text again is the same keys again. */
static bool keys_fetch(struct key_remote *remote, struct arena *arena, const char **ret_why)
{
    struct slice text;
    uint8_t seen[CRYPTO_DIGEST_BYTES];
    struct text complaints = text_on(arena);
    const json_t *document = jwks_fetch(remote, arena, &text, ret_why);
    if (!document)
        return false;
    crypto_digest(DIGEST_SHA256, &text, 1, seen);
    if (memcmp(seen, remote->seen, sizeof seen) == 0)
        return true;
    if (!keys_take(remote, document, &complaints, ret_why))
        return false;
    memcpy(remote->seen, seen, sizeof seen);
    return true;
}

static void away_set(struct key_remote *remote, bool is_away)
{
    metrics_add(METRIC_ISSUERS_AWAY, (int)is_away - (int)remote->is_away);
    remote->is_away = is_away;
}

static bool fetch_round(void *context)
{
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    struct key_remote *remote = context;
    const char *why = NULL;
    bool good = keys_fetch(remote, arena, &why);
    if (rounds_are_stopping(remote->rounds))
        return good;
    metrics_add(METRIC_KEY_FETCHES, 1);
    metrics_add(METRIC_KEY_FETCHES_FAILED, !good);
    if (good && remote->is_away)
        remote_say(remote, LOG_INFO_LEVEL, "issuer-back", NULL, NULL);
    if (!good && !remote->is_away)
        remote_say(remote, LOG_WARNING_LEVEL, "issuer-away", "reason", why);
    away_set(remote, !good);
    return good;
}

static struct key_set *no_keys(void)
{
    struct arena *arena = arena_new();
    struct key_set *set = arena_new_of(arena, struct key_set);
    set->arena = arena;
    return set;
}

struct key_remote *key_remote_open(const struct key_remote_options *options)
{
    struct arena *arena = arena_new();
    struct key_remote *remote = arena_new_of(arena, struct key_remote);
    *remote = (struct key_remote){ .arena = arena, .issuer = arena_strdup(arena, options->issuer),
                                   .url = arena_strdup(arena, options->url),
                                   .ca_file = options->ca_file ? arena_strdup(arena, options->ca_file) : NULL,
                                   .shelf = key_shelf_new(no_keys()) };
    remote->rounds = rounds_new(&(struct rounds_job){ fetch_round, remote, options->cool_down_s * INT64_C(1000000),
                                                      options->refresh_s * INT64_C(1000000) });
    rounds_start(remote->rounds);
    return remote;
}

void key_remote_wait(struct key_remote *remote, int64_t deadline_us)
{
    rounds_wait(remote->rounds, deadline_us);
}

void key_remote_close(struct key_remote *remote)
{
    if (!remote)
        return;
    rounds_stop(remote->rounds);
    rounds_free(remote->rounds);
    away_set(remote, false);
    key_shelf_free(remote->shelf);
    arena_free(remote->arena);
}

struct key_shelf *key_remote_shelf(struct key_remote *remote)
{
    return remote->shelf;
}

bool key_remote_look(struct key_remote *remote)
{
    return atomic_exchange(&remote->changed, false);
}

bool key_remote_has_had_keys(const struct key_remote *remote)
{
    return atomic_load(&remote->has_had_keys);
}

void key_remote_hurry(struct key_remote *remote)
{
    rounds_hurry(remote->rounds);
}
