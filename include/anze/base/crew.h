#ifndef ANZE_BASE_CREW_H
#define ANZE_BASE_CREW_H

#include "anze/base/attributes.h"

#include <stddef.h>

/* Threads for what may wait: as many as there is work, up to a limit; who has had none for ten seconds ends. What is
 * over the limit waits its turn. */
struct crew;

/* It belongs to whoever gives it and stays until it has run. */
struct crew_job {
    void (*run)(void *context);
    void *context;
    struct crew_job *next;
};

struct crew *crew_new(size_t most) NODISCARD RETURNS_NONNULL;
void crew_do(struct crew *crew, struct crew_job *job); /* any thread; also a job of the crew itself */
void crew_free(struct crew *crew);                     /* waits until all is done */

#endif
