#include "anze/http/client.h"
#include "anze/base/bytes.h"

#include <stdlib.h>

struct clients {
    bool is_said; /* how they come */
    struct network *proxies;
    size_t n_proxies;
};

struct clients *clients_read(struct arena *arena, const char *proxies, struct text *complaints)
{
    struct clients *clients = arena_new_of(arena, struct clients);
    char *rest = arena_strdup(arena, proxies);
    *clients = (struct clients){ .is_said = *proxies,
                                 .proxies = arena_array_of(arena, struct network, strlen(proxies) / 2 + 1) };
    if (strcmp(proxies, "none") == 0)
        return clients;
    for (char *word; (word = strsep(&rest, " \t"));) {
        if (*word && !network_read(slice_of(word), &clients->proxies[clients->n_proxies++]))
            text_printf(complaints, "ANZE_TRUSTED_PROXIES: %s is no address or network, nor none\n", word);
    }
    return clients;
}

static bool is_proxy(const struct clients *clients, const struct address *address)
{
    for (size_t i = 0; i < clients->n_proxies; i++)
        if (network_holds(&clients->proxies[i], address))
            return true;
    return false;
}

/* Takes the last one off. */
static struct address last_hop(struct slice *hops)
{
    const char *comma = hops->length ? memrchr(hops->bytes, ',', hops->length) : NULL;
    const char *at = comma ? comma + 1 : hops->bytes, *end = hops->bytes + hops->length;
    hops->length = comma ? (size_t)(comma - hops->bytes) : 0;
    while (at < end && (*at == ' ' || *at == '\t'))
        at++;
    while (at < end && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    return address_read((struct slice){ at, (size_t)(end - at) });
}

static const char *share_of(struct arena *arena, const struct address *address)
{
    return bytes_hex(arena, address->bytes, address_is_v4(address) ? sizeof address->bytes : sizeof address->bytes / 2);
}

const char *clients_share(const struct clients *clients, struct arena *arena, const struct message *message)
{
    struct slice hops = message_list(message, arena, "X-Forwarded-For");
    struct address address = message->peer;
    while (address_is_known(&address) && is_proxy(clients, &address))
        address = last_hop(&hops);
    if (!address_is_known(&address))
        return NULL;
    if (clients->is_said || !hops.length)
        return share_of(arena, &address);
    struct address hop = last_hop(&hops);
    return arena_printf(arena, "%s %s", share_of(arena, &address), share_of(arena, &hop));
}
