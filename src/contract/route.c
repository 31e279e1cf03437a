#include "route_node.h"
#include "anze/base/bytes.h"
#include "anze/base/text.h"
#include "anze/base/utf8.h"

#include <stdlib.h>

/* One byte of the text, or -1: a broken escape, or %00. */
static int decode_byte(struct slice raw, size_t *at, bool plus_is_space)
{
    char c = raw.bytes[(*at)++];
    if (c == '+' && plus_is_space)
        return ' ';
    if (c != '%')
        return c ? (unsigned char)c : -1;
    if (raw.length - *at < 2)
        return -1;
    int high = hex_value(raw.bytes[*at]), low = hex_value(raw.bytes[*at + 1]);
    *at += 2;
    return high < 0 || low < 0 || high + low == 0 ? -1 : high * 16 + low;
}

struct slice route_decode(struct arena *arena, struct slice raw, bool plus_is_space)
{
    char *bytes = arena_alloc(arena, raw.length + 1);
    size_t length = 0;
    for (size_t at = 0; at < raw.length;) {
        int byte = decode_byte(raw, &at, plus_is_space);
        if (byte < 0)
            return SLICE_NONE;
        bytes[length++] = (char)byte;
    }
    struct slice text = { bytes, length };
    return utf8_is_valid(text) ? text : SLICE_NONE;
}

bool template_next(const char **at, struct template_step *ret_step)
{
    if (**at != '/')
        return false;
    const char *begin = *at + 1, *end = strchrnul(begin, '/');
    *at = end;
    ret_step->text = (struct slice){ begin, (size_t)(end - begin) };
    ret_step->is_parameter = end - begin > 2 && begin[0] == '{' && end[-1] == '}';
    if (ret_step->is_parameter)
        ret_step->text = (struct slice){ begin + 1, (size_t)(end - begin) - 2 };
    return true;
}

static int compare_segments(struct slice a, struct slice b)
{
    if (a.length != b.length)
        return a.length < b.length ? -1 : 1;
    return memcmp(a.bytes, b.bytes, a.length);
}

static int compare_routes(const void *left, const void *right)
{
    return compare_segments((*(struct route *const *)left)->segment, (*(struct route *const *)right)->segment);
}

static struct route *find_literal(const struct route *route, struct slice segment)
{
    size_t low = 0, high = route->n_literals;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = compare_segments(segment, route->literals[middle]->segment);
        if (order == 0)
            return route->literals[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

static struct route *add_literal(struct arena *arena, struct route *route, struct slice segment)
{
    struct route *literal = find_literal(route, segment);
    if (literal)
        return literal;
    struct route **all = arena_array_of(arena, struct route *, route->n_literals + 1);
    if (route->n_literals)
        memcpy(all, route->literals, route->n_literals * sizeof(all[0]));
    literal = arena_new_of(arena, struct route);
    literal->segment = segment;
    all[route->n_literals++] = literal;
    qsort(all, route->n_literals, sizeof(all[0]), compare_routes);
    route->literals = all;
    return literal;
}

static struct route *add_capture(struct arena *arena, struct route *route)
{
    if (!route->parameter)
        route->parameter = arena_new_of(arena, struct route);
    return route->parameter;
}

/* What may stand in a literal segment as it is: no escapes, so that raw bytes can be compared. */
static bool is_literal(struct slice text)
{
    for (size_t i = 0; i < text.length; i++)
        if (text.bytes[i] <= ' ' || text.bytes[i] > '~' || strchr("{}%?#", text.bytes[i]))
            return false;
    return text.length > 0 && !slice_equals(text, ".") && !slice_equals(text, "..");
}

bool route_add(struct arena *arena, struct route *root, const struct operation *operation, const char **ret_why)
{
    const char *at = operation->path;
    struct template_step step;
    size_t n = 0;
    *ret_why = "a path is / or segments after /, each either plain characters or one {parameter}";
    if (at[0] != '/')
        return false;
    for (bool is_root = at[1] == '\0'; !is_root && template_next(&at, &step);) {
        if (++n > ROUTE_MAX_SEGMENTS || (!step.is_parameter && !is_literal(step.text)))
            return false;
        root = step.is_parameter ? add_capture(arena, root) : add_literal(arena, root, step.text);
    }
    *ret_why = "the path has an operation of this method already";
    if (root->operations[operation->method])
        return false;
    root->operations[operation->method] = operation;
    return true;
}

static unsigned allowed_at(const struct route *route, enum listener listener)
{
    unsigned allowed = 0;
    for (unsigned method = 0; method < METHOD_COUNT; method++)
        if (route->operations[method] && (route->operations[method]->listeners & (unsigned)listener))
            allowed |= 1u << method;
    if (allowed & 1u << METHOD_GET)
        allowed |= 1u << METHOD_HEAD;
    return allowed ? allowed | 1u << METHOD_OPTIONS : 0;
}

struct walk {
    enum listener listener;
    struct slice segments[ROUTE_MAX_SEGMENTS];
    size_t n_segments;
    size_t captured[ROUTE_MAX_SEGMENTS]; /* which segments are parameters, in order */
    size_t n_captured;
};

/* A literal goes before a parameter; where it leads nowhere the parameter is tried. */
static const struct route *walk_from(struct walk *walk, const struct route *route, size_t at)
{
    if (at == walk->n_segments)
        return allowed_at(route, walk->listener) ? route : NULL;
    const struct route *next = find_literal(route, walk->segments[at]);
    const struct route *found = next ? walk_from(walk, next, at + 1) : NULL;
    if (found || !route->parameter)
        return found;
    walk->captured[walk->n_captured++] = at;
    found = walk_from(walk, route->parameter, at + 1);
    walk->n_captured -= !found;
    return found;
}

/* False: no template can have this shape (empty segment, too many, no leading slash). */
static bool split(struct slice path, struct walk *walk)
{
    if (path.length == 0 || path.bytes[0] != '/')
        return false;
    for (size_t at = 1; at <= path.length && path.length > 1;) {
        const char *begin = path.bytes + at;
        const char *end = memchr(begin, '/', path.length - at);
        size_t length = end ? (size_t)(end - begin) : path.length - at;
        if (length == 0 || walk->n_segments == ROUTE_MAX_SEGMENTS)
            return false;
        walk->segments[walk->n_segments++] = (struct slice){ begin, length };
        at += length + 1;
    }
    return true;
}

/* A value that is a piece of path itself is none: what stands before or behind this service might resolve it. */
static bool is_value(struct slice text)
{
    return !memchr(text.bytes, '/', text.length) && !slice_equals(text, ".") && !slice_equals(text, "..");
}

static bool capture(struct arena *arena, const struct walk *walk, struct route_match *match)
{
    for (size_t i = 0; i < walk->n_captured; i++) {
        match->captures[i] = route_decode(arena, walk->segments[walk->captured[i]], false);
        if (!is_value(match->captures[i]))
            return false;
    }
    return true;
}

bool route_find(struct arena *arena, const struct contract *contract, enum listener listener, enum method method,
                struct slice path, struct route_match *ret_match, struct problem *problem)
{
    struct walk walk = { .listener = listener };
    *ret_match = (struct route_match){ .operation = NULL };
    if (!path.bytes || !route_decode(arena, path, false).bytes)
        return problem_raise(arena, problem, PROBLEM_BAD_REQUEST, "请求路径编码有误",
                             "The path has a broken percent-escape, U+0000 or invalid UTF-8");
    const struct route *route = split(path, &walk) ? walk_from(&walk, contract->routes, 0) : NULL;
    if (!route || !capture(arena, &walk, ret_match))
        return true;
    ret_match->allowed = allowed_at(route, listener);
    if (ret_match->allowed & 1u << method)
        ret_match->operation = route->operations[method];
    if (method == METHOD_HEAD && !ret_match->operation && (ret_match->allowed & 1u << METHOD_GET))
        ret_match->operation = route->operations[METHOD_GET];
    return true;
}

const char *route_allow(struct arena *arena, unsigned allowed)
{
    struct text text = text_on(arena);
    for (enum method method = 0; method < METHOD_COUNT; method++)
        if (allowed & 1u << method)
            text_printf(&text, "%s%s", text.length ? ", " : "", method_name(method));
    return text_slice(&text).bytes;
}
