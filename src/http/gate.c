#include "anze/http/gate.h"

#include <ctype.h>
#include <stdint.h>
#include <strings.h>

static bool is_token_char(unsigned char c)
{
    return isalnum(c) || (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool is_token(struct slice text)
{
    for (size_t i = 0; i < text.length; i++)
        if (!is_token_char((unsigned char)text.bytes[i]))
            return false;
    return text.length > 0;
}

static bool has_control_character(struct slice text)
{
    for (size_t i = 0; i < text.length; i++) {
        unsigned char c = (unsigned char)text.bytes[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return true;
    }
    return false;
}

static bool is_number(struct slice text)
{
    for (size_t i = 0; i < text.length; i++)
        if (!isdigit((unsigned char)text.bytes[i]))
            return false;
    return text.length > 0 && text.length <= 18;
}

/* The other line of a field that may come once; NULL: there is none. */
static const char *repetition_of(struct arena *arena, const struct message *message, struct slice name)
{
    const char *text = arena_strndup(arena, name.bytes, name.length);
    return message_form(name) == HEADER_SINGLE && message_header_count(message, text) > 1 ? text : NULL;
}

static bool check_fields(struct arena *arena, const struct message *message, struct problem *problem)
{
    for (size_t i = 0; i < message->n_headers; i++)
        if (!is_token(message->headers[i].name) || has_control_character(message->headers[i].value))
            return problem_raise(arena, problem, PROBLEM_BAD_REQUEST, "请求头的名称或值含有不允许的字符",
                                 "A header field's name or value has a character that is not allowed");
    for (size_t i = 0; i < message->n_headers; i++) {
        const char *name = repetition_of(arena, message, message->headers[i].name);
        if (name)
            return problem_raise(arena, problem, PROBLEM_BAD_REQUEST, "请求头 %s 不得重复", "The header field %s is repeated",
                                 name);
    }
    return true;
}

static bool check_framing(struct arena *arena, const struct message *message, struct problem *problem)
{
    struct slice length = message_header(message, "Content-Length");
    struct slice coding = message_header(message, "Transfer-Encoding");
    if (length.bytes && coding.bytes)
        return problem_raise(arena, problem, PROBLEM_BAD_REQUEST, "Content-Length 与 Transfer-Encoding 不得同时出现",
                             "Content-Length and Transfer-Encoding may not come together");
    if (length.bytes && !is_number(length))
        return problem_raise(arena, problem, PROBLEM_BAD_REQUEST, "Content-Length 不是有效的数字",
                             "Content-Length is not a number");
    if (coding.bytes && (coding.length != 7 || strncasecmp(coding.bytes, "chunked", 7) != 0))
        return problem_raise(arena, problem, PROBLEM_BAD_REQUEST, "Transfer-Encoding 只接受 chunked",
                             "The only Transfer-Encoding taken is chunked");
    return true;
}

/* A name, an IPv4 or an IPv6 address in brackets, and perhaps a port (RFC 9110 7.2): of a name what DNS and hosts files
 * know, since it comes into links. */
static bool is_host(struct slice host)
{
    size_t n = 0, digits = 0;
    bool is_literal = host.length && host.bytes[0] == '[';
    const char *extra = is_literal ? ":." : "-._~";
    if (is_literal)
        n++;
    while (n < host.length && host.bytes[n] && (isalnum((unsigned char)host.bytes[n]) || strchr(extra, host.bytes[n])))
        n++;
    if (is_literal && (n < 3 || n == host.length || host.bytes[n++] != ']'))
        return false;
    if (n < host.length && host.bytes[n] == ':')
        for (n++; n < host.length && isdigit((unsigned char)host.bytes[n]) && digits < 5; n++)
            digits++;
    return n == host.length;
}

static bool check_host(struct arena *arena, const struct message *message, struct problem *problem)
{
    size_t count = message_header_count(message, "Host");
    if (count != 1 && slice_equals(message->version, "HTTP/1.1"))
        return problem_raise(arena, problem, PROBLEM_BAD_REQUEST, "缺少 Host 请求头", "The Host header field is missing");
    if (count && !is_host(message_header(message, "Host")))
        return problem_raise(arena, problem, PROBLEM_BAD_REQUEST, "Host 应为主机名或地址，可带端口",
                             "Host must be a name or an address, with a port or without");
    return true;
}

static bool has_body(const struct message *message)
{
    struct slice length = message_header(message, "Content-Length");
    for (size_t i = 0; i < length.length; i++)
        if (length.bytes[i] != '0')
            return true;
    return message_header(message, "Transfer-Encoding").bytes;
}

/* Where nothing is to be sent, libmicrohttpd takes what follows for it, and the answer is lost. */
static bool check_expect(struct arena *arena, const struct message *message, struct problem *problem)
{
    struct slice expect = message_header(message, "Expect");
    if (!expect.bytes)
        return true;
    if (expect.length != 12 || strncasecmp(expect.bytes, "100-continue", 12) != 0)
        return problem_raise(arena, problem, PROBLEM_EXPECTATION_FAILED, "只支持 Expect: 100-continue",
                             "The only expectation known is 100-continue");
    if (!has_body(message))
        return problem_raise(arena, problem, PROBLEM_EXPECTATION_FAILED, "没有请求体时不得使用 Expect: 100-continue",
                             "There is no 100-continue for a request without a body");
    return true;
}

static bool is_target(struct slice target)
{
    for (size_t i = 0; i < target.length; i++)
        if ((unsigned char)target.bytes[i] <= ' ' || target.bytes[i] == 0x7f)
            return false;
    return true;
}

static bool check_all(struct arena *arena, const struct message *message, struct problem *problem)
{
    if (message->target_cut)
        return problem_raise(arena, problem, PROBLEM_URI_TOO_LONG, "请求地址最长 %d 字节",
                             "A request target has at most %d bytes", MESSAGE_MAX_TARGET);
    if (message->headers_cut)
        return problem_raise(arena, problem, PROBLEM_HEADERS_TOO_LARGE, "请求头字段过多或过长",
                             "There are too many header fields, or they are too long");
    if (!slice_equals(message->version, "HTTP/1.1") && !slice_equals(message->version, "HTTP/1.0"))
        return problem_raise(arena, problem, PROBLEM_VERSION_NOT_SUPPORTED, "支持 HTTP/1.1 与 HTTP/1.0",
                             "HTTP/1.1 and HTTP/1.0 are supported");
    if (message->head_hides || !is_target(message->target))
        return problem_raise(arena, problem, PROBLEM_BAD_REQUEST, "请求头含有空字符、多余空格或折行",
                             "The head has a NUL, a blank too many or a folded line");
    if (!is_token(message->method))
        return problem_raise(arena, problem, PROBLEM_BAD_REQUEST, "请求方法含有不允许的字符",
                             "The method has a character that is not allowed");
    return check_fields(arena, message, problem) && check_framing(arena, message, problem) &&
           check_host(arena, message, problem) && check_expect(arena, message, problem);
}

/* Whoever sent this may mean something else by the bytes that follow, too. */
bool gate_check(struct arena *arena, const struct message *message, struct problem *problem)
{
    problem->closes = !check_all(arena, message, problem);
    return !problem->closes;
}
