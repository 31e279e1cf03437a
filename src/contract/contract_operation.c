#include "contract_operation.h"
#include "anze/base/json.h"
#include "contract_response.h"
#include "route_node.h"

#include <strings.h>

static const char *text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static bool read_place(struct loader *loader, const char *where, const json_t *node, struct parameter *parameter)
{
    static const char *const names[] = { [PLACE_PATH] = "path", [PLACE_QUERY] = "query", [PLACE_HEADER] = "header" };
    static const char *const reserved[] = { "Accept", "Content-Type", "Authorization" };
    const char *in = text_of(node, "in");
    parameter->name = text_of(node, "name");
    if (!parameter->name || !in)
        return loader_complain(loader, where, "a parameter has name and in");
    for (size_t i = 0; i < ARRAY_LENGTH(reserved); i++)
        if (strcmp(in, "header") == 0 && strcasecmp(parameter->name, reserved[i]) == 0)
            return loader_complain(loader, where, "%s is not a parameter in OpenAPI", reserved[i]);
    for (enum place place = 0; place < ARRAY_LENGTH(names); place++)
        if (strcmp(names[place], in) == 0) {
            parameter->place = place;
            return true;
        }
    return loader_complain(loader, where, "in is path, query or header, not %s", in);
}

/* Arrays stand in queries alone and are written a,b,c: one name, one value. */
static bool read_style(struct loader *loader, const char *where, const json_t *node, struct parameter *parameter)
{
    static const char *const styles[] = { [PLACE_PATH] = "simple", [PLACE_QUERY] = "form", [PLACE_HEADER] = "simple" };
    const char *style = text_of(node, "style");
    const struct schema *items = schema_items_of(parameter->schema);
    parameter->is_array = schema_type_of(parameter->schema) == SCHEMA_ARRAY;
    parameter->type = schema_type_of(parameter->is_array && items ? items : parameter->schema);
    if (style && strcmp(style, styles[parameter->place]) != 0)
        return loader_complain(loader, where, "style %s is not used", style);
    if (parameter->is_array && parameter->place != PLACE_QUERY)
        return loader_complain(loader, where, "an array can only be a query parameter");
    if (parameter->is_array && !json_is_false(json_object_get(node, "explode")))
        return loader_complain(loader, where, "an array needs explode: false");
    return !parameter->is_array || items || loader_complain(loader, where, "an array needs items");
}

static const char *plain_text(struct loader *loader, const json_t *value)
{
    if (!value || json_is_string(value))
        return json_string_value(value);
    return json_text(loader->arena, value);
}

static bool read_default(struct loader *loader, const char *where, const json_t *schema, struct parameter *parameter)
{
    const json_t *initial = json_object_get(schema, "default");
    if (!initial)
        initial = json_object_get(loader_follow(loader, where, schema), "default");
    if (initial && (parameter->is_array || parameter->required || json_is_object(initial)))
        return loader_complain(loader, where, "only an optional single value has a default");
    parameter->initial = plain_text(loader, initial);
    return true;
}

bool loader_parameter(struct loader *loader, const char *where, const json_t *node, struct parameter *parameter)
{
    static const char *const members[] = { "name", "in", "required", "description", "deprecated", "schema", "style",
                                           "explode", "example", "examples", NULL };
    *parameter = (struct parameter){ .name = "" };
    node = loader_follow(loader, where, node);
    if (!node || !loader_members(loader, where, node, members) || !read_place(loader, where, node, parameter))
        return false;
    where = arena_printf(loader->arena, "%s: parameter %s", where, parameter->name);
    parameter->required = json_is_true(json_object_get(node, "required"));
    if (parameter->place == PLACE_PATH && !parameter->required)
        return loader_complain(loader, where, "a path parameter is required: true");
    parameter->schema = loader_schema(loader, where, json_object_get(node, "schema"));
    if (!parameter->schema || !read_style(loader, where, node, parameter))
        return false;
    loader_examples(loader, where, node, parameter->schema);
    return read_default(loader, where, json_object_get(node, "schema"), parameter);
}

static bool read_parameter_list(struct loader *loader, const char *where, const json_t *list,
                                struct operation *operation)
{
    bool good = true;
    for (size_t i = 0; i < json_array_size(list); i++) {
        struct parameter parameter;
        if (!loader_parameter(loader, where, json_array_get(list, i), &parameter))
            good = false;
        else if (operation_parameter(operation, parameter.place, parameter.name) >= 0)
            good = loader_complain(loader, where, "the parameter %s is given twice", parameter.name);
        else
            operation->parameters[operation->n_parameters++] = parameter;
    }
    return good;
}

/* Path parameters go first, in the order of the template, so that the captures of a route are theirs one by one. */
static bool match_template(struct loader *loader, const char *where, struct operation *operation)
{
    const char *at = operation->path;
    struct template_step step;
    size_t n = 0;
    bool good = true;
    while (template_next(&at, &step)) {
        if (!step.is_parameter)
            continue;
        const char *name = arena_strndup(loader->arena, step.text.bytes, step.text.length);
        int found = operation_parameter(operation, PLACE_PATH, name);
        if (found < 0 || (size_t)found < n) {
            good = loader_complain(loader, where, "{%s} is not declared, or twice in the path", name);
            continue;
        }
        struct parameter first = operation->parameters[n];
        operation->parameters[n++] = operation->parameters[found];
        operation->parameters[found] = first;
    }
    for (size_t i = n; i < operation->n_parameters && good; i++)
        if (operation->parameters[i].place == PLACE_PATH)
            good = loader_complain(loader, where, "the path has no {%s}", operation->parameters[i].name);
    return good;
}

/* What a body may be. Bytes have no schema; the values of a form are strings. */
static const struct body_media {
    const char *name;
    bool is_form, is_raw;
} body_media[] = {
    { "application/json", false, false },
    { "application/merge-patch+json", false, false },
    { "application/x-www-form-urlencoded", true, false },
    { "application/octet-stream", false, true },
};

static const struct body_media *body_media_of(const char *name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(body_media); i++)
        if (strcmp(body_media[i].name, name) == 0)
            return &body_media[i];
    return NULL;
}

bool loader_body(struct loader *loader, const char *where, const json_t *node, struct operation *operation)
{
    static const char *const members[] = { "description", "required", "content", NULL };
    static const char *const none[] = { NULL };
    const json_t *body = loader_follow(loader, where, node);
    if (!body || !loader_members(loader, where, body, members))
        return false;
    const json_t *content = json_object_get(body, "content");
    void *first = json_object_iter((json_t *)content);
    const struct body_media *media = body_media_of(first ? json_object_iter_key(first) : "");
    if (json_object_size(content) != 1 || !media)
        return loader_complain(loader, where, "a body is one of application/json, application/merge-patch+json, "
                                              "application/x-www-form-urlencoded and application/octet-stream");
    const json_t *holder = json_object_iter_value(first);
    operation->request_media = media->name;
    operation->is_form = media->is_form;
    operation->is_raw = media->is_raw;
    operation->body_required = json_is_true(json_object_get(body, "required"));
    if (operation->is_raw)
        return loader_members(loader, where, holder, none);
    operation->body = loader_media(loader, where, holder);
    return operation->body;
}

/* One requirement of one scheme, or none at all: public. Alternatives would leave open who is asking. */
static bool read_security(struct loader *loader, const char *where, const json_t *node, struct operation *operation)
{
    const json_t *security = json_object_get(node, "security");
    if (!security)
        security = json_object_get(loader->root, "security");
    if (!json_is_array(security))
        return loader_complain(loader, where, "says nothing of security; public operations have []");
    operation->is_public = json_array_size(security) == 0;
    operation->scopes = arena_array_of(loader->arena, const char *, 1);
    if (operation->is_public)
        return true;
    void *first = json_object_iter(json_array_get(security, 0));
    if (json_array_size(security) > 1 || json_object_size(json_array_get(security, 0)) != 1)
        return loader_complain(loader, where, "security is one requirement of one scheme");
    const json_t *schemes = json_object_get(json_object_get(loader->root, "components"), "securitySchemes");
    if (!json_object_get(schemes, json_object_iter_key(first)))
        return loader_complain(loader, where, "unknown security scheme %s", json_object_iter_key(first));
    const json_t *list = json_object_iter_value(first);
    const char **scopes = arena_array_of(loader->arena, const char *, json_array_size(list) + 1);
    for (size_t i = 0; i < json_array_size(list); i++)
        if (!(scopes[i] = json_string_value(json_array_get(list, i))))
            return loader_complain(loader, where, "a scope is a string");
    operation->scopes = scopes;
    return true;
}

static bool read_listeners(struct loader *loader, const char *where, const json_t *node, struct operation *operation)
{
    const json_t *list = json_object_get(node, "x-anze-listeners");
    operation->listeners = list ? 0 : LISTENER_PUBLIC;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *name = json_string_value(json_array_get(list, i));
        if (name && strcmp(name, "public") == 0)
            operation->listeners |= LISTENER_PUBLIC;
        else if (name && strcmp(name, "admin") == 0)
            operation->listeners |= LISTENER_ADMIN;
        else
            return loader_complain(loader, where, "x-anze-listeners holds public and admin");
    }
    return operation->listeners || loader_complain(loader, where, "x-anze-listeners is empty");
}

static bool read_extension_flag(struct loader *loader, const char *where, const json_t *node, const char *name,
                                bool *ret_flag)
{
    const json_t *flag = json_object_get(node, name);
    *ret_flag = json_is_true(flag);
    return !flag || json_is_boolean(flag) || loader_complain(loader, where, "%s is true or false", name);
}

static bool read_extensions(struct loader *loader, const char *where, const json_t *node, struct operation *operation)
{
    bool good = read_listeners(loader, where, node, operation);
    good &= read_extension_flag(loader, where, node, "x-anze-list", &operation->is_list);
    good &= read_extension_flag(loader, where, node, "x-anze-no-store", &operation->no_store);
    const json_t *errors = json_object_get(node, "x-anze-errors");
    operation->says_oauth = errors;
    if (errors && (!json_is_string(errors) || strcmp(json_string_value(errors), "oauth") != 0))
        good = loader_complain(loader, where, "x-anze-errors is oauth");
    operation->cache_control = text_of(node, "x-anze-cache-control");
    if (json_object_get(node, "x-anze-cache-control") && !operation->cache_control)
        good = loader_complain(loader, where, "x-anze-cache-control is a string");
    if (operation->is_list
        && (operation_parameter(operation, PLACE_QUERY, "limit") < 0
            || operation_parameter(operation, PLACE_QUERY, "cursor") < 0))
        good = loader_complain(loader, where, "a list has the query parameters limit and cursor");
    return good;
}

static bool is_file_name(const char *text)
{
    return text && *text && !text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")];
}

/* The names become a file's path, a metric's label and a log field. */
static bool read_operation_names(struct loader *loader, const char *where, const json_t *node,
                                 struct operation *operation)
{
    bool good = true;
    operation->id = text_of(node, "operationId");
    operation->tag = json_string_value(json_array_get(json_object_get(node, "tags"), 0));
    if (!is_file_name(operation->id))
        good = loader_complain(loader, where, "has no operationId of letters, digits, _ and -");
    if (!is_file_name(operation->tag))
        good = loader_complain(loader, where, "has no tag of letters, digits, _ and -");
    if (!text_of(node, "summary"))
        good = loader_complain(loader, where, "has no summary");
    if (!text_of(node, "x-anze-summary-zh"))
        good = loader_complain(loader, where, "has no x-anze-summary-zh");
    return good;
}

bool loader_operation(struct loader *loader, const char *path, const json_t *item, const json_t *node,
                      struct operation *operation)
{
    static const char *const members[] = { "tags", "summary", "description", "operationId", "parameters",
                                           "requestBody", "responses", "deprecated", "security", "externalDocs",
                                           "x-anze-summary-zh", "x-anze-listeners", "x-anze-list", "x-anze-no-store",
                                           "x-anze-cache-control", "x-anze-errors", NULL };
    const char *where = arena_printf(loader->arena, "%s %s", method_name(operation->method), path);
    const json_t *shared = json_object_get(item, "parameters"), *own = json_object_get(node, "parameters");
    const json_t *body = json_object_get(node, "requestBody");
    bool good = loader_members(loader, where, node, members) && read_operation_names(loader, where, node, operation);
    operation->parameters = arena_array_of(loader->arena, struct parameter,
                                           json_array_size(shared) + json_array_size(own) + 1);
    good &= read_parameter_list(loader, where, shared, operation);
    good &= read_parameter_list(loader, where, own, operation);
    good &= match_template(loader, where, operation);
    operation->takes_key = operation_parameter(operation, PLACE_HEADER, "Idempotency-Key") >= 0;
    operation->writes = operation->method != METHOD_GET && operation->method != METHOD_HEAD;
    if (body)
        good &= loader_body(loader, arena_printf(loader->arena, "%s: body", where), body, operation);
    good &= read_security(loader, where, node, operation);
    good &= read_extensions(loader, where, node, operation);
    return loader_responses(loader, where, json_object_get(node, "responses"), operation) && good;
}
