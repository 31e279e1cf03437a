#include "anze/base/text.h"

#include <stdio.h>

static void make_room(struct text *text, size_t more)
{
    if (text->room - text->length > more)
        return;
    size_t room = text->room ? text->room : 64;
    while (room - text->length <= more)
        room *= 2;
    char *bytes = arena_alloc(text->arena, room);
    if (text->length)
        memcpy(bytes, text->bytes, text->length);
    text->bytes = bytes;
    text->room = room;
}

void text_add(struct text *text, const char *bytes, size_t length)
{
    make_room(text, length);
    memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
    text->bytes[text->length] = '\0';
}

void text_add_string(struct text *text, const char *string)
{
    text_add(text, string, strlen(string));
}

void text_add_char(struct text *text, char c)
{
    text_add(text, &c, 1);
}

void text_printf(struct text *text, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length > 0) {
        make_room(text, (size_t)length);
        vsnprintf(text->bytes + text->length, (size_t)length + 1, format, again);
        text->length += (size_t)length;
    }
    va_end(again);
}

static void add_escaped(struct text *text, unsigned char c)
{
    switch (c) {
    case '"': text_add(text, "\\\"", 2); break;
    case '\\': text_add(text, "\\\\", 2); break;
    case '\n': text_add(text, "\\n", 2); break;
    case '\t': text_add(text, "\\t", 2); break;
    default: text_printf(text, "\\u%04x", c);
    }
}

void text_add_json(struct text *text, const char *string)
{
    if (!string) {
        text_add(text, "null", 4);
        return;
    }
    text_add_char(text, '"');
    for (const char *run = string;; string++) {
        unsigned char c = (unsigned char)*string;
        if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7f)
            continue;
        text_add(text, run, (size_t)(string - run));
        if (!c)
            break;
        add_escaped(text, c);
        run = string + 1;
    }
    text_add_char(text, '"');
}

struct slice text_slice(const struct text *text)
{
    return (struct slice){ text->bytes ? text->bytes : "", text->length };
}
