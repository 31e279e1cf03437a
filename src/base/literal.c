#include "anze/base/literal.h"

static void begin_element(struct text *array)
{
    text_add_char(array, array->length ? ',' : '{');
}

void literal_add(struct text *array, struct slice element)
{
    begin_element(array);
    text_add_char(array, '"');
    for (size_t i = 0; i < element.length; i++) {
        if (element.bytes[i] == '"' || element.bytes[i] == '\\')
            text_add_char(array, '\\');
        text_add_char(array, element.bytes[i]);
    }
    text_add_char(array, '"');
}

void literal_add_word(struct text *array, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    begin_element(array);
    text_add_string(array, arena_vprintf(array->arena, format, arguments));
    va_end(arguments);
}

const char *literal_end(struct text *array)
{
    text_add_string(array, array->length ? "}" : "{}");
    return array->bytes;
}
