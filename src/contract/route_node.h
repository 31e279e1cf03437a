#ifndef ANZE_CONTRACT_ROUTE_NODE_H
#define ANZE_CONTRACT_ROUTE_NODE_H

#include "anze/contract/route.h"

/* One path segment. Built by contract.c while loading, walked by route.c. */
struct route {
    struct slice segment;      /* of a literal; the root and parameters have none */
    struct route **literals;   /* sorted by length, then bytes */
    size_t n_literals;
    struct route *parameter;
    const struct operation *operations[METHOD_COUNT];
};

/* Adds the operation at its path. False with a sentence in ret_why: a template that no route can hold, or a method
 * that the path has already. */
bool route_add(struct arena *arena, struct route *root, const struct operation *operation, const char **ret_why);

/* The next segment of a template, {name} without its braces. False at the end. */
struct template_step {
    struct slice text;
    bool is_parameter;
};
bool template_next(const char **at, struct template_step *ret_step);

#endif
