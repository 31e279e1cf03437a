#include "anze/base/bytes.h"
#include "anze/base/etag.h"
#include "anze/base/literal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void numbers_stand_with_their_highest_byte_first(void **state)
{
    (void)state;
    uint8_t bytes[8];
    bytes_of_number(bytes, UINT64_C(0x0102030405060708), 8);
    assert_memory_equal(bytes, "\1\2\3\4\5\6\7\10", 8);
    assert_true(bytes_number(bytes, 8) == UINT64_C(0x0102030405060708));
    bytes_of_number(bytes, 0x1fffe, 2);
    assert_memory_equal(bytes, "\xff\xfe", 2);
    assert_true(bytes_number(bytes, 2) == 0xfffe);
    bytes_of_number(bytes, (uint64_t)INT64_C(-2), 8);
    assert_true((int64_t)bytes_number(bytes, 8) == -2);
    assert_true(bytes_number(bytes, 0) == 0);
}

static void hexadecimal_digits_are_written_in_lower_case_and_read_in_either(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    static const struct {
        const char *digits;
        size_t length;
    } wrong[] = { { "0", 1 }, { "012", 1 }, { "0123", 1 }, { "0g", 1 }, { "g0", 1 }, { " 1", 1 }, { "0x", 1 },
                  { "+1", 1 }, { "1", 0 }, { "\xff\xff", 1 } };
    uint8_t bytes[3] = { 0 };
    assert_string_equal(bytes_hex(arena, "\0\xab\xff", 3), "00abff");
    assert_string_equal(bytes_hex(arena, "", 0), "");
    assert_true(bytes_of_hex(bytes, 3, SLICE("00aBFf")));
    assert_memory_equal(bytes, "\0\xab\xff", 3);
    assert_true(bytes_of_hex(bytes, 0, SLICE("")));
    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++)
        assert_false(bytes_of_hex(bytes, wrong[i].length, slice_of(wrong[i].digits)));
}

static void arrays_are_written_as_the_database_reads_them(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    struct text none = text_on(arena), words = text_on(arena), any = text_on(arena);
    literal_add_word(&words, "%d", 1);
    literal_add_word(&words, "%s", "coal");
    literal_add(&any, SLICE("a,b"));
    literal_add(&any, SLICE(""));
    literal_add(&any, SLICE("\"\\{}"));
    assert_string_equal(literal_end(&none), "{}");
    assert_string_equal(literal_end(&words), "{1,coal}");
    assert_string_equal(literal_end(&any), "{\"a,b\",\"\",\"\\\"\\\\{}\"}");
}

/* One whole tag and nothing else. */
static bool is_one(const char *field, struct etag *ret_etag)
{
    struct slice rest = slice_of(field);
    return etag_next(&rest, ret_etag) == ETAG_TAKEN && rest.length == 0;
}

static void a_list_of_tags_is_taken_one_by_one(void **state)
{
    (void)state;
    static const char *const tags[] = { "4", "a,b", "" };
    struct slice rest = SLICE(" ,\"4-gzip\" ,, W/\"a,b\",\"\" ,");
    struct etag etag;
    for (size_t i = 0; i < ARRAY_LENGTH(tags); i++) {
        assert_int_equal(etag_next(&rest, &etag), ETAG_TAKEN);
        assert_true(slice_equals(etag.tag, tags[i]) && etag.is_weak == (i == 1));
    }
    assert_int_equal(etag_next(&rest, &etag), ETAG_END);
    rest = SLICE("\"4\" \"5\"");
    assert_int_equal(etag_next(&rest, &etag), ETAG_MALFORMED);
}

static void the_tag_of_a_compressed_answer_names_the_same_version(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    static const char *const wrong[] = { "", "4", "\"", "\"4", "4\"", "w/\"4\"", "W/4", "\"4\"\"", "\"a b\"" };
    struct etag etag;
    for (int is_gzip = 0; is_gzip < 2; is_gzip++) {
        const char *field = etag_field(arena, "4", is_gzip);
        assert_string_equal(field, is_gzip ? "\"4-gzip\"" : "\"4\"");
        assert_true(is_one(field, &etag) && slice_equals(etag.tag, "4") && !etag.is_weak);
        assert_true(is_one(arena_printf(arena, "W/%s", field), &etag) && slice_equals(etag.tag, "4"));
        assert_true(etag.is_weak);
    }
    assert_true(is_one("\"\"", &etag) && etag.tag.length == 0);
    assert_true(is_one("\"-gzip\"", &etag) && slice_equals(etag.tag, "-gzip"));
    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++)
        assert_false(is_one(wrong[i], &etag));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_stand_with_their_highest_byte_first),
        cmocka_unit_test(hexadecimal_digits_are_written_in_lower_case_and_read_in_either),
        cmocka_unit_test(arrays_are_written_as_the_database_reads_them),
        cmocka_unit_test(a_list_of_tags_is_taken_one_by_one),
        cmocka_unit_test(the_tag_of_a_compressed_answer_names_the_same_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
