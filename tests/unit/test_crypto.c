#include "anze/base/crypto.h"
#include "anze/base/bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static const char *digest_of(struct arena *arena, enum digest_kind kind, const struct slice *parts, size_t n)
{
    uint8_t digest[CRYPTO_DIGEST_BYTES];
    crypto_digest(kind, parts, n, digest);
    return bytes_hex(arena, digest, sizeof digest);
}

static void digests_give_the_published_values(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    const struct slice abc = SLICE("abc"), empty = SLICE("");
    assert_string_equal(digest_of(arena, DIGEST_SHA256, &abc, 1), /* FIPS 180-4 example */
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_string_equal(digest_of(arena, DIGEST_SM3, &abc, 1), /* GB/T 32905-2016, A.1 */
                        "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0");
    assert_string_equal(digest_of(arena, DIGEST_SHA256, &empty, 1),
                        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void parts_are_digested_as_one_text(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    const struct slice whole = SLICE("abc"), parts[] = { SLICE("a"), SLICE(""), SLICE("bc") };
    for (enum digest_kind kind = DIGEST_SHA256; kind <= DIGEST_SM3; kind++)
        assert_string_equal(digest_of(arena, kind, &whole, 1), digest_of(arena, kind, parts, 3));
    assert_string_equal(digest_of(arena, DIGEST_SHA256, NULL, 0), digest_of(arena, DIGEST_SHA256, &parts[1], 1));
}

static void what_comes_piece_by_piece_is_digested_as_one_text(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    uint8_t digest[CRYPTO_DIGEST_BYTES];
    const struct slice whole = SLICE("abc");
    struct digest_stream *stream = crypto_digest_begin(arena, DIGEST_SHA256);
    struct digest_stream *left = crypto_digest_begin(arena, DIGEST_SM3); /* goes with the arena */
    crypto_digest_add(left, whole);
    crypto_digest_add(stream, SLICE("a"));
    crypto_digest_add(stream, SLICE(""));
    crypto_digest_add(stream, SLICE("bc"));
    crypto_digest_end(stream, digest);
    assert_string_equal(bytes_hex(arena, digest, sizeof digest), digest_of(arena, DIGEST_SHA256, &whole, 1));
}

static void digest_names_round_trip_and_others_are_refused(void **state)
{
    (void)state;
    enum digest_kind kind;
    assert_true(digest_kind_from_name("sm3", &kind) && kind == DIGEST_SM3);
    assert_string_equal(digest_kind_name(DIGEST_SHA256), "sha256");
    assert_false(digest_kind_from_name("SM3", &kind));
    assert_false(digest_kind_from_name("md5", &kind));
}

static void hmac_gives_the_published_value(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    uint8_t mac[CRYPTO_DIGEST_BYTES];
    crypto_hmac_sha256(SLICE("Jefe"), SLICE("what do ya want for nothing?"), mac); /* RFC 4231, case 2 */
    assert_string_equal(bytes_hex(arena, mac, sizeof mac),
                        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    crypto_hmac_sha256(SLICE(""), SLICE(""), mac);
    assert_string_equal(bytes_hex(arena, mac, sizeof mac),
                        "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

static void base64url_gives_the_published_values_without_padding(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    static const char *const pairs[][2] = { { "", "" },         { "f", "Zg" },       { "fo", "Zm8" },
                                            { "foo", "Zm9v" },  { "foob", "Zm9vYg" }, { "fooba", "Zm9vYmE" },
                                            { "foobar", "Zm9vYmFy" }, { "\xff\xfe\xfd", "__79" } };
    for (size_t i = 0; i < ARRAY_LENGTH(pairs); i++) {
        struct slice bytes;
        assert_string_equal(crypto_base64url(arena, pairs[i][0], strlen(pairs[i][0])), pairs[i][1]);
        assert_true(crypto_base64url_decode(arena, slice_of(pairs[i][1]), &bytes));
        assert_true(slice_equals(bytes, pairs[i][0]));
    }
}

static void base64url_refuses_every_second_spelling(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    static const char *const bad[] = { "A", "Zg==", "Zm8=", "Zh", "Zm9", "Zm9v\n", " Zm9v", "__7+", "_/79", "Zm9vA",
                                       "Zm\xc3\xa9" };
    struct slice bytes;
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++)
        assert_false(crypto_base64url_decode(arena, slice_of(bad[i]), &bytes));
    assert_false(crypto_base64url_decode(arena, (struct slice){ "Zg\0A", 4 }, &bytes));
}

static void base64url_round_trips_any_bytes(void **state)
{
    (void)state;
    uint8_t bytes[200];
    for (size_t length = 0; length < sizeof bytes; length++) {
        AUTO(arena_free_at_end) struct arena *arena = arena_new();
        crypto_random(bytes, length);
        const char *text = crypto_base64url(arena, bytes, length);
        struct slice back;
        assert_true(crypto_base64url_decode(arena, slice_of(text), &back));
        if (back.length != length || memcmp(back.bytes, bytes, length) != 0)
            fail_msg("%s does not come back", text);
    }
}

static void comparison_tells_equal_from_different(void **state)
{
    (void)state;
    assert_true(crypto_equal("secret", "secret", 6));
    assert_false(crypto_equal("secret", "secreT", 6));
    assert_true(crypto_equal("a", "b", 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests_give_the_published_values),
        cmocka_unit_test(parts_are_digested_as_one_text),
        cmocka_unit_test(what_comes_piece_by_piece_is_digested_as_one_text),
        cmocka_unit_test(digest_names_round_trip_and_others_are_refused),
        cmocka_unit_test(hmac_gives_the_published_value),
        cmocka_unit_test(base64url_gives_the_published_values_without_padding),
        cmocka_unit_test(base64url_refuses_every_second_spelling),
        cmocka_unit_test(base64url_round_trips_any_bytes),
        cmocka_unit_test(comparison_tells_equal_from_different),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
