#ifndef ANZE_CONTRACT_FORM_H
#define ANZE_CONTRACT_FORM_H

#include "anze/base/problem.h"
#include "anze/base/slice.h"
#include <stdbool.h>

/* A body of application/x-www-form-urlencoded as the text of a JSON object of strings, which goes on as any other.
 * What is not encoded rightly, and a name that comes twice (RFC 6749, 3.2), is refused (400): nobody guesses which was
 * meant. */
bool form_to_json(struct arena *arena, struct slice body, struct slice *ret_json, struct problem *problem) NODISCARD;

#endif
