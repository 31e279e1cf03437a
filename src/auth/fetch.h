#ifndef ANZE_AUTH_FETCH_H
#define ANZE_AUTH_FETCH_H

#include "anze/base/arena.h"
#include "anze/base/slice.h"

#include <stdbool.h>

/* The door to libcurl, the one that ulfius brings along anyway: one document, by GET.
 *
 * https only, with the machine's certificate authorities or those given; plain http where the URL names a loopback
 * address by number. No user in the URL, no redirect, nothing but 200; at most 256 KiB, within the time given. */
bool fetch_allows(const char *url) NODISCARD;

struct fetch {
    const char *url;
    const char *ca_file; /* certificate authorities; NULL: the machine's */
    long within_ms;      /* the whole of it */
    bool (*gives_up)(void *context); /* asked about once a second */
    void *context;
};

/* False: `ret_why` says it, for the log. */
bool fetch_document(struct arena *arena, const struct fetch *fetch, struct slice *ret_document,
                    const char **ret_why) NODISCARD;

#endif
