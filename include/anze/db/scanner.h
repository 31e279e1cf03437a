#ifndef ANZE_DB_SCANNER_H
#define ANZE_DB_SCANNER_H

#include "anze/base/slice.h"

/* Cuts SQL where a template must know what it looks at, as PostgreSQL's own scanner does. Strings, quoted names and
 * comments are one token each, so nothing inside them is mistaken for a parameter. */
enum sql_token_kind {
    SQL_END,
    SQL_TEXT,         /* anything else: words, numbers, operators, blanks */
    SQL_NEWLINE,
    SQL_QUOTED,       /* '…', E'…', "…", $tag$…$tag$ */
    SQL_LINE_COMMENT, /* without its newline */
    SQL_BLOCK_COMMENT,
    SQL_PARAMETER,    /* :name */
    SQL_POSITION,     /* $1 */
    SQL_SEMICOLON,
    SQL_UNENDED       /* a string or comment that never ends */
};

struct sql_scanner {
    const char *at, *end;
};

struct sql_token {
    enum sql_token_kind kind;
    struct slice text;
};

struct sql_token sql_next(struct sql_scanner *scanner);

#endif
