#include "anze/auth/claims.h"
#include "anze/base/literal.h"
#include "anze/base/text.h"

#include <math.h>
#include <stddef.h>

enum { STRING_MAX_BYTES = 255, SECTOR_MAX_BYTES = 32 };
static const int64_t last_second = 253402300799; /* 9999-12-31T23:59:59Z: sums with it do not overflow */

const char claims_expired[] = "exp: passed";

static bool is_claim_name(const json_t *value)
{
    size_t length = json_string_length(value); /* 0 when it is no string */
    const char *text = json_string_value(value);
    if (length < 1 || length > STRING_MAX_BYTES)
        return false;
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            return false;
    return true;
}

static bool is_made_of(const char *text, size_t length, const char *allowed)
{
    return strspn(text, allowed) == length;
}

static bool is_unit(const json_t *value)
{
    static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    const char *text = json_string_value(value);
    if (json_string_length(value) != sizeof form - 1)
        return false;
    for (size_t i = 0; i < sizeof form - 1; i++)
        if (form[i] == '-' ? text[i] != '-' : !memchr("0123456789abcdef", text[i], 16))
            return false;
    return true;
}

static bool is_region(const json_t *value)
{
    size_t length = json_string_length(value);
    return (length == 2 || length == 4 || length == 6 || length == 9 || length == 12) &&
           is_made_of(json_string_value(value), length, "0123456789");
}

static bool is_sector(const json_t *value)
{
    size_t length = json_string_length(value);
    return length >= 1 && length <= SECTOR_MAX_BYTES &&
           is_made_of(json_string_value(value), length, "abcdefghijklmnopqrstuvwxyz_");
}

/* Claims that are one string each. Those that are not required are "" when absent. */
static const struct {
    const char *name;
    bool (*is_good)(const json_t *value);
    bool required;
    size_t field;
    const char *cause;
} strings[] = {
    { "iss", is_claim_name, true, offsetof(struct principal, issuer), "iss: not a name" },
    { "sub", is_claim_name, true, offsetof(struct principal, subject), "sub: not a name" },
    { "client_id", is_claim_name, true, offsetof(struct principal, client), "client_id: not a name" },
    { "jti", is_claim_name, true, offsetof(struct principal, token_id), "jti: not a name" },
    { "anze_unit", is_unit, false, offsetof(struct principal, unit), "anze_unit: not a uuid" },
    { "anze_region", is_region, false, offsetof(struct principal, region), "anze_region: not a division code" },
};

static const char *strings_read(struct arena *arena, const json_t *claims, struct principal *principal)
{
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++) {
        const json_t *value = json_object_get(claims, strings[i].name);
        if (value ? !strings[i].is_good(value) : strings[i].required)
            return strings[i].cause;
        *(const char **)((char *)principal + strings[i].field) =
            value ? arena_strdup(arena, json_string_value(value)) : "";
    }
    return NULL;
}

/* A NumericDate in whole seconds; a fraction is rounded to the side on which the token is good for less long. -1: it
 * is none. */
static int64_t time_of(const json_t *value, double (*rounded)(double))
{
    double number = json_is_number(value) ? json_number_value(value) : -1;
    if (!(number >= 0 && number <= (double)last_second))
        return -1;
    return json_is_integer(value) ? json_integer_value(value) : (int64_t)rounded(number);
}

static const char *times_read(const json_t *claims, const struct claims_rules *rules, struct principal *principal)
{
    const json_t *not_before = json_object_get(claims, "nbf");
    int64_t expires = time_of(json_object_get(claims, "exp"), floor);
    int64_t issued = time_of(json_object_get(claims, "iat"), ceil);
    int64_t begins = not_before ? time_of(not_before, ceil) : 0;
    if (expires < 0)
        return "exp: not a time";
    if (issued < 0)
        return "iat: not a time";
    if (begins < 0)
        return "nbf: not a time";
    if (expires + rules->skew_s <= rules->now_s)
        return claims_expired;
    if (issued > rules->now_s + rules->skew_s)
        return "iat: in the future";
    if (begins > rules->now_s + rules->skew_s)
        return "nbf: in the future";
    principal->expires_at_s = expires;
    return NULL;
}

static const char *audience_check(const json_t *audience, const char *ours)
{
    if (json_is_string(audience))
        return strcmp(json_string_value(audience), ours) == 0 ? NULL : "aud: not us";
    if (!json_is_array(audience))
        return "aud: not text";
    bool found = false;
    for (size_t i = 0; i < json_array_size(audience); i++) {
        const char *one = json_string_value(json_array_get(audience, i));
        if (!one)
            return "aud: not text";
        found = found || strcmp(one, ours) == 0;
    }
    return found ? NULL : "aud: not us";
}

/* Single spaces between the scopes; RFC 6749's alphabet: printable ASCII without " and \. */
static const char *scope_read(struct arena *arena, const json_t *scope, struct principal *principal)
{
    struct text text = text_on(arena);
    const char *at = json_string_value(scope);
    if (scope && !at)
        return "scope: not text";
    for (; at && *at; at++) {
        if (*at < 0x20 || *at > 0x7e || *at == '"' || *at == '\\')
            return "scope: foreign character";
        bool follows = text.length && at[-1] == ' ';
        if (*at == ' ')
            continue;
        if (follows)
            text_add_char(&text, ' ');
        text_add_char(&text, *at);
    }
    principal->scopes = text_slice(&text).bytes;
    return NULL;
}

static const char *sectors_read(struct arena *arena, const json_t *sectors, struct principal *principal)
{
    principal->sectors = principal->sector = "";
    if (!sectors)
        return NULL;
    size_t n = json_array_size(sectors); /* 0 when it is no array; an empty one would read as "every sector" */
    struct text text = text_on(arena);
    for (size_t i = 0; i < n; i++) {
        const json_t *sector = json_array_get(sectors, i);
        if (!is_sector(sector))
            return "anze_sectors: not a sector";
        literal_add_word(&text, "%s", json_string_value(sector));
    }
    if (!n)
        return "anze_sectors: not a list of sectors";
    principal->sectors = literal_end(&text);
    if (n == 1)
        principal->sector = arena_strdup(arena, json_string_value(json_array_get(sectors, 0)));
    return NULL;
}

/* After strings_read: who acts, and for whom. */
static const char *actor_read(struct arena *arena, const json_t *act, struct principal *principal)
{
    principal->actor = principal->subject;
    principal->on_behalf_of = principal->unit;
    if (!act)
        return NULL;
    const json_t *sub = json_object_get(act, "sub"); /* NULL when act is no object */
    if (!is_claim_name(sub))
        return "act: without sub";
    principal->actor = arena_strdup(arena, json_string_value(sub));
    principal->on_behalf_of = principal->subject;
    return NULL;
}

/* A name with the mark in it would read as another issuer's. */
static const char *identity_of(struct arena *arena, const struct claims_rules *rules, const char *issuer,
                               const char *name)
{
    bool stands_alone = !rules->plain_issuer || strcmp(rules->plain_issuer, issuer) == 0;
    return stands_alone && !strchr(name, '#') ? name : arena_printf(arena, "%s#%s", issuer, name);
}

static void identify(struct arena *arena, const struct claims_rules *rules, struct principal *principal)
{
    bool is_unit = principal->on_behalf_of == principal->unit;
    principal->actor_id = identity_of(arena, rules, principal->issuer, principal->actor);
    principal->on_behalf_id = is_unit ? principal->unit
                                      : identity_of(arena, rules, principal->issuer, principal->on_behalf_of);
}

const char *claims_read(struct arena *arena, const json_t *claims, const struct claims_rules *rules,
                        struct principal *ret_principal)
{
    struct principal *principal = ret_principal;
    *principal = (struct principal){ 0 };
    const char *cause = times_read(claims, rules, principal);
    if (!cause)
        cause = audience_check(json_object_get(claims, "aud"), rules->audience);
    if (!cause)
        cause = strings_read(arena, claims, principal);
    if (!cause)
        cause = scope_read(arena, json_object_get(claims, "scope"), principal);
    if (!cause)
        cause = sectors_read(arena, json_object_get(claims, "anze_sectors"), principal);
    if (!cause)
        cause = actor_read(arena, json_object_get(claims, "act"), principal);
    if (!cause)
        identify(arena, rules, principal);
    principal->reach = cause ? REACH_NONE
                       : *principal->region ? REACH_REGION
                       : *principal->unit   ? REACH_UNIT
                                            : REACH_NONE;
    return cause;
}
