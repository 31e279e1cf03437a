#include "anze/base/media.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#define OF(literal) { (literal), sizeof(literal) - 1 }
/* A member of a ZIP package: its local header, and 20 bytes. */
#define MEMBER(length, name)                                                                                           \
    "PK\3\4\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\x14\0\0\0\x14\0\0\0" length "\0\0\0" name "<x>.............</x>"

static const struct {
    struct slice head;
    const char *type;
} known[] = {
    { OF("%PDF-1.4\n1 0 obj\n<<>>\nendobj\n"), "application/pdf" },
    { OF("\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0"), "image/jpeg" },
    { OF("GIF89a\1\0\1\0\x80\0\0"), "image/gif" },
    { OF("#!AMR\n\x3c\x3c\x3c\x3c"), "audio/amr" },
    { OF("\0\0\0\x18" "ftypmp42\0\0\0\0mp42isom"), "video/mp4" },
    { OF("\0\0\0\x18" "ftypheic\0\0\0\0heicmif1"), "image/heic" },
    { OF("安全生产检查记录，整改完成。\n"), "text/plain" },
    { OF("序号,隐患\n1,电缆破损\n2,通道堵塞\n3,无证上岗\n"), "text/csv" },
    { OF("<html><script>alert(1)</script></html>"), "text/html" },
    { OF("#!/bin/sh\nls\n"), "text/x-shellscript" },
    { OF(MEMBER("\x13", "[Content_Types].xml") MEMBER("\x0b", "_rels/.rels") MEMBER("\x11", "word/document.xml")),
      "application/vnd.openxmlformats-officedocument.wordprocessingml.document" },
    /* the third member says nothing, and the type is in a later one */
    { OF(MEMBER("\x13", "[Content_Types].xml") MEMBER("\x0b", "_rels/.rels") MEMBER("\x10", "docProps/app.xml")
         MEMBER("\x11", "docProps/core.xml") MEMBER("\x13", "docProps/custom.xml")),
      "application/vnd.openxmlformats-officedocument" },
    { OF("\0\1\2\3\4\5\6\7"), "application/octet-stream" },
};

static void content_is_known_by_its_bytes(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    for (size_t i = 0; i < ARRAY_LENGTH(known); i++)
        assert_string_equal(media_type_of(arena, known[i].head), known[i].type);
}

static void *look_often(void *wrong)
{
    for (size_t i = 0; i < 20; i++) {
        AUTO(arena_free_at_end) struct arena *arena = arena_new();
        const char *type = media_type_of(arena, known[i % ARRAY_LENGTH(known)].head);
        if (!type || strcmp(type, known[i % ARRAY_LENGTH(known)].type) != 0)
            return wrong;
    }
    return NULL;
}

static void threads_look_at_the_same_time_on_the_stack_of_a_connection(void **state)
{
    (void)state;
    pthread_attr_t attributes;
    pthread_t threads[4];
    static char wrong;
    pthread_attr_init(&attributes);
    assert_int_equal(pthread_attr_setstacksize(&attributes, 512 * 1024), 0);
    for (size_t i = 0; i < ARRAY_LENGTH(threads); i++)
        assert_int_equal(pthread_create(&threads[i], &attributes, look_often, &wrong), 0);
    for (size_t i = 0; i < ARRAY_LENGTH(threads); i++) {
        void *found;
        pthread_join(threads[i], &found);
        assert_null(found);
    }
    pthread_attr_destroy(&attributes);
}

static void whatever_the_bytes_are_they_get_a_name(void **state)
{
    (void)state;
    char *bytes = calloc(1, MEDIA_HEAD_BYTES);
    assert_non_null(bytes);
    for (size_t i = 0; i < ARRAY_LENGTH(known); i++) { /* a good beginning, then nonsense to the end */
        AUTO(arena_free_at_end) struct arena *arena = arena_new();
        memcpy(bytes, known[i].head.bytes, known[i].head.length);
        for (size_t at = known[i].head.length; at < MEDIA_HEAD_BYTES; at++)
            bytes[at] = (char)(at * 2654435761u >> 7);
        assert_non_null(media_type_of(arena, (struct slice){ bytes, MEDIA_HEAD_BYTES }));
    }
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(content_is_known_by_its_bytes),
        cmocka_unit_test(threads_look_at_the_same_time_on_the_stack_of_a_connection),
        cmocka_unit_test(whatever_the_bytes_are_they_get_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
