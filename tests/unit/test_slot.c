#include "anze/op/slot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

enum { REGION = SLOT_BUILT_IN };

static struct parameter parameters[] = { { .name = "region", .place = PLACE_QUERY } };
static const struct operation list = { .parameters = parameters, .n_parameters = 1 };
static const struct config config = { 0 };
static const struct service service = { .config = &config };

/* The scope of a caller of `own` who asks for `asked`: which slot, and what is in it. */
static void expect(const char *own, const char *asked, enum slot slot, const char *value)
{
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    const struct principal principal = {
        .reach = REACH_REGION, .region = own, .unit = "", .sector = "", .sectors = "", .actor = "x" };
    const struct call call = { .service = &service, .arena = arena, .operation = &list, .principal = &principal,
                               .parameters = &asked };
    const char **values = slots_fill(&call, NULL);
    for (int i = SLOT_SCOPE_PROVINCE; i <= SLOT_SCOPE_NONE; i++)
        if (i == (int)slot)
            assert_string_equal(values[i], value);
        else
            assert_null(values[i]);
    assert_ptr_equal(values[REGION], asked);
}

static void a_callers_region_is_its_scope(void **state)
{
    (void)state;
    expect("15", NULL, SLOT_SCOPE_PROVINCE, "15");
    expect("1506", NULL, SLOT_SCOPE_CITY, "1506");
    expect("150622", NULL, SLOT_SCOPE_COUNTY, "150622");
    expect("150622101", NULL, SLOT_SCOPE_TOWN, "150622101");
}

static void a_narrower_region_in_the_query_takes_its_place(void **state)
{
    (void)state;
    expect("15", "150600", SLOT_SCOPE_CITY, "1506");
    expect("1506", "150622", SLOT_SCOPE_COUNTY, "150622");
    expect("1506", "150622101", SLOT_SCOPE_TOWN, "150622101");
    expect("150622101", "150622101005", SLOT_SCOPE_TOWN, "150622101005");
}

static void a_wider_region_in_the_query_changes_nothing(void **state)
{
    (void)state;
    expect("1506", "150000", SLOT_SCOPE_CITY, "1506");
    expect("150622", "150600", SLOT_SCOPE_COUNTY, "150622");
    expect("150622101005", "150622101", SLOT_SCOPE_TOWN, "150622101005");
}

static void a_region_out_of_reach_has_nothing_to_read(void **state)
{
    (void)state;
    expect("1506", "150722", SLOT_SCOPE_NONE, "true");
    expect("150622", "150623101", SLOT_SCOPE_NONE, "true");
    expect("1506", "160000", SLOT_SCOPE_NONE, "true");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_callers_region_is_its_scope),
        cmocka_unit_test(a_narrower_region_in_the_query_takes_its_place),
        cmocka_unit_test(a_wider_region_in_the_query_changes_nothing),
        cmocka_unit_test(a_region_out_of_reach_has_nothing_to_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
