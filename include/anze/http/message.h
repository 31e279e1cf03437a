#ifndef ANZE_HTTP_MESSAGE_H
#define ANZE_HTTP_MESSAGE_H

#include "anze/base/address.h"
#include "anze/base/arena.h"
#include "anze/base/slice.h"
#include "anze/base/source.h"
#include "anze/contract/operation.h"

/* An HTTP message as it came, nothing interpreted: every header occurrence by itself, the raw target. Bytes belong to
 * the connection and live until the answer is queued. */
struct header {
    struct slice name;
    struct slice value;
};

struct message {
    enum listener listener;
    struct address peer;  /* who connected: a client or a proxy */
    struct slice method;
    struct slice target;  /* as sent, with the query */
    struct slice version; /* HTTP/1.1 */
    const struct header *headers;
    size_t n_headers;
    struct slice body;    /* bytes NULL when there was none */
    bool body_cut;        /* longer than the limit: what is here is only its beginning */
    bool target_cut;      /* longer than MESSAGE_MAX_TARGET */
    bool headers_cut;     /* more fields than the edge takes, or a head that leaves no room for its answer */
    bool head_hides;      /* a NUL, a folded line or a second blank: what is here is not all that was sent */
};

enum { MESSAGE_MAX_TARGET = 4096 };

/* What a field is to us, by one table; the gate refuses a single one that comes twice. */
enum header_form { HEADER_UNREAD, HEADER_SINGLE, HEADER_LIST };
enum header_form message_form(struct slice name);

/* By name, without case; bytes NULL when there is none. A single field's value; a list's lines as one; either, for the
 * names that the contract gives. Asking for the wrong form is a fault of the program. */
struct slice message_header(const struct message *message, const char *name);
struct slice message_list(const struct message *message, struct arena *arena, const char *name);
struct slice message_field(const struct message *message, struct arena *arena, const char *name);
size_t message_header_count(const struct message *message, const char *name);

/* What goes out. Everything lives on the arena, which the edge frees when the last byte is sent. */
enum { ANSWER_MAX_HEADERS = 32, ANSWER_MAX_PARTS = 5 };

struct answer {
    struct arena *arena;
    int status;
    struct {
        const char *name;
        const char *value;
    } headers[ANSWER_MAX_HEADERS];
    size_t n_headers;
    struct slice parts[ANSWER_MAX_PARTS];
    size_t n_parts;
    struct body_source source; /* instead of parts: its `length` bytes from `source_from` on are the body */
    uint64_t source_from;
    bool close; /* the connection ends after this */
};

/* Who waits for an answer. `is_answered` false: nothing came of it yet, the work is to be done where it may wait. */
struct answer_wait {
    void (*done)(void *context, bool is_answered);
    void *context;
};

void answer_header(struct answer *answer, const char *name, const char *value);
size_t answer_length(const struct answer *answer);

#endif
