#include "anze/base/bytes.h"

void bytes_of_number(uint8_t *out, uint64_t number, size_t width)
{
    for (size_t i = 0; i < width; i++)
        out[i] = (uint8_t)(number >> 8 * (width - 1 - i));
}

uint64_t bytes_number(const void *bytes, size_t width)
{
    const uint8_t *in = bytes;
    uint64_t number = 0;
    for (size_t i = 0; i < width; i++)
        number = number << 8 | in[i];
    return number;
}

char *bytes_hex(struct arena *arena, const void *bytes, size_t length)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *in = bytes;
    char *out = arena_alloc(arena, 2 * length + 1);
    for (size_t i = 0; i < length; i++) {
        out[2 * i] = digits[in[i] >> 4];
        out[2 * i + 1] = digits[in[i] & 15];
    }
    return out;
}

int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    digit = (char)(digit | 0x20);
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

bool bytes_of_hex(uint8_t *out, size_t length, struct slice digits)
{
    if (digits.length != 2 * length)
        return false;
    for (size_t i = 0; i < length; i++) {
        int high = hex_value(digits.bytes[2 * i]), low = hex_value(digits.bytes[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

uint64_t bytes_hash(const char *text)
{
    uint64_t hash = 14695981039346656037u;
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 1099511628211u;
    return hash;
}
