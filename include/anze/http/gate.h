#ifndef ANZE_HTTP_GATE_H
#define ANZE_HTTP_GATE_H

#include "anze/base/problem.h"
#include "anze/http/message.h"

/* Refuses messages that proxies and servers may read differently (request smuggling) or that hide things: Host
 * missing or twice, Content-Length twice, with Transfer-Encoding, or not a number, odd Transfer-Encoding, NULs and
 * control characters in target or values, folded lines, names that are no tokens, repeated security headers, unknown
 * versions, heads that are too large. libmicrohttpd lets most of these pass. A refusal here always closes the
 * connection (problem.closes). */
bool gate_check(struct arena *arena, const struct message *message, struct problem *problem) NODISCARD;

#endif
