#ifndef ANZE_HTTP_CLIENT_H
#define ANZE_HTTP_CLIENT_H

#include "anze/base/text.h"
#include "anze/http/message.h"

/* From where a request comes, for the shares of those whom no token names. ANZE_TRUSTED_PROXIES is
 *
 *     addresses and networks   of our own proxies: each names, last in X-Forwarded-For, who came to it. The first on
 *                              the way back who is none of them is the client; nobody else is believed
 *     none                     clients come to us directly
 *     empty                    nothing is known: whoever connects, with the last that X-Forwarded-For names. So
 *                              strangers behind one proxy do not use up each other's share, and who comes directly can
 *                              at most give himself more shares than one
 *
 * X-Forwarded-For alone, since a proxy that writes one field lets others through as the client sent them. */
struct clients;

struct clients *clients_read(struct arena *arena, const char *proxies, struct text *complaints) NODISCARD;

/* The name of his share: an address of version 4, a /64 of version 6, since that is what one subscriber has. NULL when
 * the address is not known, as of what a proxy itself sends. */
const char *clients_share(const struct clients *clients, struct arena *arena, const struct message *message) NODISCARD;

#endif
