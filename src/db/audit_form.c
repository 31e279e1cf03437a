#include "audit_form.h"
#include "anze/base/bytes.h"

#include <stdlib.h>
#include <string.h>

static const char *const fault_names[AUDIT_FAULTS] = {
    [AUDIT_ALTERED] = "altered",     [AUDIT_MISSING_ENTRY] = "missing-entry", [AUDIT_MISSING_LINK] = "missing-link",
    [AUDIT_REORDERED] = "reordered", [AUDIT_INSERTED] = "inserted",           [AUDIT_COPIED] = "copied",
    [AUDIT_FOREIGN_ID] = "foreign-id", [AUDIT_UNSEALED] = "unsealed",         [AUDIT_OTHER_HEAD] = "other-head",
    [AUDIT_ALTERED_TEXT] = "altered-text", [AUDIT_WRONG_FILE] = "wrong-file",
};

const char *audit_fault_name(enum audit_fault fault)
{
    return fault_names[fault];
}

const char *audit_head_text(struct arena *arena, const struct audit_head *head)
{
    return arena_printf(arena, "%lld:%s", (long long)head->seq, bytes_hex(arena, head->digest, sizeof head->digest));
}

bool audit_head_parse(const char *text, struct audit_head *ret_head)
{
    const char *colon = strchr(text, ':');
    size_t n_digits = colon ? (size_t)(colon - text) : 0;
    if (n_digits < 1 || n_digits > 18 || strspn(text, "0123456789") != n_digits
        || !bytes_of_hex(ret_head->digest, CRYPTO_DIGEST_BYTES, slice_of(colon + 1)))
        return false;
    ret_head->seq = strtoll(text, NULL, 10);
    return true;
}

void audit_add_number(struct text *out, uint64_t value, size_t width)
{
    uint8_t bytes[sizeof value];
    bytes_of_number(bytes, value, width);
    text_add(out, (const char *)bytes, width);
}

void audit_add_canonical(struct text *out, const struct audit_fields *fields)
{
    for (size_t i = 0; i < AUDIT_FIELDS; i++) {
        struct slice value = fields->values[i];
        audit_add_number(out, value.bytes ? value.length : UINT32_MAX, 4);
        if (value.bytes)
            text_add(out, value.bytes, value.length);
    }
}

bool audit_leaf(const char *kind_name, struct arena *arena, const struct audit_fields *fields,
                uint8_t out[CRYPTO_DIGEST_BYTES])
{
    enum digest_kind kind;
    struct text canonical = text_on(arena);
    if (!digest_kind_from_name(kind_name, &kind))
        return false;
    audit_add_canonical(&canonical, fields);
    struct slice part = text_slice(&canonical);
    crypto_digest(kind, &part, 1, out);
    return true;
}

bool audit_step_holds(const struct audit_step *step, struct slice previous)
{
    enum digest_kind kind;
    uint8_t digest[CRYPTO_DIGEST_BYTES], seq[8];
    if (previous.length != CRYPTO_DIGEST_BYTES || step->digest.length != CRYPTO_DIGEST_BYTES
        || !digest_kind_from_name(step->kind, &kind))
        return false;
    bytes_of_number(seq, (uint64_t)step->seq, sizeof seq);
    struct slice parts[] = { previous, { (const char *)seq, sizeof seq }, text_slice(&step->body) };
    crypto_digest(kind, parts, ARRAY_LENGTH(parts), digest);
    return memcmp(digest, step->digest.bytes, sizeof digest) == 0;
}
