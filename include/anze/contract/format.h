#ifndef ANZE_CONTRACT_FORMAT_H
#define ANZE_CONTRACT_FORMAT_H

#include "anze/base/slice.h"
#include <stdbool.h>

/* The table of formats that schemas may name; openapi/README.md says the same for those who write contracts.
 *
 *   date            2026-02-28, a day that exists, year 1900-2199
 *   date-time       RFC 3339 with offset (at most 15:59), seconds 00-59, at most 9 decimals, year 1900-2199
 *   uuid            8-4-4-4-12 hexadecimal digits in lower case: one spelling per thing, so that it can be compared
 *   email           local part and domain in ASCII
 *   uri             RFC 3986, absolute
 *   credit-code     统一社会信用代码, GB 32100-2015: registry, kind, division; no check character
 *   region-code     行政区划代码, GB/T 2260 and below: 2, 4, 6, 9 or 12 digits
 *   plain-text      one line: no control, bidi, break or noncharacters; joiners are taken
 *   multiline-text  plain-text with line feeds, tabs and invisible breaks
 *
 * Text given to a check is valid UTF-8. */
typedef bool format_check(struct slice text);

/* NULL: no such format. */
format_check *format_find(const char *name);

/* What the value must be, for the fault: 必须是…/must be …. The name must be one that format_find knows. */
const char *format_sentence_zh(const char *name);
const char *format_sentence_en(const char *name);

#endif
