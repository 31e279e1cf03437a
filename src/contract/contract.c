#include "contract_operation.h"
#include "contract_response.h"
#include "route_node.h"
#include "schema_node.h"
#include "anze/base/json.h"

/* Components are compiled even where nothing refers to them: a mistake must not wait for its first user. */
static void load_component(struct loader *loader, const char *kind, const char *where, const json_t *node)
{
    struct parameter parameter;
    struct operation operation = { .index = 0 };
    if (strcmp(kind, "schemas") == 0)
        loader_schema(loader, where, node);
    else if (strcmp(kind, "parameters") == 0)
        loader_parameter(loader, where, node, &parameter);
    else if (strcmp(kind, "requestBodies") == 0)
        loader_body(loader, where, node, &operation);
    else if (strcmp(kind, "responses") == 0)
        loader_response(loader, where, node);
    else if (strcmp(kind, "headers") == 0)
        loader_header(loader, where, node);
}

static void load_components(struct loader *loader)
{
    static const char *const known[] = { "schemas", "responses", "parameters", "examples", "requestBodies", "headers",
                                         "securitySchemes", NULL };
    const json_t *components = json_object_get(loader->root, "components");
    if (!components || !loader_members(loader, "components", components, known))
        return;
    for (const char *const *kind = known; *kind; kind++) {
        const char *name;
        json_t *node;
        json_object_foreach (json_object_get(components, *kind), name, node)
            load_component(loader, *kind, arena_printf(loader->arena, "components/%s/%s", *kind, name), node);
    }
}

static const char *const item_members[] = { "summary", "description", "parameters", "get", "head", "post", "put",
                                            "patch", "delete", "options", NULL };

static enum method method_of(const char *member)
{
    static const char *const lower[METHOD_COUNT] = { "get", "head", "post", "put", "patch", "delete", "options" };
    enum method method = 0;
    while (method < METHOD_COUNT && strcmp(lower[method], member) != 0)
        method++;
    return method;
}

static void check_unique(struct loader *loader, const char *where, const struct operation *operation)
{
    const struct operation *other = operation->id ? contract_operation(loader->contract, operation->id) : NULL;
    if (other)
        loader_complain(loader, where, "the operationId %s is taken by %s %s", operation->id,
                        method_name(other->method), other->path);
}

static void load_operation(struct loader *loader, const char *path, enum method method, const json_t *item,
                           const json_t *node)
{
    struct contract *contract = loader->contract;
    struct operation *operation = &contract->operations[contract->n_operations];
    const char *why, *where = arena_printf(loader->arena, "%s %s", method_name(method), path);
    *operation = (struct operation){ .index = contract->n_operations, .method = method, .path = path };
    loader_operation(loader, path, item, node, operation);
    check_unique(loader, where, operation);
    if (!route_add(loader->arena, contract->routes, operation, &why))
        loader_complain(loader, where, "%s", why);
    contract->n_operations++;
}

static void load_paths(struct loader *loader, const json_t *paths)
{
    const char *path, *member;
    json_t *item, *node;
    size_t most = 0;
    json_object_foreach ((json_t *)paths, path, item)
        most += json_object_size(item);
    loader->contract->operations = arena_array_of(loader->arena, struct operation, most + 1);
    json_object_foreach ((json_t *)paths, path, item) {
        if (!loader_members(loader, path, item, item_members))
            continue;
        json_object_foreach (item, member, node)
            if (method_of(member) < METHOD_COUNT)
                load_operation(loader, path, method_of(member), item, node);
    }
}

static void check_roles(struct loader *loader, const json_t *roles)
{
    static const char *const members[] = { "title", "title_zh", "scopes", "reach", NULL };
    const char *name;
    json_t *role;
    json_object_foreach ((json_t *)roles, name, role) {
        const char *where = arena_printf(loader->arena, "x-anze-roles/%s", name);
        const char *reach = json_string_value(json_object_get(role, "reach"));
        loader_members(loader, where, role, members);
        if (!reach || (strcmp(reach, "unit") != 0 && strcmp(reach, "region") != 0))
            loader_complain(loader, where, "reach is unit or region");
        if (!json_is_array(json_object_get(role, "scopes")))
            loader_complain(loader, where, "scopes is an array");
    }
}

static void load_document(struct loader *loader)
{
    static const char *const members[] = { "openapi", "info", "servers", "tags", "paths", "components", "security",
                                           "externalDocs", "jsonSchemaDialect", "webhooks", "x-anze-roles",
                                           NULL };
    const char *version = json_string_value(json_object_get(loader->root, "openapi"));
    loader_members(loader, "document", loader->root, members);
    if (!version || strncmp(version, "3.1.", 4) != 0)
        loader_complain(loader, "document", "openapi must be 3.1");
    if (!json_is_object(json_object_get(loader->root, "paths")))
        loader_complain(loader, "document", "there are no paths");
    check_roles(loader, json_object_get(loader->root, "x-anze-roles"));
    load_components(loader);
    load_paths(loader, json_object_get(loader->root, "paths"));
}

struct contract *contract_load(struct arena *arena, struct slice document, struct text *complaints)
{
    json_t *root = NULL;
    size_t offset = 0;
    struct loader loader = { .arena = arena, .complaints = complaints };
    if (!json_read_trusted(arena, document, &root, &offset)) {
        loader_complain(&loader, "document", "is not JSON at byte %zu", offset);
        return NULL;
    }
    loader.root = root;
    loader.schemas = schema_set_new(arena, root);
    loader.contract = arena_new_of(arena, struct contract);
    loader.contract->routes = arena_new_of(arena, struct route);
    load_document(&loader);
    if (loader.n_complaints > 0)
        return NULL;
    size_t length = complaints->length;
    schema_set_check_examples(loader.schemas, complaints);
    return complaints->length == length ? loader.contract : NULL;
}

const struct operation *contract_operation(const struct contract *contract, const char *id)
{
    for (size_t i = 0; i < contract->n_operations; i++)
        if (contract->operations[i].id && strcmp(contract->operations[i].id, id) == 0)
            return &contract->operations[i];
    return NULL;
}
