#include "schema_node.h"
#include "anze/base/json.h"

#include <stddef.h>
#include <stdint.h>

/* The keywords of JSON Schema 2020-12 that contracts here may use, and how each fills a node. What is not in the
 * table is refused by name. openapi/README.md has the same table for those who write contracts. */
struct keyword {
    const char *name;
    bool (*read)(struct schema_set *set, struct schema *schema, const struct keyword *keyword, const json_t *value);
    size_t field; /* offset of the member of struct schema that it fills */
};

#define FIELD(type) ((type *)((char *)schema + keyword->field))

static const char *place_of_keyword(struct schema_set *set, const struct schema *schema, const char *name)
{
    return arena_printf(set->arena, "%s/%s", schema->where, name);
}

static bool expect(struct schema_set *set, const struct schema *schema, const struct keyword *keyword, bool holds,
                   const char *what)
{
    return holds || schema_complain(set, schema->where, "%s must be %s", keyword->name, what);
}

static bool read_schema(struct schema_set *set, struct schema *schema, const struct keyword *keyword,
                        const json_t *value)
{
    *FIELD(struct schema *) = schema_node(set, value, place_of_keyword(set, schema, keyword->name));
    return true;
}

static bool read_schema_list(struct schema_set *set, struct schema *schema, const struct keyword *keyword,
                             const json_t *value)
{
    struct schema_list *list = FIELD(struct schema_list);
    size_t n = json_array_size(value);
    if (!expect(set, schema, keyword, n > 0, "an array of schemas"))
        return false;
    list->items = arena_array_of(set->arena, struct schema *, n);
    for (size_t i = 0; i < n; i++)
        list->items[i] = schema_node(set, json_array_get(value, i),
                                     arena_printf(set->arena, "%s/%s/%zu", schema->where, keyword->name, i));
    list->n = n;
    return true;
}

static bool read_count(struct schema_set *set, struct schema *schema, const struct keyword *keyword,
                       const json_t *value)
{
    bool whole = json_is_number(value) && json_number_value(value) >= 0 && json_number_value(value) < 1e9
                 && json_number_value(value) <= (double)(size_t)json_number_value(value);
    if (!expect(set, schema, keyword, whole, "a whole number, not negative"))
        return false;
    *FIELD(size_t) = (size_t)json_number_value(value);
    return true;
}

static bool read_bound(struct schema_set *set, struct schema *schema, const struct keyword *keyword,
                       const json_t *value)
{
    if (!expect(set, schema, keyword, json_is_number(value), "a number"))
        return false;
    struct bound *bound = arena_new_of(set->arena, struct bound);
    *bound = (struct bound){ json_number(value), json_text(set->arena, value) };
    *FIELD(struct bound *) = bound;
    return true;
}

static bool read_multiple(struct schema_set *set, struct schema *schema, const struct keyword *keyword,
                          const json_t *value)
{
    return expect(set, schema, keyword, json_is_number(value) && json_number_value(value) > 0, "more than 0") &&
           read_bound(set, schema, keyword, value);
}

static bool read_boolean(struct schema_set *set, struct schema *schema, const struct keyword *keyword,
                         const json_t *value)
{
    *FIELD(bool) = json_is_true(value);
    return expect(set, schema, keyword, json_is_boolean(value), "true or false");
}

static unsigned kind_named(const char *name)
{
    static const struct kind {
        const char *name;
        unsigned kinds;
    } kinds[] = {
        { "null", VALUE_NULL },     { "boolean", VALUE_BOOLEAN }, { "integer", VALUE_INTEGER },
        { "string", VALUE_STRING }, { "array", VALUE_ARRAY },     { "number", VALUE_INTEGER | VALUE_REAL },
        { "object", VALUE_OBJECT },
    };
    for (size_t i = 0; name && i < ARRAY_LENGTH(kinds); i++)
        if (strcmp(kinds[i].name, name) == 0)
            return kinds[i].kinds;
    return 0;
}

static bool read_type(struct schema_set *set, struct schema *schema, const struct keyword *keyword,
                      const json_t *value)
{
    unsigned kinds = kind_named(json_string_value(value));
    bool known = kinds || json_array_size(value) > 0;
    for (size_t i = 0; i < json_array_size(value); i++) {
        unsigned kind = kind_named(json_string_value(json_array_get(value, i)));
        known &= kind != 0;
        kinds |= kind;
    }
    schema->kinds = kinds;
    return expect(set, schema, keyword, known, "the name of a type, or an array of them");
}

static bool read_const(struct schema_set *set, struct schema *schema, const struct keyword *keyword,
                       const json_t *value)
{
    (void)keyword;
    schema->constant = value;
    schema->constant_text = json_text(set->arena, value);
    return true;
}

/* The sentence lists what may be chosen, as far as a sentence can. */
static bool read_enum(struct schema_set *set, struct schema *schema, const struct keyword *keyword,
                      const json_t *value)
{
    enum { MOST_LISTED = 30 };
    size_t n = json_array_size(value);
    struct text text = text_on(set->arena);
    if (!expect(set, schema, keyword, n > 0, "an array of values"))
        return false;
    for (size_t i = 0; i < n && i < MOST_LISTED; i++)
        text_printf(&text, "%s%s", i ? ", " : "", json_text(set->arena, json_array_get(value, i)));
    if (n > MOST_LISTED)
        text_add_string(&text, ", …");
    schema->choices = value;
    schema->choices_text = text.bytes;
    return true;
}

static void release_code(void *code)
{
    pcre2_code_free(code);
}

/* Only patterns that begin at ^, as nearly all do: to find where others begin, machine code reads whole vectors beyond
 * the end of the text, which is harmless, but looks to memory checkers like the faults that they are there to find.
 * Without machine code a pattern is interpreted, which is only slower. */
static void compile_to_machine_code(pcre2_code *code)
{
    uint32_t options = 0;
    pcre2_pattern_info(code, PCRE2_INFO_ALLOPTIONS, &options);
    if (options & PCRE2_ANCHORED)
        pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
}

/* As ECMA-262 understands it: \d and \w are ASCII, $ is the very end. */
static pcre2_code *compile_pattern(struct schema_set *set, const struct schema *schema, const char *text)
{
    int error = 0;
    PCRE2_SIZE offset = 0;
    PCRE2_UCHAR why[120] = "";
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED,
                                     PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_ALT_BSUX | PCRE2_MATCH_UNSET_BACKREF,
                                     &error, &offset, NULL);
    if (!code) {
        pcre2_get_error_message(error, why, sizeof(why));
        schema_complain(set, schema->where, "pattern %s: %s", text, (const char *)why);
        return NULL;
    }
    compile_to_machine_code(code);
    arena_defer(set->arena, release_code, code);
    return code;
}

static bool read_pattern(struct schema_set *set, struct schema *schema, const struct keyword *keyword,
                         const json_t *value)
{
    if (!expect(set, schema, keyword, json_is_string(value), "a regular expression"))
        return false;
    schema->pattern = compile_pattern(set, schema, json_string_value(value));
    return schema->pattern;
}

static bool read_format(struct schema_set *set, struct schema *schema, const struct keyword *keyword,
                        const json_t *value)
{
    const char *name = json_string_value(value);
    if (!expect(set, schema, keyword, name, "a string"))
        return false;
    schema->format = format_find(name);
    schema->format_name = name;
    return schema->format || schema_complain(set, schema->where, "unknown format %s", name);
}

static bool read_names_into(struct schema_set *set, const struct schema *schema, const struct keyword *keyword,
                            const json_t *value, struct names *ret_names)
{
    size_t n = json_array_size(value);
    bool strings = json_is_array(value);
    ret_names->items = arena_array_of(set->arena, struct slice, n + 1);
    for (size_t i = 0; i < n && strings; i++) {
        const json_t *name = json_array_get(value, i);
        strings = json_is_string(name);
        ret_names->items[i] = (struct slice){ json_string_value(name), json_string_length(name) };
    }
    ret_names->n = strings ? n : 0;
    return expect(set, schema, keyword, strings, "an array of names");
}

static bool read_name_list(struct schema_set *set, struct schema *schema, const struct keyword *keyword,
                           const json_t *value)
{
    return read_names_into(set, schema, keyword, value, FIELD(struct names));
}

static size_t member_slot(const struct member_table *table, struct slice name)
{
    size_t hash = name.length;
    for (size_t i = 0; i < name.length; i++)
        hash = (hash ^ (unsigned char)name.bytes[i]) * 0x100000001b3u;
    size_t slot = (hash ^ hash >> 17) & (table->room - 1);
    for (const struct member *m; (m = &table->slots[slot])->schema; slot = (slot + 1) & (table->room - 1))
        if (m->name.length == name.length && memcmp(m->name.bytes, name.bytes, name.length) == 0)
            break;
    return slot;
}

const struct member *schema_member(const struct member_table *table, struct slice name)
{
    if (!table->room)
        return NULL;
    const struct member *member = &table->slots[member_slot(table, name)];
    return member->schema ? member : NULL;
}

static bool read_properties(struct schema_set *set, struct schema *schema, const struct keyword *keyword,
                            const json_t *value)
{
    struct member_table *table = &schema->members;
    if (!expect(set, schema, keyword, json_is_object(value), "an object of schemas"))
        return false;
    for (table->room = 4; table->room < json_object_size(value) * 2;)
        table->room *= 2;
    table->slots = arena_array_of(set->arena, struct member, table->room);
    for (void *i = json_object_iter((json_t *)value); i; i = json_object_iter_next((json_t *)value, i)) {
        struct slice name = { json_object_iter_key(i), json_object_iter_key_len(i) };
        const char *where = arena_printf(set->arena, "%s/properties/%s", schema->where, name.bytes);
        table->slots[member_slot(table, name)]
            = (struct member){ name, schema_node(set, json_object_iter_value(i), where) };
    }
    return true;
}

static bool read_pattern_properties(struct schema_set *set, struct schema *schema, const struct keyword *keyword,
                                    const json_t *value)
{
    const char *pattern;
    json_t *node;
    if (!expect(set, schema, keyword, json_is_object(value), "an object of schemas"))
        return false;
    schema->patterns = arena_array_of(set->arena, struct pattern_member, json_object_size(value) + 1);
    json_object_foreach ((json_t *)value, pattern, node) {
        pcre2_code *code = compile_pattern(set, schema, pattern);
        if (code)
            schema->patterns[schema->n_patterns++] =
                (struct pattern_member){ code, schema_node(set, node, place_of_keyword(set, schema, keyword->name)) };
    }
    return true;
}

/* dependentRequired and dependentSchemas share a list: at most one of the two per entry. */
static struct dependency *new_dependencies(struct schema_set *set, struct schema *schema, size_t more)
{
    struct dependency *all = arena_array_of(set->arena, struct dependency, schema->n_dependencies + more + 1);
    if (schema->n_dependencies)
        memcpy(all, schema->dependencies, schema->n_dependencies * sizeof(all[0]));
    schema->dependencies = all;
    return all;
}

static bool read_dependent(struct schema_set *set, struct schema *schema, const struct keyword *keyword,
                           const json_t *value)
{
    const char *name;
    json_t *node;
    bool names = strcmp(keyword->name, "dependentRequired") == 0;
    if (!expect(set, schema, keyword, json_is_object(value), "an object"))
        return false;
    struct dependency *all = new_dependencies(set, schema, json_object_size(value));
    json_object_foreach ((json_t *)value, name, node) {
        struct dependency *dependency = &all[schema->n_dependencies++];
        dependency->name = slice_of(name);
        if (names)
            read_names_into(set, schema, keyword, node, &dependency->required);
        else
            dependency->schema = schema_node(set, node, place_of_keyword(set, schema, keyword->name));
    }
    return true;
}

static bool read_reference(struct schema_set *set, struct schema *schema, const struct keyword *keyword,
                           const json_t *value)
{
    if (!expect(set, schema, keyword, json_is_string(value), "a string"))
        return false;
    schema->reference = schema_reference(set, json_string_value(value), schema->where);
    return schema->reference;
}

/* $defs: each is compiled even if nothing refers to it, so that no mistake hides there. */
static bool read_definitions(struct schema_set *set, struct schema *schema, const struct keyword *keyword,
                             const json_t *value)
{
    const char *name;
    json_t *node;
    if (!expect(set, schema, keyword, json_is_object(value), "an object of schemas"))
        return false;
    json_object_foreach ((json_t *)value, name, node)
        if (!schema_node(set, node, arena_printf(set->arena, "%s/$defs/%s", schema->where, name)))
            return false;
    return true;
}

static bool read_annotation(struct schema_set *set, struct schema *schema, const struct keyword *keyword,
                            const json_t *value)
{
    (void)set, (void)schema, (void)keyword, (void)value;
    return true;
}

#define AT(field) offsetof(struct schema, field)
static const struct keyword keywords[] = {
    { "type", read_type, 0 },
    { "enum", read_enum, 0 },
    { "const", read_const, 0 },
    { "minimum", read_bound, AT(minimum) },
    { "maximum", read_bound, AT(maximum) },
    { "exclusiveMinimum", read_bound, AT(above) },
    { "exclusiveMaximum", read_bound, AT(below) },
    { "multipleOf", read_multiple, AT(multiple_of) },
    { "minLength", read_count, AT(min_length) },
    { "maxLength", read_count, AT(max_length) },
    { "pattern", read_pattern, 0 },
    { "format", read_format, 0 },
    { "required", read_name_list, AT(required) },
    { "properties", read_properties, 0 },
    { "patternProperties", read_pattern_properties, 0 },
    { "additionalProperties", read_schema, AT(additional) },
    { "propertyNames", read_schema, AT(property_names) },
    { "minProperties", read_count, AT(min_properties) },
    { "maxProperties", read_count, AT(max_properties) },
    { "dependentRequired", read_dependent, 0 },
    { "dependentSchemas", read_dependent, 0 },
    { "items", read_schema, AT(items) },
    { "prefixItems", read_schema_list, AT(prefix) },
    { "minItems", read_count, AT(min_items) },
    { "maxItems", read_count, AT(max_items) },
    { "uniqueItems", read_boolean, AT(is_unique) },
    { "contains", read_schema, AT(contains) },
    { "minContains", read_count, AT(min_contains) },
    { "maxContains", read_count, AT(max_contains) },
    { "allOf", read_schema_list, AT(all_of) },
    { "anyOf", read_schema_list, AT(any_of) },
    { "oneOf", read_schema_list, AT(one_of) },
    { "not", read_schema, AT(negated) },
    { "if", read_schema, AT(condition) },
    { "then", read_schema, AT(consequence) },
    { "else", read_schema, AT(alternative) },
    { "$ref", read_reference, 0 },
    { "$defs", read_definitions, 0 },
    { "title", read_annotation, 0 },
    { "description", read_annotation, 0 },
    { "default", read_annotation, 0 },
    { "example", read_annotation, 0 },
    { "examples", read_annotation, 0 },
    { "deprecated", read_annotation, 0 },
    { "readOnly", read_annotation, 0 },
    { "writeOnly", read_annotation, 0 },
    { "$comment", read_annotation, 0 },
};

static const struct keyword *find_keyword(const char *name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(keywords); i++)
        if (strcmp(keywords[i].name, name) == 0)
            return &keywords[i];
    return NULL;
}

void schema_keywords(struct schema_set *set, struct schema *schema)
{
    const char *name;
    json_t *value;
    json_object_foreach ((json_t *)schema->node, name, value) {
        const struct keyword *keyword = find_keyword(name);
        if (keyword)
            keyword->read(set, schema, keyword, value);
        else if (strncmp(name, "x-", 2) != 0)
            schema_complain(set, schema->where, "unknown keyword %s", name);
    }
}
