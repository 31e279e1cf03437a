#ifndef ANZE_TESTS_FUZZ_READER_H
#define ANZE_TESTS_FUZZ_READER_H

#include "anze/base/arena.h"
#include "anze/base/slice.h"

#include <stdbool.h>

/* A second reader of HTTP/1.1, as plain as can be and none of the program's code: which requests stand in the bytes of
 * a connection. It takes what RFC 9112 lets nobody misread, and the few liberties that are promised to be taken (lines
 * that end with a line feed alone, if all of a head do; empty lines before a request; extensions of chunks). At all else
 * it stops: whoever reads on there may read another request than the sender meant. */
enum { READER_MOST = 2048 };

struct reading {
    struct {
        struct slice method, target;
        size_t head_bytes;
    } requests[READER_MOST];
    size_t n;       /* whole ones */
    bool is_closed; /* the last of them asks for the end of the connection */
    bool is_stuck;  /* something follows that is no whole request, or none that is to be trusted */
    bool is_doubtful; /* and libmicrohttpd reads on there */
};

struct reading *reader_read(struct arena *arena, struct slice bytes) NODISCARD RETURNS_NONNULL;

#endif
