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

/* One media type, and an event stream beside it or alone: whoever asks for it (Accept) gets it. */
static bool take_media(struct loader *loader, const char *where, const json_t *content, struct operation *operation)
{
    const char *media;
    json_t *part;
    size_t n = 0;
    operation->streams = json_object_get(content, MEDIA_EVENTS);
    memset(operation->reply_media, 0, sizeof operation->reply_media);
    if (json_object_size(content) > (operation->streams ? 2 : 1))
        return loader_complain(loader, where, "a success is of one media type, and " MEDIA_EVENTS " beside it");
    json_object_foreach ((json_t *)content, media, part)
        if (strcmp(media, MEDIA_EVENTS) != 0)
            operation->reply_media[n++] = media;
    if (operation->streams)
        operation->reply_media[n] = MEDIA_EVENTS;
    return !operation->streams || operation->method == METHOD_GET
           || loader_complain(loader, where, "only GET answers with " MEDIA_EVENTS);
}

/* What the lowest 2xx says is what a success answers. */
static bool take_success(struct loader *loader, const char *where, int status, const json_t *node,
                         struct operation *operation)
{
    if (status >= 300 || (operation->success_status && operation->success_status < status))
        return true;
    operation->success_status = status;
    return take_media(loader, where, json_object_get(loader_follow(loader, where, node), "content"), operation);
}

/* The media type that the program gives an error; a runner may give its own answer another status (503 of /readyz). */
static bool check_error(struct loader *loader, const char *where, int status, const json_t *node,
                        const struct operation *operation)
{
    bool is_oauth = operation->says_oauth && (status == 400 || status == 401);
    const char *media = is_oauth ? "application/json" : "application/problem+json", *own = operation->reply_media[0];
    const json_t *content = json_object_get(loader_follow(loader, where, node), "content");
    bool is_own = !is_oauth && own && strcmp(own, "application/json") != 0 && strcmp(own, MEDIA_EVENTS) != 0
                  && json_object_get(content, own);
    if (operation->says_oauth && status == 422)
        return loader_complain(loader, where, "what does not fit is 400 where errors are OAuth's");
    return (json_object_size(content) == 1 && (is_own || json_object_get(content, media)))
           || loader_complain(loader, where, "an error of this status is %s", media);
}

static bool check_errors(struct loader *loader, const char *where, const json_t *responses,
                         const struct operation *operation)
{
    const char *code;
    json_t *node;
    bool good = !operation->says_oauth || json_object_get(responses, "400")
                || loader_complain(loader, where, "documents no 400, which OAuth's errors are");
    json_object_foreach ((json_t *)responses, code, node)
        if (status_of(code) >= 400)
            good &= check_error(loader, arena_printf(loader->arena, "%s: response %s", where, code), status_of(code),
                                node, operation);
    return good;
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
            good = take_success(loader, here, status, node, operation);
    }
    if (good && !operation->success_status)
        good = loader_complain(loader, where, "documents no success");
    good = good && check_errors(loader, where, responses, operation);
    operation->is_conditional = operation->method == METHOD_GET && json_object_get(responses, "304");
    return good;
}
