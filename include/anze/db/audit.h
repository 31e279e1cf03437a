#ifndef ANZE_DB_AUDIT_H
#define ANZE_DB_AUDIT_H

#include "anze/base/arena.h"
#include "anze/base/crypto.h"
#include "anze/base/problem.h"
#include <stdbool.h>
#include <stdint.h>

/* The audit chain: triggers write audit.entry with each change; the sealer (work/sealer.h) seals committed entries in
 * batches; verify checks. The form of the chain stands in the migrations of schema audit. */

/* The end of the chain: "seq:digest in hex". seq 0 and zeros: nothing is sealed. */
struct audit_head {
    int64_t seq;
    uint8_t digest[CRYPTO_DIGEST_BYTES];
};
bool audit_head_read(struct arena *arena, const char *url, struct audit_head *ret_head,
                     struct problem *problem) NODISCARD;
const char *audit_head_text(struct arena *arena, const struct audit_head *head);
bool audit_head_parse(const char *text, struct audit_head *ret_head) NODISCARD;

/* The URL as keywords, with the key of masked texts as a setting of each session (`anze.audit_key`), which the triggers
 * digest them with. Without a key, or where libpq does not understand the URL: the URL as it is. */
const char *audit_keyed_url(struct arena *arena, const char *url, const char *key);

enum audit_fault {
    AUDIT_ALTERED,       /* entry, link or seal is not what was sealed */
    AUDIT_MISSING_ENTRY, /* sealed, but gone */
    AUDIT_MISSING_LINK,  /* a gap in the numbers of the chain, seq … to_seq */
    AUDIT_REORDERED,     /* a link or seal that is not in its place */
    AUDIT_INSERTED,      /* an entry that is not sealed though later ones are: forged, or its seal was deleted */
    AUDIT_COPIED,        /* an entry with the id of a sealed one, of another time or transaction */
    AUDIT_FOREIGN_ID,    /* an entry whose id the sequence has not given */
    AUDIT_UNSEALED,      /* could have been sealed for more than a minute, and was not */
    AUDIT_OTHER_HEAD,    /* a head that was noted is not in the chain: its end was cut off, it was rewritten, or the
                            database was restored from an older backup */
    AUDIT_ALTERED_TEXT,  /* a masked text of a table is not what the audit has a digest of */
    AUDIT_WRONG_FILE,    /* an exported month is not what was sealed */
    AUDIT_FAULTS
};
const char *audit_fault_name(enum audit_fault fault); /* "altered", "missing-entry", … */

struct audit_finding {
    enum audit_fault fault;
    int64_t seq, to_seq; /* 0: not about the chain */
    int64_t entry;       /* 0: not about an entry */
    const char *object;  /* "table/key column" of an altered text; NULL: not about one */
    const char *detail;
};

struct audit_check {
    const char *url;                   /* the owner's: the service may not read the audit */
    int64_t from;                      /* first link or seal to check; 1: all */
    const struct audit_head *expected; /* NULL: none */
    const char *anchor_file;           /* whose heads must be in the chain; "": none */
    const char *key;                   /* of masked texts; "": they are not looked at */
    void (*found)(void *context, const struct audit_finding *finding);
    void (*progress)(void *context, int64_t checked, int64_t seq, int64_t last_seq); /* about once a second */
    void *context;
};

struct audit_result {
    int64_t checked;  /* entries */
    int64_t findings;
    int64_t waiting;  /* entries that are not sealed yet and need not be */
    int64_t exported; /* entries of months that were detached: in their files, not looked at here */
    int64_t anchors;  /* heads that were compared */
    int64_t texts;    /* masked texts that were compared */
    struct audit_head head;
};

/* Recomputes every digest in one snapshot, in bounded memory. False: it could not be done; what is wrong with the
 * chain is told by `found` alone. */
bool audit_verify(struct arena *arena, const struct audit_check *check, struct audit_result *ret_result,
                  struct problem *problem) NODISCARD;

/* A month (as audit_month_is takes it) into a new file, with the links and seals that hold its entries. */
struct audit_export_result {
    int64_t steps, entries, missing; /* links and seals; entries of the month; those that are sealed but gone */
    const char *digest;              /* SM3 of the file but for its last line */
};
bool audit_month_is(const char *text) NODISCARD; /* "YYYY-MM" */
bool audit_export(struct arena *arena, const char *url, const char *month, const char *path,
                  struct audit_export_result *ret_result, struct problem *problem) NODISCARD;

/* Such a file proved by itself, and against the chain of the database: AUDIT_WRONG_FILE names what is wrong. Of `check`
 * url and found matter. */
struct audit_file_result {
    const char *month, *digest;
    int64_t entries, findings;
};
bool audit_verify_file(struct arena *arena, const struct audit_check *check, const char *path,
                       struct audit_file_result *ret_result, struct problem *problem) NODISCARD;

#endif
