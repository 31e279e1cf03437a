#ifndef ANZE_BASE_LITERAL_H
#define ANZE_BASE_LITERAL_H

#include "anze/base/text.h"

/* An array as PostgreSQL reads it, element by element, on a text that is empty at first. */
void literal_add(struct text *array, struct slice element); /* quoted, whatever it is */
/* As it stands: names and numbers, which need no quotes. */
void literal_add_word(struct text *array, const char *format, ...) FORMAT(2, 3);
const char *literal_end(struct text *array) NODISCARD; /* {} without elements */

#endif
