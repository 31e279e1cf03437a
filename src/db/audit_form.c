#include "audit_form.h"

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
    return arena_printf(arena, "%lld:%s", (long long)head->seq, crypto_hex(arena, head->digest, sizeof head->digest));
}

static int hex_value(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c ? strchr(digits, c | 0x20) : NULL;
    return at ? (int)(at - digits) : -1;
}

bool audit_head_parse(const char *text, struct audit_head *ret_head)
{
    const char *colon = strchr(text, ':');
    size_t n_digits = colon ? (size_t)(colon - text) : 0;
    if (n_digits < 1 || n_digits > 18 || strspn(text, "0123456789") != n_digits
        || strlen(colon + 1) != 2 * CRYPTO_DIGEST_BYTES)
        return false;
    ret_head->seq = strtoll(text, NULL, 10);
    for (size_t i = 0; i < CRYPTO_DIGEST_BYTES; i++) {
        int high = hex_value(colon[1 + 2 * i]), low = hex_value(colon[2 + 2 * i]);
        if (high < 0 || low < 0)
            return false;
        ret_head->digest[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

void audit_add_number(struct text *out, uint64_t value, size_t width)
{
    for (size_t i = 0; i < width; i++)
        text_add_char(out, (char)(uint8_t)(value >> 8 * (width - 1 - i)));
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
    for (int i = 0; i < 8; i++)
        seq[i] = (uint8_t)((uint64_t)step->seq >> (56 - 8 * i));
    struct slice parts[] = { previous, { (const char *)seq, sizeof seq }, text_slice(&step->body) };
    crypto_digest(kind, parts, ARRAY_LENGTH(parts), digest);
    return memcmp(digest, step->digest.bytes, sizeof digest) == 0;
}
