#include "contract_response.h"

#include <stdlib.h>

static const char *place_below(struct loader *loader, const char *where, const char *name)
{
    return arena_printf(loader->arena, "%s: %s", where, name);
}

bool loader_header(struct loader *loader, const char *where, const json_t *node)
{
    static const char *const members[] = { "description", "required", "deprecated", "schema", "example", "examples",
                                           NULL };
    const json_t *header = loader_follow(loader, where, node);
    if (!header || !loader_members(loader, where, header, members))
        return false;
    struct schema *schema = loader_schema(loader, where, json_object_get(header, "schema"));
    if (schema)
        loader_examples(loader, where, header, schema);
    return schema;
}

bool loader_response(struct loader *loader, const char *where, const json_t *node)
{
    static const char *const members[] = { "description", "headers", "content", "links", NULL };
    const json_t *response = loader_follow(loader, where, node);
    const char *name;
    json_t *part;
    if (!response || !loader_members(loader, where, response, members))
        return false;
    bool good = true;
    if (!json_is_string(json_object_get(response, "description")))
        good = loader_complain(loader, where, "has no description");
    json_object_foreach (json_object_get(response, "headers"), name, part)
        good &= loader_header(loader, place_below(loader, where, name), part);
    json_object_foreach (json_object_get(response, "content"), name, part)
        good &= loader_media(loader, place_below(loader, where, name), part) != NULL;
    return good;
}

/* 200-599, or 0 if the text is not one. */
static int status_of(const char *text)
{
    char *end = NULL;
    long status = strtol(text, &end, 10);
    return strlen(text) == 3 && !*end && status >= 200 && status < 600 ? (int)status : 0;
}

/* What the lowest 2xx says is what a success answers. */
static void take_success(struct loader *loader, const char *where, int status, const json_t *node,
                         struct operation *operation)
{
    if (status >= 300 || (operation->success_status && operation->success_status < status))
        return;
    const json_t *content = json_object_get(loader_follow(loader, where, node), "content");
    operation->success_status = status;
    operation->reply_media = json_object_iter_key(json_object_iter((json_t *)content));
}

bool loader_responses(struct loader *loader, const char *where, const json_t *responses, struct operation *operation)
{
    const char *code;
    json_t *node;
    if (json_object_size(responses) == 0)
        return loader_complain(loader, where, "has no responses");
    bool good = true;
    json_object_foreach ((json_t *)responses, code, node) {
        const char *here = arena_printf(loader->arena, "%s: response %s", where, code);
        int status = status_of(code);
        if (!status && strcmp(code, "default") != 0)
            good = loader_complain(loader, here, "a response is named by its status, or default");
        good &= loader_response(loader, here, node);
        if (good && status)
            take_success(loader, here, status, node, operation);
    }
    if (good && !operation->success_status)
        good = loader_complain(loader, where, "documents no success");
    operation->is_conditional = operation->method == METHOD_GET && json_object_get(responses, "304");
    return good;
}
