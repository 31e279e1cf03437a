#include "anze/base/config.h"

#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

static struct arena *arena;
static struct config config;
static struct text complaints;

static int begin(void **state)
{
    (void)state;
    arena = arena_new();
    complaints = text_on(arena);
    return 0;
}

static int end(void **state)
{
    (void)state;
    static const char *const used[] = { "ANZE_PORT", "ANZE_HSTS", "ANZE_NONSENSE", "ANZE_CONFIG_FILE", "ANZE_CURSOR_KEY" };
    for (size_t i = 0; i < ARRAY_LENGTH(used); i++)
        unsetenv(used[i]);
    arena_free(arena);
    return 0;
}

static void defaults_hold_without_any_environment(void **state)
{
    (void)state;
    assert_true(config_load(arena, &config, &complaints));
    assert_int_equal(config.port, 8080);
    assert_string_equal(config.token_audience, "anze");
    assert_false(config.hsts);
}

static void an_unknown_key_is_named(void **state)
{
    (void)state;
    setenv("ANZE_NONSENSE", "1", 1);
    assert_false(config_load(arena, &config, &complaints));
    assert_non_null(strstr(complaints.bytes, "unknown key ANZE_NONSENSE"));
}

static void what_kubernetes_says_of_a_service_of_our_name_is_passed_over(void **state)
{
    (void)state;
    static const char *const links[][2] = {
        { "ANZE_PORT", "tcp://10.0.0.7:8080" }, { "ANZE_SERVICE_HOST", "10.0.0.7" }, { "ANZE_SERVICE_PORT", "8080" },
        { "ANZE_SERVICE_PORT_HTTP", "8080" }, { "ANZE_PORT_8080_TCP", "tcp://10.0.0.7:8080" },
        { "ANZE_PORT_8080_TCP_PROTO", "tcp" }, { "ANZE_PORT_8080_TCP_PORT", "8080" },
        { "ANZE_PORT_8080_TCP_ADDR", "10.0.0.7" }, { "ANZE_ADMIN_PORT", "tcp://10.0.0.8:8081" },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(links); i++)
        setenv(links[i][0], links[i][1], 1);
    bool works = config_load(arena, &config, &complaints);
    setenv("ANZE_PORT_HOLE", "1", 1);
    bool knows_the_rest = config_load(arena, &config, &complaints);
    unsetenv("ANZE_PORT_HOLE");
    for (size_t i = 0; i < ARRAY_LENGTH(links); i++)
        unsetenv(links[i][0]);
    assert_true(works);
    assert_false(knows_the_rest);
    assert_int_equal(config.port, 8080);
    assert_int_equal(config.admin_port, 8081);
    assert_int_equal(config.n_service_links, ARRAY_LENGTH(links));
}

static void every_malformed_value_is_named_and_none_is_repeated(void **state)
{
    (void)state;
    setenv("ANZE_PORT", "80x80", 1);
    setenv("ANZE_HSTS", "maybe", 1);
    assert_false(config_load(arena, &config, &complaints));
    assert_non_null(strstr(complaints.bytes, "ANZE_PORT must be a whole number from 0 to 65535"));
    assert_non_null(strstr(complaints.bytes, "ANZE_HSTS must be true or false"));
    assert_null(strstr(complaints.bytes, "80x80"));
}

static void the_environment_wins_over_the_file(void **state)
{
    (void)state;
    char path[] = "/tmp/anze-config-XXXXXX";
    int fd = mkstemp(path);
    static const char text[] = "# comment\n ANZE_PORT = 9001 \nANZE_HSTS=true\n";
    assert_int_equal(write(fd, text, sizeof text - 1), sizeof text - 1);
    close(fd);
    setenv("ANZE_CONFIG_FILE", path, 1);
    assert_true(config_load(arena, &config, &complaints));
    assert_int_equal(config.port, 9001);
    assert_true(config.hsts);
    setenv("ANZE_PORT", "9002", 1);
    assert_true(config_load(arena, &config, &complaints));
    assert_int_equal(config.port, 9002);
    unlink(path);
}

static void secrets_are_masked_when_printed(void **state)
{
    (void)state;
    setenv("ANZE_CURSOR_KEY", "very-secret-indeed", 1);
    assert_true(config_load(arena, &config, &complaints));
    struct text out = text_on(arena);
    config_print(&config, &out);
    assert_non_null(strstr(out.bytes, "ANZE_CURSOR_KEY=********\n"));
    assert_null(strstr(out.bytes, "very-secret"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(defaults_hold_without_any_environment, begin, end),
        cmocka_unit_test_setup_teardown(an_unknown_key_is_named, begin, end),
        cmocka_unit_test_setup_teardown(what_kubernetes_says_of_a_service_of_our_name_is_passed_over, begin, end),
        cmocka_unit_test_setup_teardown(every_malformed_value_is_named_and_none_is_repeated, begin, end),
        cmocka_unit_test_setup_teardown(the_environment_wins_over_the_file, begin, end),
        cmocka_unit_test_setup_teardown(secrets_are_masked_when_printed, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
