#ifndef ANZE_BASE_ADDRESS_H
#define ANZE_BASE_ADDRESS_H

#include "anze/base/attributes.h"
#include "anze/base/slice.h"

#include <sys/socket.h>

/* An IP address; one of version 4 as ::ffff:a.b.c.d (RFC 4291), all nought when it is not known. */
struct address {
    unsigned char bytes[16];
};

bool address_is_known(const struct address *address);
bool address_is_v4(const struct address *address);

struct address address_of_socket(const struct sockaddr *socket); /* of another family, or NULL: not known */

/* 192.0.2.1, 2001:db8::1, also with a port behind it as in 192.0.2.1:80 or [2001:db8::1]:80. Not known: it is none. */
struct address address_read(struct slice text);

/* An address or a network as in 10.0.0.0/8. */
struct network {
    struct address address;
    unsigned bits; /* of its sixteen bytes, how many count */
};

bool network_read(struct slice text, struct network *ret_network) NODISCARD;
bool network_holds(const struct network *network, const struct address *address);

#endif
