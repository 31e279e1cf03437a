/* A request as lines: method and target, then the values of If-Match, Idempotency-Key and Prefer. It is routed and its
 * parameters are read; what is accepted is text that can be bound to a statement, what is refused has a reason. */
#include "../unit/contract_example.h"
#include "anze/base/utf8.h"

#include <strings.h>

enum { N_LINES = 4 };

struct lines {
    struct slice line[N_LINES];
};

static struct lines split(struct slice text)
{
    struct lines lines = { { { NULL, 0 } } };
    for (size_t i = 0; i < N_LINES && text.bytes; i++) {
        const char *end = text.length ? memchr(text.bytes, '\n', text.length) : NULL;
        size_t length = end ? (size_t)(end - text.bytes) : text.length;
        lines.line[i] = (struct slice){ text.bytes, length };
        text = end ? (struct slice){ end + 1, text.length - length - 1 } : SLICE_NONE;
    }
    return lines;
}

static struct slice field_of(void *context, const char *name)
{
    static const char *const names[N_LINES] = { "", "If-Match", "Idempotency-Key", "Prefer" };
    const struct lines *lines = context;
    for (size_t i = 1; i < N_LINES; i++)
        if (strcasecmp(names[i], name) == 0)
            return lines->line[i];
    return SLICE_NONE;
}

static void read_parameters(struct arena *arena, struct lines *lines, const struct route_match *match,
                            struct slice query)
{
    struct problem problem = { 0 };
    const char *values[32];
    const struct parameter_source source = { .match = match, .query = query, .header = field_of,
                                             .header_context = lines, .lenient = query.length % 2 };
    bool good = parameters_read(arena, match->operation, &source, values, &problem);
    if (good != (problem.code == PROBLEM_NONE))
        abort();
    for (size_t i = 0; good && i < match->operation->n_parameters; i++)
        if (values[i] && !utf8_is_valid(slice_of(values[i])))
            abort();
    if (!good && problem_render(arena, &problem, LANGUAGE_EN, NULL, NULL).length < 40)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct contract *contract;
    if (!contract)
        contract = example_contract(arena_new());
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    struct lines lines = split((struct slice){ (const char *)data, size });
    struct problem problem = { 0 };
    struct route_match match;
    struct slice target = lines.line[0];
    enum method method = target.length ? (unsigned char)target.bytes[0] % METHOD_COUNT : METHOD_GET;
    target = target.length ? (struct slice){ target.bytes + 1, target.length - 1 } : target;
    const char *mark = target.length ? memchr(target.bytes, '?', target.length) : NULL;
    struct slice query = mark ? (struct slice){ mark + 1, target.length - (size_t)(mark + 1 - target.bytes) } : SLICE_NONE;
    target.length = mark ? (size_t)(mark - target.bytes) : target.length;
    if (!route_find(arena, contract, LISTENER_PUBLIC, method, target, &match, &problem)) {
        if (problem.code != PROBLEM_BAD_REQUEST)
            abort();
        return 0;
    }
    if ((match.operation != NULL) && !(match.allowed & 1u << match.operation->method))
        abort();
    if (match.operation)
        read_parameters(arena, &lines, &match, query);
    return 0;
}
