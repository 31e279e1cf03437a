#include "anze/contract/parameters.h"
#include "anze/base/json.h"
#include "anze/base/literal.h"
#include "anze/base/text.h"
#include "anze/base/utf8.h"
#include "anze/contract/instant.h"
#include "anze/contract/schema.h"
#include "header_field.h"

#include <strings.h>

struct reading {
    struct arena *arena;
    const struct operation *operation;
    const struct parameter_source *source;
    const char **values;
    struct problem *problem;
};

static const char *const places[] = { [PLACE_PATH] = "path", [PLACE_QUERY] = "query", [PLACE_HEADER] = "header" };

/* What can be wrong with a parameter before its schema is asked. */
static const struct mistake {
    const char *rule, *zh, *en;
} UNKNOWN = { "unknown-parameter", "约定中没有此参数", "is not a parameter that the contract knows" },
  REPEATED = { "repeated", "参数不得重复", "must not be repeated" },
  MISSING = { "required", "必须提供", "must be given" },
  MALFORMED = { "malformed", "编码有误", "is not encoded as it must be" },
  NOT_A_TAG = { "malformed", "必须是带引号的实体标签，如 \"5\"", "must be entity tags in quotes, such as \"5\"" },
  NOT_A_KEY = { "malformed", "必须是 1 至 255 个可见 ASCII 字符", "must be 1 to 255 visible ASCII characters" };

static void fault(struct reading *reading, enum problem_code code, enum place place, const char *name,
                  const struct mistake *mistake)
{
    problem_fault(reading->arena, reading->problem, code, places[place], name, mistake->rule, SENTENCE_ZH, SENTENCE_EN,
                  mistake->zh, mistake->en);
}

/* JSON's own grammar decides what a number is; what is none stays text, and the schema says so. */
static json_t *number_of(struct arena *arena, struct slice text)
{
    struct problem ignored = { 0 };
    json_t *value = NULL;
    bool bare = text.length > 0 && (text.bytes[0] == '-' || (text.bytes[0] >= '0' && text.bytes[0] <= '9'))
                && text.bytes[text.length - 1] >= '0' && text.bytes[text.length - 1] <= '9';
    return bare && json_read(arena, text, &value, &ignored) ? value : NULL;
}

static json_t *parameter_value(struct arena *arena, enum schema_type type, struct slice text)
{
    json_t *value = NULL;
    if (type == SCHEMA_INTEGER || type == SCHEMA_NUMBER)
        value = number_of(arena, text);
    else if (type == SCHEMA_BOOLEAN && (slice_equals(text, "true") || slice_equals(text, "false")))
        return text.length == 4 ? json_true() : json_false();
    return value ? value : json_keep(arena, json_stringn_nocheck(text.bytes, text.length));
}

static bool check_value(struct reading *reading, const struct parameter *parameter, const json_t *value)
{
    return schema_check(parameter->schema, value, reading->arena, places[parameter->place], parameter->name,
                        PROBLEM_INVALID_PARAMETER, reading->problem);
}

static bool check_text(struct reading *reading, const struct parameter *parameter, struct slice text)
{
    return check_value(reading, parameter, parameter_value(reading->arena, parameter->type, text));
}

/* The commas that separate stand as they are; one that belongs to an item comes as %2C. */
static const char *read_array(struct reading *reading, const struct parameter *parameter, struct slice raw)
{
    struct text literal = text_on(reading->arena);
    json_t *array = json_keep(reading->arena, json_array());
    for (size_t at = 0; at <= raw.length && raw.length > 0;) {
        const char *comma = memchr(raw.bytes + at, ',', raw.length - at);
        size_t length = comma ? (size_t)(comma - raw.bytes) - at : raw.length - at;
        struct slice item = route_decode(reading->arena, (struct slice){ raw.bytes + at, length }, true);
        if (!item.bytes) {
            fault(reading, PROBLEM_INVALID_PARAMETER, PLACE_QUERY, parameter->name, &MALFORMED);
            return "";
        }
        literal_add(&literal, item);
        json_array_append(array, parameter_value(reading->arena, parameter->type, item));
        at += length + 1;
    }
    check_value(reading, parameter, array);
    return literal_end(&literal);
}

static const char *read_single(struct reading *reading, const struct parameter *parameter, struct slice raw)
{
    struct slice text = route_decode(reading->arena, raw, true);
    if (!text.bytes) {
        fault(reading, PROBLEM_INVALID_PARAMETER, PLACE_QUERY, parameter->name, &MALFORMED);
        return "";
    }
    check_text(reading, parameter, text);
    return instant_cut(reading->arena, text).bytes;
}

static void read_pair(struct reading *reading, struct slice pair)
{
    const char *equals = memchr(pair.bytes, '=', pair.length);
    size_t length = equals ? (size_t)(equals - pair.bytes) : pair.length;
    struct slice raw = { pair.bytes + length + (equals != NULL), pair.length - length - (equals != NULL) };
    struct slice name = route_decode(reading->arena, (struct slice){ pair.bytes, length }, true);
    if (!name.bytes) {
        fault(reading, PROBLEM_INVALID_PARAMETER, PLACE_QUERY, "", &MALFORMED);
        return;
    }
    int found = operation_parameter(reading->operation, PLACE_QUERY, name.bytes);
    if (found < 0) {
        struct slice cut = utf8_cut(name, 64);
        if (!reading->source->lenient)
            fault(reading, PROBLEM_INVALID_PARAMETER, PLACE_QUERY, arena_strndup(reading->arena, cut.bytes, cut.length),
                  &UNKNOWN);
        return;
    }
    const struct parameter *parameter = &reading->operation->parameters[found];
    if (reading->values[found])
        fault(reading, PROBLEM_INVALID_PARAMETER, PLACE_QUERY, parameter->name, &REPEATED);
    else
        reading->values[found] = parameter->is_array ? read_array(reading, parameter, raw)
                                                     : read_single(reading, parameter, raw);
}

static void read_query(struct reading *reading)
{
    struct slice query = reading->source->query;
    for (size_t at = 0; query.bytes && query.length > 0 && at <= query.length;) {
        const char *end = memchr(query.bytes + at, '&', query.length - at);
        size_t length = end ? (size_t)(end - query.bytes) - at : query.length - at;
        read_pair(reading, (struct slice){ query.bytes + at, length });
        at += length + 1;
    }
}

/* The captures of the route are the first parameters, in order. */
static bool read_path(struct reading *reading)
{
    const struct operation *operation = reading->operation;
    for (size_t i = 0; i < operation->n_parameters && operation->parameters[i].place == PLACE_PATH; i++) {
        const struct parameter *parameter = &operation->parameters[i];
        struct slice text = reading->source->match->captures[i];
        json_t *value = parameter_value(reading->arena, parameter->type, text);
        if (!schema_check(parameter->schema, value, reading->arena, "path", parameter->name, PROBLEM_NOT_FOUND, NULL))
            return problem_raise(reading->arena, reading->problem, PROBLEM_NOT_FOUND, "没有这样的资源",
                                 "There is no such resource");
        reading->values[i] = text.bytes;
    }
    return true;
}

static const char *read_match(struct reading *reading, const struct parameter *parameter, struct slice field)
{
    const char *versions = "-1";
    if (!header_match(reading->arena, field, &versions) || !utf8_is_valid(field))
        fault(reading, PROBLEM_INVALID_PARAMETER, PLACE_HEADER, parameter->name, &NOT_A_TAG);
    else
        check_text(reading, parameter, field);
    return versions;
}

static const char *read_key(struct reading *reading, const struct parameter *parameter, struct slice field)
{
    struct slice key;
    if (!header_key(reading->arena, field, &key)) {
        fault(reading, PROBLEM_INVALID_PARAMETER, PLACE_HEADER, parameter->name, &NOT_A_KEY);
        return "";
    }
    check_text(reading, parameter, key);
    return key.bytes;
}

static bool has_control_byte(struct slice text)
{
    for (size_t i = 0; i < text.length; i++)
        if ((unsigned char)text.bytes[i] < ' ' || text.bytes[i] == 0x7f)
            return true;
    return false;
}

static const char *read_plain_header(struct reading *reading, const struct parameter *parameter, struct slice field)
{
    if (!utf8_is_valid(field) || has_control_byte(field))
        fault(reading, PROBLEM_INVALID_PARAMETER, PLACE_HEADER, parameter->name, &MALFORMED);
    else
        check_text(reading, parameter, field);
    return arena_strndup(reading->arena, field.bytes, field.length);
}

/* Fields with a form of their own, and what the lack of one is called. */
static const struct special {
    const char *name;
    const char *(*read)(struct reading *reading, const struct parameter *parameter, struct slice field);
    enum problem_code missing;
} specials[] = {
    { "If-Match", read_match, PROBLEM_PRECONDITION_REQUIRED },
    { "Idempotency-Key", read_key, PROBLEM_KEY_REQUIRED },
    { "", read_plain_header, PROBLEM_INVALID_PARAMETER }, /* every other */
};

static const struct special *special_of(const char *name)
{
    const struct special *special = specials;
    while (special->name[0] && strcasecmp(special->name, name) != 0)
        special++;
    return special;
}

static void read_header(struct reading *reading, size_t index)
{
    const struct parameter *parameter = &reading->operation->parameters[index];
    const struct special *special = special_of(parameter->name);
    struct slice field = reading->source->header(reading->source->header_context, parameter->name);
    if (field.bytes)
        reading->values[index] = special->read(reading, parameter, field);
    else if (parameter->required)
        fault(reading, special->missing, PLACE_HEADER, parameter->name, &MISSING);
}

static void fill_in(struct reading *reading, size_t index)
{
    const struct parameter *parameter = &reading->operation->parameters[index];
    if (reading->values[index])
        return;
    if (parameter->place == PLACE_QUERY && parameter->required)
        fault(reading, PROBLEM_INVALID_PARAMETER, PLACE_QUERY, parameter->name, &MISSING);
    reading->values[index] = parameter->initial;
}

bool parameters_read(struct arena *arena, const struct operation *operation, const struct parameter_source *source,
                     const char **ret_values, struct problem *problem)
{
    struct reading reading = { arena, operation, source, ret_values, problem };
    size_t before = problem->n_faults;
    for (size_t i = 0; i < operation->n_parameters; i++)
        ret_values[i] = NULL;
    if (!read_path(&reading))
        return false;
    read_query(&reading);
    for (size_t i = 0; i < operation->n_parameters; i++) {
        if (operation->parameters[i].place == PLACE_HEADER)
            read_header(&reading, i);
        fill_in(&reading, i);
    }
    return problem->n_faults == before;
}
