#include "anze/op/cursor.h"
#include "anze/base/bytes.h"
#include "anze/base/json.h"
#include "anze/base/text.h"

enum { VERSION = 1, MAC_BYTES = 16, ISSUED_AT = 1, MAC_AT = ISSUED_AT + 8, PARTS_AT = MAC_AT + MAC_BYTES };

static const char label[] = "anze cursor"; /* the key may sign other things: what is signed says what it is */

static void compute_mac(struct arena *arena, struct slice key, const uint8_t *binding, const char *head,
                        struct slice parts, uint8_t mac[CRYPTO_DIGEST_BYTES])
{
    struct text text = text_on(arena);
    text_add(&text, label, sizeof label);
    text_add(&text, (const char *)binding, CRYPTO_DIGEST_BYTES);
    text_add(&text, head, MAC_AT);
    text_add(&text, parts.bytes, parts.length);
    crypto_hmac_sha256(key, text_slice(&text), mac);
}

const char *cursor_seal(struct arena *arena, struct slice key, const uint8_t binding[CRYPTO_DIGEST_BYTES],
                        struct slice parts, int64_t issued_at_s)
{
    char head[PARTS_AT] = { VERSION };
    bytes_of_number((uint8_t *)head + ISSUED_AT, (uint64_t)issued_at_s, MAC_AT - ISSUED_AT);
    uint8_t mac[CRYPTO_DIGEST_BYTES];
    compute_mac(arena, key, binding, head, parts, mac);
    memcpy(head + MAC_AT, mac, MAC_BYTES);
    struct text text = text_on(arena);
    text_add(&text, head, sizeof head);
    text_add(&text, parts.bytes, parts.length);
    return crypto_base64url(arena, text.bytes, text.length);
}

static bool refuse_cursor(struct arena *arena, struct problem *problem, const char *cause)
{
    problem->cause = cause;
    return problem_raise(arena, problem, PROBLEM_INVALID_CURSOR, "游标无效，请从第一页重新开始",
                         "The cursor is not valid here: begin again with the first page");
}

static bool parts_read(struct arena *arena, struct slice text, const char *ret_parts[CURSOR_MAX_PARTS])
{
    json_t *values;
    struct problem ignored = { 0 };
    if (!json_read(arena, text, &values, &ignored) || !json_is_array(values))
        return false;
    size_t n = json_array_size(values);
    if (n < 1 || n > CURSOR_MAX_PARTS)
        return false;
    for (size_t i = 0; i < CURSOR_MAX_PARTS; i++) {
        const json_t *value = json_array_get(values, i);
        if (i < n && !json_is_string(value))
            return false;
        ret_parts[i] = json_string_value(value); /* NULL beyond the end */
    }
    return true;
}

bool cursor_open(struct arena *arena, struct slice key, const uint8_t binding[CRYPTO_DIGEST_BYTES],
                 struct slice cursor, int64_t now_s, const char *ret_parts[CURSOR_MAX_PARTS], struct problem *problem)
{
    struct slice raw;
    if (!cursor.bytes || cursor.length > CURSOR_MAX_LENGTH || !crypto_base64url_decode(arena, cursor, &raw))
        return refuse_cursor(arena, problem, "cursor: text");
    if (raw.length <= PARTS_AT || raw.bytes[0] != VERSION)
        return refuse_cursor(arena, problem, "cursor: form");
    struct slice parts = { raw.bytes + PARTS_AT, raw.length - PARTS_AT };
    uint8_t mac[CRYPTO_DIGEST_BYTES];
    compute_mac(arena, key, binding, raw.bytes, parts, mac);
    if (!crypto_equal(mac, raw.bytes + MAC_AT, MAC_BYTES))
        return refuse_cursor(arena, problem, "cursor: mac");
    int64_t issued_at_s = (int64_t)bytes_number(raw.bytes + ISSUED_AT, MAC_AT - ISSUED_AT);
    if (now_s - issued_at_s > CURSOR_LIFETIME_S)
        return problem_raise(arena, problem, PROBLEM_GONE, "游标已过期，请从第一页重新开始",
                             "The cursor is too old: begin again with the first page");
    if (!parts_read(arena, parts, ret_parts))
        return refuse_cursor(arena, problem, "cursor: parts");
    return true;
}
