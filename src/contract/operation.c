#include "anze/contract/operation.h"

#include <string.h>
#include <strings.h>

int operation_parameter(const struct operation *operation, enum place place, const char *name)
{
    for (size_t i = 0; i < operation->n_parameters; i++) {
        const struct parameter *parameter = &operation->parameters[i];
        if (parameter->place != place)
            continue;
        if ((place == PLACE_HEADER ? strcasecmp(parameter->name, name) : strcmp(parameter->name, name)) == 0)
            return (int)i;
    }
    return -1;
}

static const char *const names[METHOD_COUNT] = {
    [METHOD_GET] = "GET",     [METHOD_HEAD] = "HEAD",     [METHOD_POST] = "POST",       [METHOD_PUT] = "PUT",
    [METHOD_PATCH] = "PATCH", [METHOD_DELETE] = "DELETE", [METHOD_OPTIONS] = "OPTIONS",
};

const char *method_name(enum method method)
{
    return names[method];
}

bool method_from_name(const char *name, enum method *ret_method)
{
    for (enum method method = 0; method < METHOD_COUNT; method++)
        if (strcmp(names[method], name) == 0) {
            *ret_method = method;
            return true;
        }
    return false;
}
