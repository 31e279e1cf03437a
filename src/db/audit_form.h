#ifndef DB_AUDIT_FORM_H
#define DB_AUDIT_FORM_H

#include "anze/base/text.h"
#include "anze/db/audit.h"

/* The form of chain and entries as verification computes it. But for base/ it shares neither SQL nor code with the
 * sealer, so that a fault in the one is seen by the other. */

enum { AUDIT_FIELDS = 13 }; /* an entry's columns from id to change */

/* One link or seal. `body` is what it digests behind its previous digest and its number. */
struct audit_step {
    int64_t seq;
    const char *kind; /* name of its digest */
    struct slice previous, digest;
    struct text body;
};

struct audit_fields {
    struct slice values[AUDIT_FIELDS]; /* NULL bytes: NULL */
};

void audit_add_number(struct text *out, uint64_t value, size_t width); /* big-endian */
void audit_add_canonical(struct text *out, const struct audit_fields *fields);
/* False: it names a digest that does not exist. */
bool audit_leaf(const char *kind, struct arena *arena, const struct audit_fields *fields,
                uint8_t out[CRYPTO_DIGEST_BYTES]) NODISCARD;
/* Whether the step's digest is that of its body after `previous`. */
bool audit_step_holds(const struct audit_step *step, struct slice previous) NODISCARD;

#endif
