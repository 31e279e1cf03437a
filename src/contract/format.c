#include "anze/contract/format.h"
#include "anze/base/attributes.h"
#include "anze/base/utf8.h"

#include <assert.h>
#include <ctype.h>

static bool is_digits(struct slice text, size_t from, size_t n)
{
    if (text.length < from + n)
        return false;
    for (size_t i = from; i < from + n; i++)
        if (text.bytes[i] < '0' || text.bytes[i] > '9')
            return false;
    return true;
}

static int number_at(struct slice text, size_t from, size_t n)
{
    int number = 0;
    for (size_t i = from; i < from + n; i++)
        number = number * 10 + (text.bytes[i] - '0');
    return number;
}

/* Every byte fits the mask: 9 a digit, T either case of T, else itself. */
static bool fits(struct slice text, const char *mask)
{
    size_t n = strlen(mask);
    if (text.length < n)
        return false;
    for (size_t i = 0; i < n; i++) {
        char c = text.bytes[i];
        if (mask[i] == '9' ? c < '0' || c > '9' : mask[i] == 'T' ? (c | 0x20) != 't' : c != mask[i])
            return false;
    }
    return true;
}

static int days_in(int year, int month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

/* The years in which a date can be meant: birthdays on one side, far deadlines on the other. */
static bool is_day(struct slice text)
{
    int year = number_at(text, 0, 4), month = number_at(text, 5, 2), day = number_at(text, 8, 2);
    return year >= 1900 && year <= 2199 && month >= 1 && month <= 12 && day >= 1 && day <= days_in(year, month);
}

static bool is_date(struct slice text)
{
    return text.length == 10 && fits(text, "9999-99-99") && is_day(text);
}

/* Z, +08:00, -03:30. */
static bool is_offset(struct slice text)
{
    if (text.length == 1)
        return text.bytes[0] == 'Z' || text.bytes[0] == 'z';
    if (text.length != 6 || !(fits(text, "+99:99") || fits(text, "-99:99")))
        return false;
    return number_at(text, 1, 2) <= 15 && number_at(text, 4, 2) <= 59;
}

static bool is_date_time(struct slice text)
{
    size_t at = 19;
    if (!fits(text, "9999-99-99T99:99:99") || !is_day(text))
        return false;
    if (number_at(text, 11, 2) > 23 || number_at(text, 14, 2) > 59 || number_at(text, 17, 2) > 59)
        return false;
    if (at < text.length && text.bytes[at] == '.') {
        size_t begin = ++at;
        while (is_digits(text, at, 1))
            at++;
        if (at == begin || at - begin > 9)
            return false;
    }
    return is_offset((struct slice){ text.bytes + at, text.length - at });
}

static bool is_uuid(struct slice text)
{
    if (text.length != 36)
        return false;
    for (size_t i = 0; i < 36; i++) {
        char c = text.bytes[i];
        bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
        if (hyphen ? c != '-' : !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
            return false;
    }
    return true;
}

static bool is_ascii_alnum(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static bool is_one_of(char c, const char *set)
{
    return c && strchr(set, c);
}

/* Dot-separated runs of letters, digits and the extra characters; none empty. */
static bool is_dotted(struct slice text, const char *extra, size_t longest)
{
    size_t run = 0;
    for (size_t i = 0; i < text.length; i++) {
        if (text.bytes[i] == '.' && run > 0)
            run = 0;
        else if (is_ascii_alnum(text.bytes[i]) || is_one_of(text.bytes[i], extra))
            run++;
        else
            return false;
        if (run > longest)
            return false;
    }
    return run > 0;
}

static bool is_email(struct slice text)
{
    const char *at = memrchr(text.bytes, '@', text.length);
    if (!at || text.length > 254 || at - text.bytes > 64)
        return false;
    struct slice local = { text.bytes, (size_t)(at - text.bytes) };
    struct slice domain = { at + 1, text.length - local.length - 1 };
    if (domain.length == 0 || domain.bytes[0] == '-' || domain.bytes[domain.length - 1] == '-')
        return false;
    return is_dotted(local, "!#$%&'*+/=?^_`{|}~-", 64) && is_dotted(domain, "-", 63);
}

/* Length of the run of characters that RFC 3986 allows, with whole percent-escapes. */
static size_t uri_run(struct slice text, size_t at, const char *extra)
{
    for (; at < text.length; at++) {
        char c = text.bytes[at];
        if (c == '%') {
            if (text.length - at < 3 || !isxdigit((unsigned char)text.bytes[at + 1])
                || !isxdigit((unsigned char)text.bytes[at + 2]))
                break;
            at += 2;
        } else if (!is_ascii_alnum(c) && !is_one_of(c, "-._~!$&'()*+,;=:@") && !is_one_of(c, extra))
            break;
    }
    return at;
}

static size_t authority_end(struct slice text, size_t at)
{
    at = uri_run(text, at, "");
    if (at < text.length && text.bytes[at] == '[') {
        const char *close = memchr(text.bytes + at, ']', text.length - at);
        if (!close)
            return at;
        for (const char *c = text.bytes + at + 1; c < close; c++)
            if (!isxdigit((unsigned char)*c) && !is_one_of(*c, ":.v"))
                return at;
        at = uri_run(text, (size_t)(close - text.bytes) + 1, "");
    }
    return at;
}

static bool is_uri(struct slice text)
{
    size_t at = 0;
    while (at < text.length && (is_ascii_alnum(text.bytes[at]) || (at && is_one_of(text.bytes[at], "+-."))))
        at++;
    if (at == 0 || at == text.length || text.bytes[at] != ':' || isdigit((unsigned char)text.bytes[0]))
        return false;
    at++;
    if (text.length - at >= 2 && text.bytes[at] == '/' && text.bytes[at + 1] == '/')
        at = authority_end(text, at + 2);
    at = uri_run(text, at, "/?");
    if (at < text.length && text.bytes[at] == '#')
        at = uri_run(text, at + 1, "/?");
    return at == text.length;
}

/* GB 32100-2015: the registry and the kinds of body that it registers, which are the first two characters. */
static const struct {
    char registry;
    const char *kinds;
} registries[] = {
    { '1', "1239" }, { '2', "19" }, { '3', "123459" }, { '4', "19" }, { '5', "1239" },  { '6', "129" },
    { '7', "129" },  { '8', "19" }, { '9', "123" },    { 'A', "19" }, { 'N', "1239" },  { 'Y', "1" },
};

static bool is_registered_kind(struct slice code)
{
    for (size_t i = 0; i < ARRAY_LENGTH(registries); i++)
        if (registries[i].registry == code.bytes[0])
            return is_one_of(code.bytes[1], registries[i].kinds);
    return false;
}

/* A county, city or province by GB/T 2260, or 100000, the nation: provinces are known by their numbers, cities go to 70
 * and 90 stands for what a province governs itself. Which of them exist, and when, the table of divisions knows. */
static bool is_division(struct slice code, size_t from)
{
    static const int last_of_area[] = { 0, 5, 3, 7, 6, 4, 5, 1, 2 };
    int area = number_at(code, from, 1), province = number_at(code, from + 1, 1), city = number_at(code, from + 2, 2);
    if (area == 1 && province == 0)
        return number_at(code, from + 2, 4) == 0;
    return area >= 1 && area <= 8 && province <= last_of_area[area] && (province >= 1 || area == 5)
           && (city <= 70 || city == 90);
}

static const char credit_alphabet[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";

static int credit_value(char c)
{
    const char *found = c ? strchr(credit_alphabet, c) : NULL;
    return found ? (int)(found - credit_alphabet) : -1;
}

/* The last character makes the sum of all, weighted by 3^i, a multiple of 31. */
static bool has_check_character(struct slice code)
{
    int sum = 0, weight = 1;
    for (size_t i = 0; i < 18; i++) {
        sum += credit_value(code.bytes[i]) * weight;
        weight = weight * 3 % 31;
    }
    return sum % 31 == 0;
}

/* GB 11714: the body's own nine characters, the last of which is their check; digits only, as a person's number has. */
static bool has_body_check(struct slice code)
{
    static const int weights[] = { 3, 7, 9, 10, 5, 8, 4, 2 };
    int sum = 0;
    for (size_t i = 0; i < 8; i++)
        sum += number_at(code, 8 + i, 1) * weights[i];
    int check = (11 - sum % 11) % 11;
    return code.bytes[16] == (check == 10 ? 'X' : (char)('0' + check));
}

/* 公民身份号码: a birthday where it has one, and not every check of a code fits. */
static bool is_personal(struct slice text)
{
    if (!is_digits(text, 0, 17) || !(is_digits(text, 17, 1) || text.bytes[17] == 'X'))
        return false;
    int century = number_at(text, 6, 2), month = number_at(text, 10, 2), day = number_at(text, 12, 2);
    return (century == 19 || century == 20) && month >= 1 && month <= 12 && day >= 1 && day <= 31
           && !(has_check_character(text) && has_body_check(text));
}

/* GB 32100-2015: registry, kind of body, division, the body's own nine characters and the check character. Codes with a
 * wrong check character have been given out and are in use, so that it is not asked; the database marks them. */
static bool is_credit_code(struct slice text)
{
    if (text.length != 18 || !is_digits(text, 2, 6))
        return false;
    for (size_t i = 0; i < 18; i++)
        if (credit_value(text.bytes[i]) < 0)
            return false;
    return is_registered_kind(text) && is_division(text, 2) && !is_personal(text);
}

static bool is_region_code(struct slice text)
{
    bool level = text.length == 2 || text.length == 4 || text.length == 6 || text.length == 9 || text.length == 12;
    return level && is_digits(text, 0, text.length) && text.bytes[0] != '0';
}

struct range {
    uint32_t first, last;
};

/* What makes a text look other than it is, wherever it stands: control and bidi characters, tags, noncharacters.
 * Variation selectors and the separator of Mongolian script (U+180B-180E) are not among them, nor are the joiners
 * (U+200C, U+200D), of which emoji and words are made: names here are written with them. */
static const struct range never[] = {
    { 0x00, 0x1f },     { 0x7f, 0x9f },     { 0x61c, 0x61c },   { 0x200e, 0x200f }, { 0x2028, 0x202e },
    { 0x2061, 0x206f }, { 0xfdd0, 0xfdef }, { 0xfff9, 0xfffb }, { 0xe0000, 0xe007f },
};

/* What only says where a line may break: a name that is compared has none of it, a longer text that was pasted may. */
static const struct range breaks[] = {
    { 0xad, 0xad }, { 0x200b, 0x200b }, { 0x2060, 0x2060 }, { 0xfeff, 0xfeff },
};

static bool is_within(uint32_t point, const struct range *ranges, size_t n)
{
    for (size_t i = 0; i < n && point >= ranges[i].first; i++)
        if (point <= ranges[i].last)
            return true;
    return false;
}

static bool is_plain_point(uint32_t point)
{
    return !is_within(point, never, ARRAY_LENGTH(never)) && !is_within(point, breaks, ARRAY_LENGTH(breaks))
           && (point & 0xfffe) != 0xfffe;
}

static bool is_in_lines(uint32_t point)
{
    return point == '\n' || point == '\t' || is_plain_point(point) || is_within(point, breaks, ARRAY_LENGTH(breaks));
}

static bool is_text(struct slice text, bool (*is_taken)(uint32_t point))
{
    for (size_t at = 0; at < text.length;) {
        uint32_t point = 0;
        size_t length = utf8_next((struct slice){ text.bytes + at, text.length - at }, &point);
        if (length == 0 || !is_taken(point))
            return false;
        at += length;
    }
    return true;
}

static bool is_plain_text(struct slice text)
{
    return is_text(text, is_plain_point);
}

static bool is_multiline_text(struct slice text)
{
    return is_text(text, is_in_lines);
}

static const struct format {
    const char *name;
    format_check *check;
    const char *zh, *en;
} formats[] = {
    { "date", is_date, "必须是存在的日期，如 2026-02-28", "must be a date that exists, such as 2026-02-28" },
    { "date-time", is_date_time, "必须是带时区的时间，如 2026-02-28T08:30:00+08:00",
      "must be a time with offset, such as 2026-02-28T08:30:00+08:00" },
    { "uuid", is_uuid, "必须是小写的 UUID", "must be a UUID in lower case" },
    { "email", is_email, "必须是电子邮箱地址", "must be an email address" },
    { "uri", is_uri, "必须是绝对 URI", "must be an absolute URI" },
    { "credit-code", is_credit_code, "必须是统一社会信用代码 (GB 32100-2015)，不能是公民身份号码",
      "must be a unified social credit code (GB 32100-2015), and no number of a person" },
    { "region-code", is_region_code, "必须是行政区划代码：2、4、6、9 或 12 位数字",
      "must be a division code: 2, 4, 6, 9 or 12 digits" },
    { "plain-text", is_plain_text, "必须是单行文字，不含控制字符和不可见字符",
      "must be one line of text without control or invisible characters" },
    { "multiline-text", is_multiline_text, "必须是文字，不含换行和制表符以外的控制字符和双向控制字符",
      "must be text without control characters, except line feeds and tabs, and without bidi controls" },
};

static const struct format *find_format(const char *name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(formats); i++)
        if (strcmp(formats[i].name, name) == 0)
            return &formats[i];
    return NULL;
}

format_check *format_find(const char *name)
{
    const struct format *format = find_format(name);
    return format ? format->check : NULL;
}

const char *format_sentence_zh(const char *name)
{
    const struct format *format = find_format(name);
    assert(format);
    return format->zh;
}

const char *format_sentence_en(const char *name)
{
    const struct format *format = find_format(name);
    assert(format);
    return format->en;
}
