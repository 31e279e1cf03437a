#include "anze/base/clock.h"
#include "anze/base/log.h"
#include "anze/base/text.h"
#include "anze/work/sealer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"
#define DIGEST "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static void a_head_reads_back_as_it_was_printed(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    static const char *const texts[] = { "0:" ZEROS, "1:" DIGEST, "999999999999999999:" DIGEST };
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        struct audit_head head;
        assert_true(audit_head_parse(texts[i], &head));
        assert_string_equal(audit_head_text(arena, &head), texts[i]);
    }
}

static void a_head_that_is_not_one_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "", ":", "7", DIGEST, ":" DIGEST, "7:", "-7:" DIGEST, "+7:" DIGEST, " 7:" DIGEST, "7x:" DIGEST,
        "7:" DIGEST "0", "7:0" DIGEST, "7:g" ZEROS, "1000000000000000000:" DIGEST,
        "7:zz112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
        "7:0011 233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        struct audit_head head;
        if (audit_head_parse(texts[i], &head))
            fail_msg("taken for a head: '%s'", texts[i]);
    }
}

static void every_fault_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (int i = 0; i < AUDIT_FAULTS; i++)
        for (int j = 0; j < i; j++)
            assert_string_not_equal(audit_fault_name((enum audit_fault)i), audit_fault_name((enum audit_fault)j));
}

static void a_sealer_without_database_stops_at_once(void **state)
{
    (void)state;
    const struct audit_sealing sealing = { "host=/nonexistent dbname=none", DIGEST_SM3, 60000, "", 60 };
    struct audit_sealer *sealer = audit_sealer_start(&sealing);
    int64_t begun_us = clock_monotonic_us();
    audit_sealer_stop(sealer);
    assert_true(clock_monotonic_us() - begun_us < 2500000);
    audit_sealer_stop(NULL);
}

static void what_cannot_be_reached_is_a_problem_and_not_an_intact_chain(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    const char *nowhere = "host=/nonexistent dbname=none";
    struct problem problem = { 0 };
    struct audit_result result;
    struct audit_head head;
    int64_t sealed;
    assert_false(audit_verify(arena, &(struct audit_check){ .url = nowhere, .from = 1, .anchor_file = "", .key = "" }, &result, &problem));
    assert_int_equal(problem.code, PROBLEM_UNAVAILABLE);
    assert_non_null(problem.cause);
    assert_false(audit_head_read(arena, nowhere, &head, &problem));
    const struct audit_sealing sealing = { nowhere, DIGEST_SM3, 0, "", 60 };
    assert_false(audit_seal_now(arena, &sealing, &sealed, &problem));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_head_reads_back_as_it_was_printed),
        cmocka_unit_test(a_head_that_is_not_one_is_refused),
        cmocka_unit_test(every_fault_has_a_name_of_its_own),
        cmocka_unit_test(a_sealer_without_database_stops_at_once),
        cmocka_unit_test(what_cannot_be_reached_is_a_problem_and_not_an_intact_chain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
