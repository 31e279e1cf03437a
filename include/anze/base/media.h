#ifndef ANZE_BASE_MEDIA_H
#define ANZE_BASE_MEDIA_H

#include "anze/base/arena.h"
#include "anze/base/slice.h"

/* What content is, by its bytes: the door to libmagic. */
enum { MEDIA_HEAD_BYTES = 1024 * 1024 }; /* what libmagic looks at; give at least so much of longer content */

/* A media type in lower case, such as image/jpeg. An OOXML package whose members do not say which document it is, is
 * application/vnd.openxmlformats-officedocument; what nobody knows is application/octet-stream. NULL: libmagic does
 * not work here (its database is missing or broken). Any thread. */
const char *media_type_of(struct arena *arena, struct slice head) NODISCARD;

#endif
