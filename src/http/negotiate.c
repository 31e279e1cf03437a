#include "anze/http/negotiate.h"
#include "anze/base/etag.h"

#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

static struct slice trimmed_value(struct slice text)
{
    while (text.length && (*text.bytes == ' ' || *text.bytes == '\t'))
        text.bytes++, text.length--;
    while (text.length && (text.bytes[text.length - 1] == ' ' || text.bytes[text.length - 1] == '\t'))
        text.length--;
    return text;
}

/* Takes the part up to `separator` off the front, trimmed. False at the end. */
static bool next_part(struct slice *rest, char separator, struct slice *ret_part)
{
    if (!rest->bytes)
        return false;
    const char *end = memchr(rest->bytes, separator, rest->length);
    size_t length = end ? (size_t)(end - rest->bytes) : rest->length;
    *ret_part = trimmed_value((struct slice){ rest->bytes, length });
    *rest = end ? (struct slice){ end + 1, rest->length - length - 1 } : SLICE_NONE;
    return true;
}

static bool same(struct slice text, const char *word)
{
    return text.length == strlen(word) && strncasecmp(text.bytes, word, text.length) == 0;
}

/* Thousandths; malformed weights count as 0, so that nothing is preferred by mistake. */
static int weight_of(struct slice parameters)
{
    struct slice part;
    while (next_part(&parameters, ';', &part)) {
        if (part.length < 3 || tolower((unsigned char)part.bytes[0]) != 'q' || part.bytes[1] != '=')
            continue;
        char digits[8] = "";
        memcpy(digits, part.bytes + 2, part.length - 2 < 7 ? part.length - 2 : 7);
        double weight = strtod(digits, NULL);
        return weight >= 0 && weight <= 1 ? (int)(weight * 1000) : 0;
    }
    return 1000;
}

/* The weight of the most specific element for which `rank` says more than 0; -1: none matches. */
static int best_weight(struct slice list, int (*rank)(struct slice value, const void *wanted), const void *wanted)
{
    int best_rank = 0, weight = -1;
    struct slice element, value;
    while (next_part(&list, ',', &element)) {
        if (!next_part(&element, ';', &value))
            continue;
        int r = rank(value, wanted);
        if (r > best_rank) {
            best_rank = r;
            weight = weight_of(element);
        }
    }
    return weight;
}

static int rank_media(struct slice value, const void *wanted)
{
    const char *media = wanted, *slash = strchr(media, '/');
    size_t type = (size_t)(slash - media);
    if (same(value, media))
        return 3;
    if (value.length == type + 2 && strncasecmp(value.bytes, media, type + 1) == 0 && value.bytes[type + 1] == '*')
        return 2;
    return same(value, "*/*");
}

const char *negotiate_media(struct slice accept, const char *const *offers)
{
    const char *best = NULL;
    int most = 0;
    if (!trimmed_value(accept).length)
        return *offers;
    for (; *offers; offers++) {
        int weight = best_weight(accept, rank_media, *offers);
        best = weight > most ? *offers : best;
        most = weight > most ? weight : most;
    }
    return best;
}

static int rank_word(struct slice value, const void *wanted)
{
    return same(value, wanted) ? 2 : same(value, "*");
}

/* en covers en-GB; a range asked for covers its subtags. */
static int rank_language(struct slice value, const void *wanted)
{
    if (value.length >= 2 && strncasecmp(value.bytes, wanted, 2) == 0 && (value.length == 2 || value.bytes[2] == '-'))
        return 2;
    return same(value, "*");
}

enum language negotiate_language(struct slice accept_language)
{
    int zh = best_weight(accept_language, rank_language, "zh");
    int en = best_weight(accept_language, rank_language, "en");
    return en > 0 && en > zh ? LANGUAGE_EN : LANGUAGE_ZH;
}

bool negotiate_gzip(struct slice accept_encoding)
{
    return best_weight(accept_encoding, rank_word, "gzip") > 0;
}

bool media_matches(struct slice content_type, const char *media)
{
    struct slice part;
    if (!next_part(&content_type, ';', &part) || !same(part, media))
        return false;
    while (next_part(&content_type, ';', &part))
        if (!same(part, "charset=utf-8") && !same(part, "charset=\"utf-8\""))
            return false;
    return true;
}

struct preferences preferences_read(struct slice prefer)
{
    struct preferences found = { 0 };
    struct slice part;
    while (next_part(&prefer, ',', &part)) {
        found.lenient |= same(part, "handling=lenient");
        found.minimal |= same(part, "return=minimal");
        found.dry_run |= same(part, "dry-run");
        found.count |= same(part, "count=exact");
    }
    return found;
}

const char *preferences_applied(struct arena *arena, const struct preferences *applied)
{
    const char *names[] = { applied->lenient ? "handling=lenient" : NULL, applied->minimal ? "return=minimal" : NULL,
                            applied->dry_run ? "dry-run" : NULL, applied->count ? "count=exact" : NULL };
    const char *all = NULL;
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        if (names[i])
            all = all ? arena_printf(arena, "%s, %s", all, names[i]) : names[i];
    return all;
}

bool none_match_hits(struct slice if_none_match, const char *etag)
{
    struct etag asked;
    if (same(trimmed_value(if_none_match), "*"))
        return true;
    while (etag_next(&if_none_match, &asked) == ETAG_TAKEN)
        if (slice_equals(asked.tag, etag))
            return true;
    return false;
}
