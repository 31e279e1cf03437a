#ifndef ANZE_HTTP_GATE_H
#define ANZE_HTTP_GATE_H

#include "anze/base/problem.h"
#include "anze/http/message.h"

/* Refuses messages that proxies and servers may read differently (request smuggling) or that hide things: Host
 * missing or twice, Content-Length twice, with Transfer-Encoding, or not a number, odd Transfer-Encoding, control
 * characters in values, names that are no tokens, repeated security headers, unknown versions. libmicrohttpd lets
 * most of these pass. A refusal here always closes the connection. */
bool gate_check(struct arena *arena, const struct message *message, struct problem *problem) NODISCARD;

#endif
