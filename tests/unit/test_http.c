#include "anze/base/clock.h"
#include "anze/http/client.h"
#include "anze/http/gate.h"
#include "anze/http/limit.h"
#include "anze/http/negotiate.h"

#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

static const struct header host = { { "Host", 4 }, { "a", 1 } };

static enum problem_code gate(const char *version, const struct header *more, size_t n)
{
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    struct header headers[8] = { host };
    struct problem problem = { 0 };
    for (size_t i = 0; i < n; i++)
        headers[i + 1] = more[i];
    const struct message message = { .method = SLICE("GET"), .version = slice_of(version), .headers = headers, .n_headers = n + 1 };
    bool is_good = gate_check(arena, &message, &problem);
    assert_true(problem.closes == !is_good);
    return is_good ? PROBLEM_NONE : problem.code;
}

#define HEADER(name, value) { { name, sizeof(name) - 1 }, { value, sizeof(value) - 1 } }

static const struct {
    const char *what;
    struct header headers[2];
    size_t n;
    enum problem_code expected;
} gate_cases[] = {
    { "nothing odd", { HEADER("Accept", "a/b") }, 1, PROBLEM_NONE },
    { "two Host", { HEADER("host", "b") }, 1, PROBLEM_BAD_REQUEST },
    { "two Content-Length", { HEADER("Content-Length", "3"), HEADER("content-length", "3") }, 2, PROBLEM_BAD_REQUEST },
    { "both framings", { HEADER("Content-Length", "3"), HEADER("Transfer-Encoding", "chunked") }, 2, PROBLEM_BAD_REQUEST },
    { "odd coding", { HEADER("Transfer-Encoding", "gzip, chunked") }, 1, PROBLEM_BAD_REQUEST },
    { "chunked alone", { HEADER("Transfer-Encoding", "Chunked") }, 1, PROBLEM_NONE },
    { "signed length", { HEADER("Content-Length", "+4") }, 1, PROBLEM_BAD_REQUEST },
    { "list of lengths", { HEADER("Content-Length", "4,4") }, 1, PROBLEM_BAD_REQUEST },
    { "two Authorization", { HEADER("Authorization", "Bearer a"), HEADER("authorization", "Bearer b") }, 2, PROBLEM_BAD_REQUEST },
    { "control in value", { HEADER("X-A", "a\0b") }, 1, PROBLEM_BAD_REQUEST },
    { "space in name", { HEADER("X A", "a") }, 1, PROBLEM_BAD_REQUEST },
    { "name ends in space", { HEADER("Content-Length ", "3") }, 1, PROBLEM_BAD_REQUEST },
    { "unknown expectation", { HEADER("Expect", "something") }, 1, PROBLEM_EXPECTATION_FAILED },
    { "100-continue", { HEADER("Expect", "100-continue"), HEADER("Content-Length", "2") }, 2, PROBLEM_NONE },
    { "100-continue and chunks", { HEADER("Expect", "100-continue"), HEADER("Transfer-Encoding", "chunked") }, 2, PROBLEM_NONE },
    { "100-continue for nothing", { HEADER("Expect", "100-continue") }, 1, PROBLEM_EXPECTATION_FAILED },
    { "100-continue for no bytes", { HEADER("Expect", "100-continue"), HEADER("Content-Length", "00") }, 2, PROBLEM_EXPECTATION_FAILED },
};

static void messages_that_two_readers_may_read_differently_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(gate_cases); i++) {
        enum problem_code code = gate("HTTP/1.1", gate_cases[i].headers, gate_cases[i].n);
        if (code != gate_cases[i].expected)
            fail_msg("%s: %d", gate_cases[i].what, code);
    }
    assert_int_equal(gate("HTTP/1.9", NULL, 0), PROBLEM_VERSION_NOT_SUPPORTED);
    assert_int_equal(gate("HTTP/1.0", NULL, 0), PROBLEM_NONE);
}

static void media_ranges_follow_weight_and_specificity(void **state)
{
    (void)state;
    static const char *const json[] = { "application/json", NULL };
    static const struct {
        const char *accept;
        bool taken;
    } cases[] = {
        { NULL, true },
        { "", true },
        { "*/*", true },
        { "application/*", true },
        { "application/json", true },
        { "APPLICATION/JSON;q=0.1", true },
        { "text/html", false },
        { "application/json;q=0, */*", false },
        { "application/json;q=0", false },
        { "text/*, application/json;q=0.5", true },
        { "application/jsonx", false },
        { "*/*;q=0", false },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        if ((negotiate_media(slice_of(cases[i].accept), json) != NULL) != cases[i].taken)
            fail_msg("%s", cases[i].accept);
}

static void of_two_media_types_the_one_that_is_liked_better_comes(void **state)
{
    (void)state;
    static const char *const offers[] = { "application/json", "text/event-stream", NULL };
    static const struct {
        const char *accept, *chosen;
    } cases[] = {
        { "", "application/json" },
        { "*/*", "application/json" },
        { "text/event-stream", "text/event-stream" },
        { "text/*, */*;q=0.1", "text/event-stream" },
        { "text/event-stream;q=0.5, application/json;q=0.4", "text/event-stream" },
        { "text/event-stream;q=0.5, application/json;q=0.6", "application/json" },
        { "text/html", NULL },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const char *chosen = negotiate_media(slice_of(cases[i].accept), offers);
        if (chosen != cases[i].chosen && (!chosen || !cases[i].chosen || strcmp(chosen, cases[i].chosen) != 0))
            fail_msg("%s: %s", cases[i].accept, chosen ? chosen : "none");
    }
    assert_null(negotiate_media(SLICE_NONE, offers + 2));
}

static void chinese_is_spoken_unless_english_is_liked_better(void **state)
{
    (void)state;
    assert_int_equal(negotiate_language(SLICE_NONE), LANGUAGE_ZH);
    assert_int_equal(negotiate_language(SLICE("en")), LANGUAGE_EN);
    assert_int_equal(negotiate_language(SLICE("en-GB,zh;q=0.5")), LANGUAGE_EN);
    assert_int_equal(negotiate_language(SLICE("zh-CN,en;q=0.9")), LANGUAGE_ZH);
    assert_int_equal(negotiate_language(SLICE("fr, *;q=0.1")), LANGUAGE_ZH);
    assert_int_equal(negotiate_language(SLICE("en;q=0")), LANGUAGE_ZH);
}

static void only_the_media_type_of_the_contract_in_utf8_is_taken(void **state)
{
    (void)state;
    assert_true(media_matches(SLICE("application/json"), "application/json"));
    assert_true(media_matches(SLICE("Application/JSON; charset=UTF-8"), "application/json"));
    assert_false(media_matches(SLICE("application/jsonx"), "application/json"));
    assert_false(media_matches(SLICE("application/json; charset=gbk"), "application/json"));
    assert_false(media_matches(SLICE("text/plain;x=application/json"), "application/json"));
}

static void if_none_match_compares_weakly_and_knows_lists(void **state)
{
    (void)state;
    assert_true(none_match_hits(SLICE("\"4\""), "4"));
    assert_true(none_match_hits(SLICE("W/\"4\""), "4"));
    assert_true(none_match_hits(SLICE("\"4-gzip\""), "4"));
    assert_true(none_match_hits(SLICE("\"3\", \"4\""), "4"));
    assert_true(none_match_hits(SLICE("*"), "4"));
    assert_false(none_match_hits(SLICE("\"44\""), "4"));
    assert_false(none_match_hits(SLICE("4"), "4"));
    assert_false(none_match_hits(SLICE_NONE, "4"));
}

static void a_caller_over_its_limit_is_told_when_to_come_back(void **state)
{
    (void)state;
    struct limiter *limiter = limiter_new(3, 60);
    for (int i = 0; i < 3; i++)
        assert_true(limiter_take(limiter, "a").allowed);
    struct limit_verdict over = limiter_take(limiter, "a");
    assert_false(over.allowed);
    assert_int_equal(over.remaining, 0);
    assert_in_range(over.reset_s, 1, 60);
    assert_true(limiter_take(limiter, "b").allowed);
    limiter_free(limiter);
}

/* "" where nobody knows. */
static const char *share(struct arena *arena, const char *proxies, const char *peer, const char *hops)
{
    struct text complaints = text_on(arena);
    struct header lines[2];
    size_t n_lines = 0;
    for (const char *at = hops; at && n_lines < 2;) { /* lines end in | */
        size_t length = strcspn(at, "|");
        lines[n_lines++] = (struct header){ slice_of("x-forwarded-for"), { at, length } };
        at = at[length] ? at + length + 1 : NULL;
    }
    const struct message message = { .peer = address_read(slice_of(peer)), .headers = lines, .n_headers = n_lines };
    const struct clients *clients = clients_read(arena, proxies, &complaints);
    assert_int_equal(complaints.length, 0);
    const char *found = clients_share(clients, arena, &message);
    return found ? found : "";
}

#define V4 "00000000000000000000ffff"
static const char ours[] = "192.0.2.1 10.0.0.0/9\tfd00::/7";
static const char client[] = V4 "cb007105"; /* 203.0.113.5 */
static const struct {
    const char *proxies, *peer, *hops, *share;
} ways[] = {
    { ours, "203.0.113.5", NULL, client },
    { ours, "203.0.113.5", "198.51.100.9", client }, /* he says so himself */
    { ours, "192.0.2.1", "203.0.113.5", client },
    { ours, "192.0.2.1", "198.51.100.9,\t203.0.113.5 ", client },
    { ours, "192.0.2.1", "198.51.100.9|203.0.113.5", client }, /* two lines */
    { ours, "192.0.2.1", "198.51.100.9, 203.0.113.5, 10.127.0.4", client },
    { ours, "192.0.2.1", "10.128.0.4", V4 "0a800004" },
    { ours, "192.0.2.1", "203.0.113.5:4711", client },
    { ours, "fdff::1", "[2001:db8:1:2:3:4:5:6]:80", "20010db800010002" },
    { ours, "192.0.2.1", "2001:db8:1:2:ffff::", "20010db800010002" },
    { ours, "192.0.2.1", NULL, "" },
    { ours, "192.0.2.1", "10.0.0.1, 192.0.2.1", "" },
    { ours, "192.0.2.1", "203.0.113.5, unknown", "" },
    { ours, "192.0.2.1", "203.0.113.5,", "" },
    { ours, "", "203.0.113.5", "" },
    { "none", "203.0.113.5", "198.51.100.9", client },
    { "", "203.0.113.5", NULL, client },
    { "", "192.0.2.1", "198.51.100.9, 203.0.113.5", V4 "c0000201 " V4 "cb007105" },
    { "", "192.0.2.1", "2001:db8:1:2:3::", V4 "c0000201 20010db800010002" },
};

static void a_share_is_of_the_first_on_the_way_back_who_is_no_proxy_of_ours(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    for (size_t i = 0; i < ARRAY_LENGTH(ways); i++)
        if (strcmp(share(arena, ways[i].proxies, ways[i].peer, ways[i].hops), ways[i].share) != 0)
            fail_msg("%zu: %s", i, share(arena, ways[i].proxies, ways[i].peer, ways[i].hops));
}

static void proxies_that_are_no_addresses_stop_the_start(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    static const char *const faulty[] = { "proxy", "none 192.0.2.1", "10.0.0.0/33", "10.0.0.0/", "fd00::/129", "10.0.0.0/8x",
                                          "300.0.0.1", "::" };
    for (size_t i = 0; i < ARRAY_LENGTH(faulty); i++) {
        struct text complaints = text_on(arena);
        assert_non_null(clients_read(arena, faulty[i], &complaints));
        assert_non_null(strstr(complaints.bytes, "ANZE_TRUSTED_PROXIES"));
    }
}

static void preferences_are_taken_by_name(void **state)
{
    (void)state;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    struct preferences p = preferences_read(SLICE("return=minimal, handling=lenient,wait=10"));
    assert_true(p.minimal && p.lenient && !p.dry_run && !p.count);
    assert_string_equal(preferences_applied(arena, &p), "handling=lenient, return=minimal");
    p = preferences_read(SLICE_NONE);
    assert_null(preferences_applied(arena, &p));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_that_two_readers_may_read_differently_are_refused),
        cmocka_unit_test(media_ranges_follow_weight_and_specificity),
        cmocka_unit_test(of_two_media_types_the_one_that_is_liked_better_comes),
        cmocka_unit_test(chinese_is_spoken_unless_english_is_liked_better),
        cmocka_unit_test(only_the_media_type_of_the_contract_in_utf8_is_taken),
        cmocka_unit_test(if_none_match_compares_weakly_and_knows_lists),
        cmocka_unit_test(a_caller_over_its_limit_is_told_when_to_come_back),
        cmocka_unit_test(a_share_is_of_the_first_on_the_way_back_who_is_no_proxy_of_ours),
        cmocka_unit_test(proxies_that_are_no_addresses_stop_the_start),
        cmocka_unit_test(preferences_are_taken_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
