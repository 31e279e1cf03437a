#include "anze/op/slot.h"

#include <ctype.h>

static const char *const built_in[SLOT_BUILT_IN] = {
    [SLOT_BODY] = "body",
    [SLOT_BYTES] = "bytes",
    [SLOT_AFTER_1] = "after_1",
    [SLOT_AFTER_2] = "after_2",
    [SLOT_AFTER_3] = "after_3",
    [SLOT_SCOPE_PROVINCE] = "scope_province",
    [SLOT_SCOPE_CITY] = "scope_city",
    [SLOT_SCOPE_COUNTY] = "scope_county",
    [SLOT_SCOPE_TOWN] = "scope_town",
    [SLOT_SCOPE_UNIT] = "scope_unit",
    [SLOT_SCOPE_NONE] = "scope_none",
    [SLOT_SCOPE_SECTOR] = "scope_sector",
    [SLOT_SCOPE_SECTORS] = "scope_sectors",
    [SLOT_ACTOR] = "actor",
    [SLOT_UNIT] = "unit",
    [SLOT_REGION] = "region",
    [SLOT_LANGUAGE] = "language",
    [SLOT_COUNT] = "count",
    [SLOT_DRY_RUN] = "dry_run",
    [SLOT_MAX_FILE_BYTES] = "max_file_bytes",
    [SLOT_CHUNK_BYTES] = "chunk_bytes",
};

/* If-Match is if_match in SQL. */
static bool is_parameter(const char *parameter, const char *name, size_t length)
{
    if (strlen(parameter) != length)
        return false;
    for (size_t i = 0; i < length; i++)
        if ((parameter[i] == '-' ? '_' : tolower((unsigned char)parameter[i])) != name[i])
            return false;
    return true;
}

static bool is_slot_name(const char *known, const char *name, size_t length)
{
    return strlen(known) == length && memcmp(known, name, length) == 0;
}

size_t slot_own(const struct operation *operation, size_t i)
{
    return SLOT_BUILT_IN + operation->n_parameters + i;
}

int slot_of(void *context, const char *name, size_t length)
{
    const struct slot_names *names = context;
    const struct operation *operation = names->operation;
    for (size_t i = 0; i < operation->n_parameters; i++)
        if (is_parameter(operation->parameters[i].name, name, length))
            return (int)(SLOT_BUILT_IN + i);
    for (int i = 0; i < SLOT_BUILT_IN; i++)
        if (is_slot_name(built_in[i], name, length))
            return i;
    for (size_t i = 0; names->own && names->own[i]; i++)
        if (is_slot_name(names->own[i], name, length))
            return (int)slot_own(operation, i);
    return -1;
}

static enum slot region_slot(const char *region)
{
    switch (strlen(region)) {
    case 2: return SLOT_SCOPE_PROVINCE;
    case 4: return SLOT_SCOPE_CITY;
    case 6: return SLOT_SCOPE_COUNTY;
    default: return SLOT_SCOPE_TOWN;
    }
}

/* How many digits of a division's code are more than padding: 150600 is 1506, as anze.region_prefix has it. */
static int region_digits(const char *code)
{
    if (strlen(code) != 6)
        return (int)strlen(code);
    return strcmp(code + 2, "0000") == 0 ? 2 : strcmp(code + 4, "00") == 0 ? 4 : 6;
}

static const char *asked_region(const struct call *call)
{
    for (size_t i = 0; i < call->operation->n_parameters; i++)
        if (call->operation->parameters[i].place == PLACE_QUERY
            && strcmp(call->operation->parameters[i].name, "region") == 0 && call->parameters[i])
            return arena_printf(call->arena, "%.*s", region_digits(call->parameters[i]), call->parameters[i]);
    return "";
}

/* The narrower of the caller's region and the one asked for, so that its index gives the order; the statement still
 * compares what was asked. Where they have nothing in common there is nothing to read. */
static void fill_region(const char **values, const struct call *call)
{
    const char *own = call->principal->region;
    const char *asked = asked_region(call);
    if (strncmp(asked, own, strlen(own)) == 0)
        values[region_slot(asked)] = asked;
    else if (strncmp(asked, own, strlen(asked)) == 0)
        values[region_slot(own)] = own;
    else
        values[SLOT_SCOPE_NONE] = "true";
}

static void fill_scope(const char **values, const struct call *call)
{
    const struct principal *principal = call->principal;
    switch (principal->reach) {
    case REACH_REGION: fill_region(values, call); break;
    case REACH_UNIT: values[SLOT_SCOPE_UNIT] = principal->unit; break;
    case REACH_NONE: values[SLOT_SCOPE_NONE] = "true"; break;
    }
    if (*principal->sector)
        values[SLOT_SCOPE_SECTOR] = principal->sector;
    else if (*principal->sectors)
        values[SLOT_SCOPE_SECTORS] = principal->sectors;
    values[SLOT_ACTOR] = principal->actor_id;
    values[SLOT_UNIT] = *principal->unit ? principal->unit : NULL;
    values[SLOT_REGION] = *principal->region ? principal->region : NULL;
}

static void fill_settings(const char **values, struct arena *arena, const struct config *config)
{
    enum { CHUNK_BYTES = 512 * 1024 };
    long chunk = config->max_body_bytes < CHUNK_BYTES ? config->max_body_bytes : CHUNK_BYTES;
    values[SLOT_MAX_FILE_BYTES] = arena_printf(arena, "%ld", config->max_file_bytes);
    values[SLOT_CHUNK_BYTES] = arena_printf(arena, "%ld", chunk);
}

const char **slots_fill(const struct call *call, const char *const after[3])
{
    const char **values = arena_array_of(call->arena, const char *, slot_own(call->operation, SLOT_MAX_OWN));
    if (call->operation->is_raw)
        values[SLOT_BYTES] = call->body.bytes; /* its length goes beside it: op_run */
    else if (call->body.bytes)
        values[SLOT_BODY] = arena_strndup(call->arena, call->body.bytes, call->body.length);
    for (int i = 0; after && i < 3; i++)
        values[SLOT_AFTER_1 + i] = after[i];
    if (call->principal)
        fill_scope(values, call);
    values[SLOT_LANGUAGE] = call->language == LANGUAGE_EN ? "en" : "zh";
    values[SLOT_COUNT] = call->count ? "exact" : NULL;
    values[SLOT_DRY_RUN] = call->dry_run ? "true" : NULL;
    fill_settings(values, call->arena, call->service->config);
    for (size_t i = 0; i < call->operation->n_parameters; i++)
        values[SLOT_BUILT_IN + i] = call->parameters[i];
    return values;
}
