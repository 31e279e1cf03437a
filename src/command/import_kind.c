#include "import_kind.h"
#include "anze/base/utf8.h"
#include "anze/contract/format.h"

enum { MAX_VALUE_BYTES = 8000 };

static const struct import_column region_columns[] = {
    { "code", FORM_LINE, true },
    { "name", FORM_LINE, true },
    { "parent", FORM_LINE, false },
    { "from", FORM_DAY, false },
    { "until", FORM_DAY, false },
};

static const struct import_column unit_columns[] = {
    { "code", FORM_LINE, false },
    { "credit_code", FORM_LINE, false },
    { "kind", FORM_LINE, true },
    { "name", FORM_LINE, true },
    { "region_code", FORM_LINE, true },
    { "sector", FORM_LINE, false },
    { "level", FORM_LINE, false },
    { "supervision_role", FORM_LINE, false },
    { "supervised_sectors", FORM_LIST, false },
    { "accountable_to", FORM_LINE, false },
    { "group", FORM_LINE, false },
    { "zone", FORM_LINE, false },
    { "risk_class", FORM_LINE, false },
    { "site_kind", FORM_LINE, false },
    { "high_risk", FORM_LIST, false },
    { "opened_on", FORM_DAY, false },
    { "closed_on", FORM_DAY, false },
    { "effective_on", FORM_DAY, false },
};

static const struct import_column person_columns[] = {
    { "unit", FORM_LINE, true },
    { "code", FORM_LINE, true },
    { "name", FORM_LINE, true },
    { "phone", FORM_LINE, false },
    { "qualifications", FORM_LIST, false },
};

static const struct import_column appointment_columns[] = {
    { "person_unit", FORM_LINE, false },
    { "person_code", FORM_LINE, true },
    { "unit", FORM_LINE, true },
    { "post", FORM_LINE, true },
    { "held_from", FORM_DAY, true },
    { "held_until", FORM_DAY, false },
    { "document_number", FORM_LINE, false },
    { "ending_document_number", FORM_LINE, false },
    { "portfolio", FORM_LIST, false },
    { "portfolio_note", FORM_LINES, false },
    { "is_full_time", FORM_FLAG, false },
};

static const struct import_kind kinds[] = {
    { "regions", "importRegions", "anze.region_span", ARRAY_LENGTH(region_columns), region_columns },
    { "units", "importUnits", "anze.unit", ARRAY_LENGTH(unit_columns), unit_columns },
    { "people", "importPeople", "anze.person", ARRAY_LENGTH(person_columns), person_columns },
    { "appointments", "importAppointments", "anze.appointment", ARRAY_LENGTH(appointment_columns),
      appointment_columns },
};

const struct import_kind *import_kind_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++)
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    return NULL;
}

static const char *const formats[] = {
    [FORM_LINE] = "plain-text", [FORM_LINES] = "multiline-text", [FORM_DAY] = "date",
    [FORM_FLAG] = "plain-text", [FORM_LIST] = "plain-text",
};

static bool refuse_value(const char **ret_zh, const char **ret_en, const char *zh, const char *en)
{
    *ret_zh = zh;
    *ret_en = en;
    return false;
}

/* An empty value is none, whatever the form. */
bool import_value_check(const struct import_column *column, struct slice value, const char **ret_zh,
                        const char **ret_en)
{
    const char *format = formats[column->form];
    if (!value.length)
        return !column->is_required || refuse_value(ret_zh, ret_en, "必须填写", "must be given");
    if (value.length > MAX_VALUE_BYTES)
        return refuse_value(ret_zh, ret_en, "超过 8000 字节", "is longer than 8000 bytes");
    if (!utf8_is_valid(value))
        return refuse_value(ret_zh, ret_en, "不是有效的 UTF-8", "is not valid UTF-8");
    if (!format_find(format)(value))
        return refuse_value(ret_zh, ret_en, format_sentence_zh(format), format_sentence_en(format));
    if (*value.bytes == ' ' || value.bytes[value.length - 1] == ' ')
        return refuse_value(ret_zh, ret_en, "首尾不能有空格", "begins or ends with a blank");
    if (column->form == FORM_FLAG && !slice_equals(value, "true") && !slice_equals(value, "false"))
        return refuse_value(ret_zh, ret_en, "必须是 true 或 false", "must be true or false");
    return true;
}
