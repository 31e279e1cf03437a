#ifndef ANZE_OP_REPLY_H
#define ANZE_OP_REPLY_H

#include "anze/base/slice.h"
#include "anze/base/source.h"

/* What goes back. Bytes belong to the call's arena (or to what hangs on it). */
struct reply {
    int status;                /* 0: the operation's success status */
    const char *media;         /* NULL: the operation's */
    struct slice parts[5];     /* the body, in pieces */
    size_t n_parts;
    struct body_source source; /* the body instead, when it is sent in pieces */
    const char *file_name;     /* it is to be kept under this name: Content-Disposition; or NULL */
    const char *etag;          /* without quotes, or NULL */
    const char *last_modified; /* RFC 3339 instant of the database, or NULL */
    const char *location;      /* path, made absolute by the reply; or NULL */
    const char *next;          /* cursor of the next page, or NULL */
    const char *cache_control;
    bool replayed;
};

void reply_add(struct reply *reply, struct slice part);

#endif
