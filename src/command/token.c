#include "anze/auth/claims.h"
#include "anze/auth/token.h"
#include "anze/base/bytes.h"
#include "anze/base/clock.h"
#include "anze/base/embedded.h"
#include "anze/base/json.h"
#include "anze/base/text.h"
#include "anze/command/command.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char usage_token[] =
    "usage: anze token (--role ROLE | --scope SCOPES) [options]\n\n"
    "Prints an access token, alone on standard output, signed by the newest key of ANZE_KEY_DIRECTORY as\n"
    "ANZE_TOKEN_ISSUER for ANZE_TOKEN_AUDIENCE.\n"
    "  --role ROLE       the scopes of a role of the contract (x-anze-roles); a wrong one lists them all\n"
    "  --scope SCOPES    scopes, separated by spaces, instead of or besides a role's\n"
    "  --region CODE     division code whose area is reached: 2, 4, 6, 9 or 12 digits\n"
    "  --unit UUID       the caller's own unit\n"
    "  --sectors LIST    sector codes, separated by commas; without it, every sector\n"
    "  --subject NAME    who it is for (default: operator)\n"
    "  --act NAME        who acts on the subject's behalf\n"
    "  --client NAME     the client (default: anze-cli)\n"
    "  --lifetime S      seconds until it expires, 1 to 31536000 (default: 3600)\n"
    "  --type TYPE       its typ: JWT (default), or at+jwt for other services that ask for it (RFC 9068)\n";

enum option_index { ROLE, SCOPE, REGION, UNIT, SECTORS, SUBJECT, ACT, CLIENT, LIFETIME, TYPE, OPTIONS };
enum { LIFETIME_MAX_S = 31536000 };

static const char *const option_names[OPTIONS] = { "role",    "scope", "region", "unit",    "sectors",
                                                   "subject", "act",   "client", "lifetime", "type" };

static bool token_options_read(int argc, char **argv, const char *values[OPTIONS])
{
    struct option options[OPTIONS + 1] = { 0 };
    for (int i = 0; i < OPTIONS; i++)
        options[i] = (struct option){ option_names[i], required_argument, NULL, i };
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option < 0 || option >= OPTIONS)
            return false;
        values[option] = optarg;
    }
    return optind == argc;
}

/* The contract's roles, from the document that the program carries. */
static json_t *roles_read(struct arena *arena)
{
    const struct embedded_file *file = embedded_find(embedded_openapi, n_embedded_openapi, "openapi.json");
    json_t *contract = NULL;
    size_t offset;
    if (!file || !json_read_trusted(arena, file->content, &contract, &offset))
        return NULL;
    return json_object_get(contract, "x-anze-roles");
}

static const char *names_of(struct arena *arena, json_t *roles)
{
    struct text names = text_on(arena);
    const char *name;
    json_t *role;
    json_object_foreach(roles, name, role)
        text_printf(&names, "%s%s", names.length ? ", " : "", name);
    return text_slice(&names).bytes;
}

static bool role_add(struct command_context *context, const char *name, struct text *scopes, int *ret_status)
{
    json_t *roles = roles_read(context->arena), *role = json_object_get(roles, name);
    if (!role) {
        *ret_status = command_failure(context, "there is no such role; the contract has: %s",
                                      names_of(context->arena, roles));
        return false;
    }
    size_t i;
    json_t *scope;
    json_array_foreach(json_object_get(role, "scopes"), i, scope)
        text_printf(scopes, "%s%s", scopes->length ? " " : "", json_string_value(scope));
    return true;
}

static void set_string(json_t *claims, const char *name, const char *value)
{
    if (value)
        json_object_set_new(claims, name, json_string(value)); /* not UTF-8: left out, and then refused by the check */
}

static void set_sectors(struct arena *arena, json_t *claims, const char *list)
{
    if (!list)
        return;
    json_t *sectors = json_array();
    char *rest = arena_strdup(arena, list);
    for (char *sector; (sector = strsep(&rest, ","));)
        json_array_append_new(sectors, json_string(sector));
    json_object_set_new(claims, "anze_sectors", sectors);
}

static const char *uuid_new(struct arena *arena)
{
    uint8_t bytes[16];
    crypto_random(bytes, sizeof bytes);
    bytes[6] = (uint8_t)(0x40 | (bytes[6] & 0x0f));
    bytes[8] = (uint8_t)(0x80 | (bytes[8] & 0x3f));
    const char *hex = bytes_hex(arena, bytes, sizeof bytes);
    return arena_printf(arena, "%.8s-%.4s-%.4s-%.4s-%s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
}

static json_t *claims_new(struct command_context *context, const char *const *values, const char *scopes, long lifetime)
{
    json_t *claims = json_object();
    json_int_t now = clock_wall_us() / 1000000;
    set_string(claims, "iss", context->config->token_issuer);
    set_string(claims, "aud", context->config->token_audience);
    set_string(claims, "sub", values[SUBJECT] ? values[SUBJECT] : "operator");
    set_string(claims, "client_id", values[CLIENT] ? values[CLIENT] : "anze-cli");
    set_string(claims, "jti", uuid_new(context->arena));
    set_string(claims, "scope", scopes);
    set_string(claims, "anze_region", values[REGION]);
    set_string(claims, "anze_unit", values[UNIT]);
    set_sectors(context->arena, claims, values[SECTORS]);
    json_object_set_new(claims, "iat", json_integer(now));
    json_object_set_new(claims, "exp", json_integer(now + lifetime));
    if (values[ACT]) {
        json_t *act = json_object();
        set_string(act, "sub", values[ACT]);
        json_object_set_new(claims, "act", act);
    }
    return claims;
}

/* The claims pass the verifier's own check first, so that no useless token is printed. */
static int print_token(struct command_context *context, const struct key *key, enum token_type type,
                       const json_t *claims)
{
    struct claims_rules rules = { context->config->token_audience, 60, clock_wall_us() / 1000000 };
    struct principal principal;
    const char *cause = claims_read(context->arena, claims, &rules, &principal);
    if (cause)
        return command_misuse(context, "no service would accept this token: %s", cause);
    const char *token = token_issue(context->arena, key, type, claims);
    if (!token)
        return command_failure(context, "the key %s could not sign", key->kid);
    return puts(token) < 0 ? COMMAND_FAILED : COMMAND_OK;
}

static int issue(struct command_context *context, enum token_type type, const json_t *claims)
{
    struct text complaints = text_on(context->arena);
    struct key_set *set = key_set_read(context->config->key_directory, KEY_PRIVATE, NULL, &complaints);
    if (!set)
        return command_failure(context, "%.*s", (int)complaints.length - 1, complaints.bytes);
    const struct key *key = key_set_newest(set);
    int status = key ? print_token(context, key, type, claims)
                     : command_failure(context, "there is no key in %s: `anze keys create` makes one",
                                       context->config->key_directory);
    key_set_free(set);
    return status;
}

static bool token_type_read(const char *text, enum token_type *ret_type)
{
    *ret_type = text && strcmp(text, "at+jwt") == 0 ? TOKEN_AT_JWT : TOKEN_JWT;
    return !text || *ret_type == TOKEN_AT_JWT || strcmp(text, "JWT") == 0;
}

static bool lifetime_read(const char *text, long *ret_lifetime)
{
    char *end;
    *ret_lifetime = text ? strtol(text, &end, 10) : 3600;
    return *ret_lifetime >= 1 && *ret_lifetime <= LIFETIME_MAX_S && (!text || !*end);
}

int command_token(struct command_context *context, int argc, char **argv)
{
    const char *values[OPTIONS] = { 0 };
    long lifetime;
    enum token_type type;
    int status;
    struct text scopes = text_on(context->arena);
    if (!token_options_read(argc, argv, values) || (!values[ROLE] && !values[SCOPE]))
        return command_misuse(context, "--role or --scope is needed, and nothing but the options below");
    if (!lifetime_read(values[LIFETIME], &lifetime))
        return command_misuse(context, "--lifetime must be 1 to %d seconds", LIFETIME_MAX_S);
    if (!token_type_read(values[TYPE], &type))
        return command_misuse(context, "--type must be JWT or at+jwt");
    if (!*context->config->key_directory || !*context->config->token_issuer)
        return command_failure(context, "ANZE_KEY_DIRECTORY and ANZE_TOKEN_ISSUER must be set");
    if (values[ROLE] && !role_add(context, values[ROLE], &scopes, &status))
        return status;
    if (values[SCOPE])
        text_printf(&scopes, "%s%s", scopes.length ? " " : "", values[SCOPE]);
    json_t *claims = claims_new(context, values, text_slice(&scopes).bytes, lifetime);
    return issue(context, type, json_keep(context->arena, claims));
}
