#include "anze/contract/form.h"
#include "anze/base/json.h"
#include "anze/contract/route.h"

#include <string.h>

static bool refuse_form(struct arena *arena, struct problem *problem)
{
    return problem_raise(arena, problem, PROBLEM_BAD_REQUEST, "表单编码有误或字段重复",
                         "The form is not encoded as it must be, or has a field twice");
}

static bool read_form_field(struct arena *arena, struct slice field, json_t *form, struct problem *problem)
{
    const char *equals = memchr(field.bytes, '=', field.length);
    size_t length = equals ? (size_t)(equals - field.bytes) : field.length;
    size_t skip = equals ? length + 1 : length;
    struct slice name = route_decode(arena, (struct slice){ field.bytes, length }, true);
    struct slice value = route_decode(arena, (struct slice){ field.bytes + skip, field.length - skip }, true);
    if (!name.bytes || !name.length || !value.bytes || json_object_get(form, name.bytes))
        return refuse_form(arena, problem);
    json_object_set_new(form, name.bytes, json_stringn(value.bytes, value.length));
    return true;
}

bool form_to_json(struct arena *arena, struct slice body, struct slice *ret_json, struct problem *problem)
{
    json_t *form = json_keep(arena, json_object());
    for (size_t at = 0; at < body.length;) {
        const char *end = memchr(body.bytes + at, '&', body.length - at);
        size_t length = end ? (size_t)(end - body.bytes) - at : body.length - at;
        if (length && !read_form_field(arena, (struct slice){ body.bytes + at, length }, form, problem))
            return false;
        at += length + 1;
    }
    *ret_json = slice_of(json_text(arena, form));
    return true;
}
