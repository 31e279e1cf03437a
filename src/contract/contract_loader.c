#include "contract_loader.h"
#include "schema_node.h"

bool loader_complain(struct loader *loader, const char *where, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    text_printf(loader->complaints, "%s: %s\n", where, arena_vprintf(loader->arena, format, arguments));
    va_end(arguments);
    loader->n_complaints++;
    return false;
}

static bool is_known_member(const char *name, const char *const *known)
{
    for (; *known; known++)
        if (strcmp(*known, name) == 0)
            return true;
    return strncmp(name, "x-", 2) == 0 && strncmp(name, "x-anze-", 7) != 0;
}

bool loader_members(struct loader *loader, const char *where, const json_t *object, const char *const *known)
{
    const char *name;
    json_t *value;
    bool all = true;
    if (!json_is_object(object))
        return loader_complain(loader, where, "must be an object");
    json_object_foreach ((json_t *)object, name, value)
        if (!is_known_member(name, known))
            all = loader_complain(loader, where, "unknown member %s", name);
    return all;
}

const json_t *loader_follow(struct loader *loader, const char *where, const json_t *node)
{
    enum { MOST_STEPS = 8 };
    for (int i = 0; i < MOST_STEPS; i++) {
        const char *reference = json_string_value(json_object_get(node, "$ref"));
        if (!reference)
            break;
        node = schema_resolve(loader->arena, loader->root, reference);
        if (!node)
            loader_complain(loader, where, "$ref %s leads nowhere", reference);
    }
    if (node && !json_is_object(node)) {
        loader_complain(loader, where, "must be an object");
        return NULL;
    }
    return node;
}

struct schema *loader_schema(struct loader *loader, const char *where, const json_t *node)
{
    if (!node) {
        loader_complain(loader, where, "has no schema");
        return NULL;
    }
    struct schema *schema = schema_compile(loader->schemas, node, where, loader->complaints);
    loader->n_complaints += !schema;
    return schema;
}

static void check_holder_example(struct loader *loader, const char *where, const json_t *value,
                                 const struct schema *schema)
{
    struct problem problem = { 0 };
    AUTO(arena_free_at_end) struct arena *arena = arena_new(); /* a contract has hundreds */
    if (!schema_check(schema, value, arena, "body", "", PROBLEM_VALIDATION_FAILED, &problem))
        loader_complain(loader, where, "the example does not fit its schema: %s %s", problem.first->pointer,
                        problem.first->en);
}

void loader_examples(struct loader *loader, const char *where, const json_t *holder, const struct schema *schema)
{
    const json_t *example = json_object_get(holder, "example"), *examples = json_object_get(holder, "examples");
    const char *name;
    json_t *node;
    if (example)
        check_holder_example(loader, where, example, schema);
    json_object_foreach ((json_t *)examples, name, node) {
        const json_t *named = loader_follow(loader, where, node), *value = json_object_get(named, "value");
        if (value)
            check_holder_example(loader, where, value, schema);
        else if (named)
            loader_complain(loader, where, "the example %s has no value", name);
    }
}

struct schema *loader_media(struct loader *loader, const char *where, const json_t *media)
{
    static const char *const members[] = { "schema", "example", "examples", NULL };
    if (!loader_members(loader, where, media, members))
        return NULL;
    struct schema *schema = loader_schema(loader, where, json_object_get(media, "schema"));
    if (schema)
        loader_examples(loader, where, media, schema);
    return schema;
}
