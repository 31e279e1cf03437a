#include "anze/base/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

static const unsigned char v4_prefix[12] = { [10] = 0xff, [11] = 0xff };

static struct address of_v4(const struct in_addr *v4)
{
    struct address address;
    memcpy(address.bytes, v4_prefix, sizeof v4_prefix);
    memcpy(address.bytes + sizeof v4_prefix, v4, sizeof *v4);
    return address;
}

static struct address of_v6(const struct in6_addr *v6)
{
    struct address address;
    memcpy(address.bytes, v6, sizeof address.bytes);
    return address;
}

bool address_is_known(const struct address *address)
{
    static const struct address unknown = { { 0 } };
    return memcmp(address, &unknown, sizeof unknown) != 0;
}

bool address_is_v4(const struct address *address)
{
    return memcmp(address->bytes, v4_prefix, sizeof v4_prefix) == 0;
}

struct address address_of_socket(const struct sockaddr *socket)
{
    if (socket && socket->sa_family == AF_INET)
        return of_v4(&((const struct sockaddr_in *)(const void *)socket)->sin_addr);
    if (socket && socket->sa_family == AF_INET6)
        return of_v6(&((const struct sockaddr_in6 *)(const void *)socket)->sin6_addr);
    return (struct address){ { 0 } };
}

/* Without port and brackets. */
static struct slice host_part(struct slice text)
{
    const char *colon = memchr(text.bytes, ':', text.length), *end = text.bytes + text.length;
    if (text.bytes[0] == '[') {
        const char *close = memchr(text.bytes, ']', text.length);
        return close ? (struct slice){ text.bytes + 1, (size_t)(close - text.bytes - 1) } : text;
    }
    if (colon && !memchr(colon + 1, ':', (size_t)(end - colon - 1)))
        text.length = (size_t)(colon - text.bytes);
    return text;
}

struct address address_read(struct slice text)
{
    char name[INET6_ADDRSTRLEN] = "";
    struct in_addr v4;
    struct in6_addr v6;
    struct slice host = text.length ? host_part(text) : SLICE_NONE;
    if (host.length && host.length < sizeof name)
        memcpy(name, host.bytes, host.length);
    return inet_pton(AF_INET, name, &v4) == 1    ? of_v4(&v4)
           : inet_pton(AF_INET6, name, &v6) == 1 ? of_v6(&v6)
                                                 : (struct address){ { 0 } };
}

static bool bits_read(struct slice text, unsigned most, unsigned *ret_bits)
{
    unsigned bits = 0;
    for (size_t i = 0; i < text.length; i++) {
        if (text.bytes[i] < '0' || text.bytes[i] > '9')
            return false;
        bits = bits * 10 + (unsigned)(text.bytes[i] - '0');
    }
    *ret_bits = bits;
    return text.length >= 1 && text.length <= 3 && bits <= most;
}

bool network_read(struct slice text, struct network *ret_network)
{
    const char *slash = text.length ? memchr(text.bytes, '/', text.length) : NULL;
    struct slice host = { text.bytes, slash ? (size_t)(slash - text.bytes) : text.length };
    struct address address = address_read(host);
    unsigned before = address_is_v4(&address) ? 96 : 0, bits = 128 - before;
    if (!address_is_known(&address) ||
        (slash && !bits_read((struct slice){ slash + 1, text.length - host.length - 1 }, bits, &bits)))
        return false;
    *ret_network = (struct network){ address, before + bits };
    return true;
}

bool network_holds(const struct network *network, const struct address *address)
{
    unsigned whole = network->bits / 8, rest = network->bits % 8;
    if (memcmp(network->address.bytes, address->bytes, whole) != 0)
        return false;
    return !rest || (network->address.bytes[whole] ^ address->bytes[whole]) >> (8 - rest) == 0;
}
