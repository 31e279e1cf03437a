#ifndef ANZE_BASE_PROBLEM_H
#define ANZE_BASE_PROBLEM_H

#include "anze/base/arena.h"
#include "anze/base/slice.h"
#include <stdbool.h>

/* The one way to fail: a function returns false after it has written the problem, once, where the cause is known.
 *
 *     return problem_raise(arena, problem, PROBLEM_INVALID_CURSOR, "游标已过期", "The cursor is too old");
 *
 * Every sentence is given in Chinese and English; the reply picks by Accept-Language. Sentences never repeat what
 * the client sent, and never contain SQL, file names or library texts: `cause` is for the log alone.
 * A problem may carry faults, one per broken rule, so that a client learns all of them at once. */
enum problem_code {
    PROBLEM_NONE,
#define PROBLEM(name, code, status, zh, en) PROBLEM_##name,
#include "anze/base/problem.def"
#undef PROBLEM
    PROBLEM_COUNT
};

struct problem_kind {
    const char *code; /* "validation-failed" */
    int status;
    const char *title_zh;
    const char *title_en;
};

enum language { LANGUAGE_ZH, LANGUAGE_EN };

enum { PROBLEM_MAX_FAULTS = 100 };

/* One broken rule. `in` is body, query, path or header; `pointer` is a JSON Pointer into the body, or the name of
 * the parameter; `rule` is the contract keyword or the business rule ("required", "enum", "unknown-reference"). */
struct fault {
    const char *in;
    const char *pointer;
    const char *rule;
    const char *zh;
    const char *en;
    struct fault *next;
};

struct problem {
    enum problem_code code; /* PROBLEM_NONE: nothing is wrong */
    const char *zh;
    const char *en;
    struct fault *first, *last;
    size_t n_faults;      /* counts also those beyond PROBLEM_MAX_FAULTS, which are not kept */
    bool closes;          /* the connection ends: what follows on it cannot be trusted, or is not read */
    int retry_after_s;    /* 0: no Retry-After */
    const char *etag;     /* 412: the current one, if known */
    const char *extra;    /* JSON members to add, without braces: "\"allowed\":[\"acknowledge\"]"; or NULL */
    const char *cause;    /* for the log only */
};

const struct problem_kind *problem_kind(enum problem_code code) RETURNS_NONNULL;

/* Always false. Both formats take the same arguments. All strings end up on `arena`. */
bool problem_raise(struct arena *arena, struct problem *problem, enum problem_code code, const char *zh,
                   const char *en, ...) FORMAT(4, 6) FORMAT(5, 6);

/* Add one fault. `code` becomes the problem's code unless a graver one is set already (400 wins over 422). */
void problem_fault(struct arena *arena, struct problem *problem, enum problem_code code, const char *in,
                   const char *pointer, const char *rule, const char *zh, const char *en, ...) FORMAT(7, 9)
    FORMAT(8, 9);

/* Formats for sentences that come from a table: give both strings as the arguments, each format prints its own.
 *     problem_fault(arena, problem, code, in, pointer, rule, SENTENCE_ZH, SENTENCE_EN, row->zh, row->en); */
#define SENTENCE_ZH "%1$s%2$.0s"
#define SENTENCE_EN "%1$.0s%2$s"

/* The RFC 9457 document. `trace_id` may be NULL. */
struct slice problem_render(struct arena *arena, const struct problem *problem, enum language language,
                            const char *instance, const char *trace_id);

/* The same as OAuth tells it (RFC 6749 5.2): `error` and a description in English, of the characters that it allows. */
struct slice problem_render_oauth(struct arena *arena, const struct problem *problem, const char *error);

#endif
