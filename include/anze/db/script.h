#ifndef ANZE_DB_SCRIPT_H
#define ANZE_DB_SCRIPT_H

#include "anze/base/arena.h"
#include "anze/base/slice.h"
#include <stdbool.h>
#include <stddef.h>

/* A file of SQL, cut where psql would cut it: at semicolons that stand in no string, comment, dollar quote and body of
 * a routine (`begin atomic … end`). A statement has neither its semicolon nor the comments before it. */
struct script {
    struct slice *statements;
    size_t n_statements;
    bool is_whole; /* every string and comment ends */
};
struct script script_cut(struct arena *arena, struct slice sql);

/* The first words of a statement: what stands between blanks, comments and parentheses, names with their schema in one
 * piece, a parenthesis or comma as a word of its own. Returns how many there are, `max` at most. */
size_t script_words(struct slice statement, struct slice *ret_words, size_t max);
bool script_word_is(struct slice word, const char *lower); /* in any case of letters */

/* The comment lines `-- anze: …` of a file, in order: what follows the colon. Those behind the first statement have
 * no place and set ret_misplaced. */
size_t script_header(struct slice sql, struct slice *ret_lines, size_t max, bool *ret_misplaced);

#endif
