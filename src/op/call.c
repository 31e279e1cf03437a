#include "anze/op/call.h"

const char *call_parameter(const struct call *call, enum place place, const char *name)
{
    int position = operation_parameter(call->operation, place, name);
    return position < 0 ? NULL : call->parameters[position];
}

const struct op_binding *call_binding(const struct call *call)
{
    return &call->service->bindings[call->operation->index];
}
