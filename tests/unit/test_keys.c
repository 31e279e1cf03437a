#include "anze/auth/jwks.h"
#include "anze/auth/keys.h"
#include "anze/base/json.h"
#include "auth_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <cmocka.h>

static void our_own_key_ids_are_short_and_plain(void **state)
{
    (void)state;
    static const char longest[] = "0123456789012345678901234567890123456789012345678901234567890123";
    assert_true(key_id_is_plain(SLICE("a")));
    assert_true(key_id_is_plain(SLICE("2026-11_Z")));
    assert_true(key_id_is_plain((struct slice){ longest, 64 }));
    assert_false(key_id_is_plain((struct slice){ longest, 65 }));
    static const char *const bad[] = { "", "../../x", "a.b", "a b", "a'or'1", "é", "a/b" };
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++)
        assert_false(key_id_is_plain(slice_of(bad[i])));
    assert_false(key_id_is_plain(SLICE_NONE));
}

static void key_ids_of_issuers_are_any_text(void **state)
{
    (void)state;
    char longest[256];
    memset(longest, 'k', sizeof longest);
    assert_true(key_id_is_valid((struct slice){ longest, 255 }));
    assert_false(key_id_is_valid((struct slice){ longest, 256 }));
    static const char *const good[] = { "a+b/c=", "../../x", "a.b", "a b", "é", "钥匙" };
    for (size_t i = 0; i < ARRAY_LENGTH(good); i++)
        assert_true(key_id_is_valid(slice_of(good[i])));
    static const char *const bad[] = { "", "a\n", "\x7f", "\xff" };
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++)
        assert_false(key_id_is_valid(slice_of(bad[i])));
    assert_false(key_id_is_valid(SLICE_NONE));
}

/* The name of a file spells its kid in one way, and no kid leads out of the directory. */
static void a_file_name_spells_any_kid(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    const char *directory = directory_new(arena);
    struct text complaints = text_on(arena);
    static const char *const kids[] = { "a+b/c=", "../../x", "a.ES256.pem", "%41", "钥匙" };
    for (size_t i = 0; i < ARRAY_LENGTH(kids); i++)
        file_write(arena, directory, key_file_name(arena, kids[i], KEY_ES256), public_pem(arena, ec_key.pkey));
    assert_string_equal(key_file_name(arena, "a+b/c=", KEY_ES256), "a%2Bb%2Fc%3D.ES256.pem");
    struct key_set *set = key_set_read(directory, KEY_PUBLIC, NULL, &complaints);
    if (!set)
        fail_msg("%s", complaints.bytes);
    for (size_t i = 0; i < ARRAY_LENGTH(kids); i++)
        assert_non_null(key_set_find(set, kids[i]));
    json_t *jwks = json_loads(jwks_render(arena, set).bytes, 0, NULL);
    assert_int_equal(json_array_size(json_object_get(jwks, "keys")), ARRAY_LENGTH(kids));
    json_decref(jwks);
    key_set_free(set);
}

static void algorithms_are_known_by_their_exact_name_only(void **state)
{
    (void)state;
    enum key_algorithm algorithm;
    assert_true(key_algorithm_from_name(SLICE("PS256"), &algorithm) && algorithm == KEY_PS256);
    static const char *const bad[] = { "es256", "HS256", "none", "None", "NONE", "RS512", "ES384", "EdDSA", "" };
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++)
        assert_false(key_algorithm_from_name(slice_of(bad[i]), &algorithm));
}

static void a_created_key_signs_and_its_file_is_private(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    const char *directory = directory_new(arena);
    struct text complaints = text_on(arena);
    for (enum key_algorithm algorithm = KEY_RS256; algorithm < KEY_ALGORITHMS; algorithm++)
        assert_true(key_create(directory, key_algorithm_name(algorithm), algorithm, &complaints));
    struct key_set *set = key_set_read(directory, KEY_PRIVATE, NULL, &complaints);
    assert_int_equal(set->n, KEY_ALGORITHMS);
    for (size_t i = 0; i < set->n; i++) {
        struct slice signature;
        struct stat status;
        const struct key *key = &set->keys[i];
        assert_true(key_sign(key, arena, SLICE("text"), &signature));
        assert_true(key_verify(key, SLICE("text"), signature));
        assert_false(key_verify(key, SLICE("texT"), signature));
        assert_int_equal(stat(arena_printf(arena, "%s/%s.%s.pem", directory, key->kid, key->kid), &status), 0);
        assert_int_equal(status.st_mode & 07777, 0600);
    }
    key_set_free(set);
    assert_int_equal(files_in(directory), KEY_ALGORITHMS); /* no hidden file is left behind */
}

static void a_key_is_never_written_over_another(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    const char *directory = directory_new(arena);
    struct text complaints = text_on(arena);
    assert_true(key_create(directory, "k", KEY_ES256, &complaints));
    assert_false(key_create(directory, "k", KEY_ES256, &complaints));
    assert_false(key_create(directory, "k", KEY_RS256, &complaints));
    assert_non_null(strstr(complaints.bytes, "of that kid already"));
}

static void es256_signatures_are_64_bytes_whatever_their_numbers(void **state)
{
    (void)state;
    for (int i = 0; i < 300; i++) { /* one in 128 has a number with a leading zero byte */
        AUTO(arena_free_at_end) struct arena *arena = arena_new();
        struct slice text = slice_of(arena_printf(arena, "%d", i)), signature;
        assert_true(key_sign(&ec_key, arena, text, &signature));
        assert_int_equal(signature.length, 64);
        assert_true(key_verify(&ec_key, text, signature));
    }
}

static void ps256_takes_no_pkcs1_signature_and_the_other_way_round(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    struct slice pss, pkcs1;
    assert_true(key_sign(&ps_key, arena, SLICE("x"), &pss));
    assert_true(key_sign(&rs_key, arena, SLICE("x"), &pkcs1));
    assert_false(key_verify(&ps_key, SLICE("x"), pkcs1));
    assert_false(key_verify(&rs_key, SLICE("x"), pss));
}

/* A file of that name and content stops the start, and the complaint names it. */
static void assert_refused(const char *name, const char *content, const char *reason)
{
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    const char *directory = directory_new(arena);
    struct text complaints = text_on(arena);
    public_key_write(arena, directory, "good", &ec_key);
    file_write(arena, directory, name, content);
    assert_null(key_set_read(directory, KEY_PUBLIC, NULL, &complaints));
    if (!strstr(complaints.bytes, name) || !strstr(complaints.bytes, reason))
        fail_msg("%s: %s", name, complaints.bytes);
}

static void a_faulty_key_file_is_named(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    EVP_PKEY *weak = EVP_RSA_gen(1024), *p384 = EVP_EC_gen("P-384");
    const char *ec = public_pem(arena, ec_key.pkey);
    assert_refused("a.ES256.pem", "", "is empty");
    assert_refused("a.ES256.pem", "nonsense", "is not a public key");
    assert_refused("a.ES256.pem", private_pem(arena, ec_key.pkey), "is not a public key");
    assert_refused("a.RS256.pem", ec, "another kind");
    assert_refused("a.RS256.pem", public_pem(arena, weak), "2048");
    assert_refused("a.ES256.pem", public_pem(arena, p384), "P-256");
    assert_refused("a.HS256.pem", ec, "must be named");
    assert_refused("a.pem", ec, "must be named");
    static const char *const misspelt[] = { "a b", "%61", "a%2b", "a%2", "a%", "%00", "%0A", "a%GG", "%FF", "a+b=" };
    for (size_t i = 0; i < ARRAY_LENGTH(misspelt); i++)
        assert_refused(arena_printf(arena, "%s.ES256.pem", misspelt[i]), ec, "must be named");
    assert_refused("good.RS256.pem", public_pem(arena, rs_key.pkey), "kid of another key");
    EVP_PKEY_free(weak);
    EVP_PKEY_free(p384);
}

static void an_encrypted_private_key_is_refused_without_asking(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    const char *directory = directory_new(arena);
    struct text complaints = text_on(arena);
    file_write(arena, directory, "a.ES256.pem", encrypted_pem(arena, ec_key.pkey));
    assert_null(key_set_read(directory, KEY_PRIVATE, NULL, &complaints));
    assert_non_null(strstr(complaints.bytes, "unencrypted"));
}

static void other_files_are_passed_over(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    const char *directory = directory_new(arena);
    struct text complaints = text_on(arena);
    public_key_write(arena, directory, "good", &ec_key);
    file_write(arena, directory, "README", "keys");
    file_write(arena, directory, ".new-1.ES256.pem", "half a k");
    struct key_set *set = key_set_read(directory, KEY_PUBLIC, NULL, &complaints);
    assert_non_null(set);
    assert_int_equal(set->n, 1);
    key_set_free(set);
}

static void an_empty_or_missing_directory_stops_the_start(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    struct text complaints = text_on(arena);
    assert_null(key_directory_open(directory_new(arena), KEY_PUBLIC, &complaints));
    assert_non_null(strstr(complaints.bytes, "holds no key"));
    assert_null(key_directory_open("/does/not/exist", KEY_PUBLIC, &complaints));
    assert_non_null(strstr(complaints.bytes, "/does/not/exist: No such file"));
}

static size_t keys_in(struct key_directory *directory)
{
    size_t n = key_shelf_hold(key_directory_shelf(directory))->n;
    key_shelf_let_go(key_directory_shelf(directory));
    return n;
}

static void keys_come_and_go_while_a_broken_file_disturbs_nobody(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    const char *path = directory_new(arena);
    struct text complaints = text_on(arena);
    public_key_write(arena, path, "one", &ec_key);
    public_key_write(arena, path, "two", &rs_key);
    struct key_directory *directory = key_directory_open(path, KEY_PUBLIC, &complaints);
    assert_false(key_directory_look(directory));
    public_key_write(arena, path, "three", &ps_key);
    assert_true(key_directory_look(directory));
    assert_int_equal(keys_in(directory), 3);
    file_write(arena, path, "one.ES256.pem", "");       /* half written: the old one stays */
    file_write(arena, path, "four.ES256.pem", "-----"); /* half written: not there yet */
    file_remove(arena, path, "two.RS256.pem");          /* gone, at the same time */
    assert_true(key_directory_look(directory));
    const struct key_set *set = key_shelf_hold(key_directory_shelf(directory));
    assert_int_equal(set->n, 2);
    assert_non_null(key_set_find(set, "one"));
    assert_null(key_set_find(set, "two"));
    key_shelf_let_go(key_directory_shelf(directory));
    key_directory_close(directory);
}

static void the_key_written_last_is_the_newest(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    struct key keys[] = { { .kid = "a", .written_at_ns = 5 }, { .kid = "b", .written_at_ns = 9 },
                          { .kid = "c", .written_at_ns = 9 }, { .kid = "d", .written_at_ns = 1 } };
    struct key_set set = { arena, keys, 4 }, none = { arena, keys, 0 };
    assert_string_equal(key_set_newest(&set)->kid, "c");
    assert_null(key_set_newest(&none));
}

static void the_jwk_set_has_public_members_only_sorted_by_kid(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    struct key keys[] = { ec_key, ps_key };
    struct key_set set = { arena, keys, 2 };
    json_t *document;
    struct problem problem = { 0 };
    assert_true(json_read(arena, jwks_render(arena, &set), &document, &problem));
    json_t *ec = json_array_get(json_object_get(document, "keys"), 0);
    json_t *rsa = json_array_get(json_object_get(document, "keys"), 1);
    assert_int_equal(json_object_size(ec), 7);
    assert_string_equal(json_string_value(json_object_get(ec, "kty")), "EC");
    assert_string_equal(json_string_value(json_object_get(ec, "crv")), "P-256");
    assert_int_equal(json_string_length(json_object_get(ec, "x")), 43);
    assert_int_equal(json_string_length(json_object_get(ec, "y")), 43);
    assert_int_equal(json_object_size(rsa), 6);
    assert_string_equal(json_string_value(json_object_get(rsa, "alg")), "PS256");
    assert_string_equal(json_string_value(json_object_get(rsa, "use")), "sig");
    assert_string_equal(json_string_value(json_object_get(rsa, "e")), "AQAB");
    assert_int_equal(json_string_length(json_object_get(rsa, "n")), 342);
    assert_true(slice_equals(jwks_render(arena, NULL), "{\"keys\":[]}"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(our_own_key_ids_are_short_and_plain),
        cmocka_unit_test(key_ids_of_issuers_are_any_text),
        cmocka_unit_test(a_file_name_spells_any_kid),
        cmocka_unit_test(algorithms_are_known_by_their_exact_name_only),
        cmocka_unit_test(a_created_key_signs_and_its_file_is_private),
        cmocka_unit_test(a_key_is_never_written_over_another),
        cmocka_unit_test(es256_signatures_are_64_bytes_whatever_their_numbers),
        cmocka_unit_test(ps256_takes_no_pkcs1_signature_and_the_other_way_round),
        cmocka_unit_test(a_faulty_key_file_is_named),
        cmocka_unit_test(an_encrypted_private_key_is_refused_without_asking),
        cmocka_unit_test(other_files_are_passed_over),
        cmocka_unit_test(an_empty_or_missing_directory_stops_the_start),
        cmocka_unit_test(keys_come_and_go_while_a_broken_file_disturbs_nobody),
        cmocka_unit_test(the_key_written_last_is_the_newest),
        cmocka_unit_test(the_jwk_set_has_public_members_only_sorted_by_kid),
    };
    return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
