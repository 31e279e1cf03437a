#include "anze/base/crypto.h"
#include "anze/base/bytes.h"
#include "anze/http/exchange.h"

#include <ctype.h>

enum { MAX_REQUEST_ID = 128, TRACE_ID = 32, TRACEPARENT = 55 };

static bool is_safe_id(struct slice id)
{
    for (size_t i = 0; i < id.length; i++)
        if (!isalnum((unsigned char)id.bytes[i]) && !strchr("-_.:", id.bytes[i]))
            return false;
    return id.length > 0 && id.length <= MAX_REQUEST_ID;
}

static bool is_lower_hex(const char *text, size_t length)
{
    return strspn(text, "0123456789abcdef") >= length;
}

/* 00-<32 hex>-<16 hex>-<2 hex>, neither id all zeros (W3C Trace Context). */
static bool is_traceparent(struct slice value)
{
    static const char zeros[] = "00000000000000000000000000000000";
    if (value.length != TRACEPARENT)
        return false;
    char text[TRACEPARENT + 1] = "";
    memcpy(text, value.bytes, TRACEPARENT);
    return memcmp(text, "00-", 3) == 0 && text[35] == '-' && text[52] == '-' && is_lower_hex(text + 3, 32) &&
           is_lower_hex(text + 36, 16) && is_lower_hex(text + 53, 2) && memcmp(text + 3, zeros, 32) != 0 &&
           memcmp(text + 36, zeros, 16) != 0;
}

void exchange_identify(struct exchange *exchange)
{
    unsigned char fresh[16];
    struct slice id = message_header(exchange->message, "X-Request-Id");
    struct slice trace = message_header(exchange->message, "traceparent");
    bool traced = trace.bytes && is_traceparent(trace);
    if (!traced)
        crypto_random(fresh, sizeof fresh);
    exchange->trace_id = traced ? arena_strndup(exchange->arena, trace.bytes + 3, TRACE_ID)
                                : bytes_hex(exchange->arena, fresh, sizeof fresh);
    exchange->request_id =
        id.bytes && is_safe_id(id) ? arena_strndup(exchange->arena, id.bytes, id.length) : exchange->trace_id;
}
