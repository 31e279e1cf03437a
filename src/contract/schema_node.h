#ifndef ANZE_CONTRACT_SCHEMA_NODE_H
#define ANZE_CONTRACT_SCHEMA_NODE_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include "anze/contract/format.h"
#include "anze/contract/schema.h"

#include <pcre2.h>

/* What a schema is once compiled; known to the files schema_*.c alone.
 *
 *   schema_compile.c   the set: one node per JSON node, $ref, cycles, examples
 *   schema_keyword.c   the table of keywords: how each fills a node
 *   schema_check.c     a value against a node: scalars and combinations
 *   schema_collect.c   a value against a node: objects and arrays
 *   schema_fault.c     pointers and sentences */

/* Kinds of JSON value, as bits, since a schema may allow several. A number is either of two. */
enum value_kind {
    VALUE_NULL = 1,
    VALUE_BOOLEAN = 2,
    VALUE_INTEGER = 4,
    VALUE_REAL = 8,
    VALUE_STRING = 16,
    VALUE_ARRAY = 32,
    VALUE_OBJECT = 64
};

/* A number as JSON wrote it: neither of the two kinds holds all values of the other. */
struct number {
    bool is_integer;
    json_int_t integer; /* 0 of a real one */
    double real;        /* the nearest to an integer */
};

struct bound {
    struct number number;
    const char *text; /* as the contract writes it, for the sentence */
};

struct schema_list {
    struct schema **items;
    size_t n;
};

struct names {
    struct slice *items;
    size_t n;
};

/* properties: an open hash table, never full. */
struct member {
    struct slice name;
    struct schema *schema; /* NULL: free slot */
};

struct member_table {
    struct member *slots;
    size_t room; /* a power of two, or 0 */
};

struct pattern_member {
    pcre2_code *pattern;
    struct schema *schema;
};

struct dependency {
    struct slice name;
    struct names required;
    struct schema *schema; /* NULL: only names */
};

struct schema {
    const json_t *node;
    const char *where; /* for complaints */
    struct schema *next;
    enum { UNSEEN, OPEN, DONE } visit; /* for the search for cycles */

    bool is_false; /* the schema that refuses everything */
    unsigned kinds; /* of enum value_kind; 0: any */
    const json_t *constant, *choices;
    const char *constant_text, *choices_text;
    struct schema *reference, *negated, *condition, *consequence, *alternative;
    struct schema_list all_of, any_of, one_of;

    size_t min_length, max_length;
    pcre2_code *pattern;
    format_check *format;
    const char *format_name;

    struct bound *minimum, *maximum, *above, *below, *multiple_of;

    struct names required;
    struct member_table members;
    struct pattern_member *patterns;
    size_t n_patterns;
    struct schema *additional, *property_names;
    size_t min_properties, max_properties;
    struct dependency *dependencies;
    size_t n_dependencies;

    struct schema *items, *contains;
    struct schema_list prefix;
    size_t min_items, max_items, min_contains, max_contains;
    bool is_unique;
};

struct schema_set {
    struct arena *arena;
    const json_t *root;
    struct schema **slots; /* by address of the JSON node */
    size_t room, n;
    struct schema *first, *last;
    struct text *complaints;
    size_t n_complaints;
};

/* One line to the complaints of the running compilation. Always false. */
bool schema_complain(struct schema_set *set, const char *where, const char *format, ...) FORMAT(3, 4);

struct schema *schema_node(struct schema_set *set, const json_t *node, const char *where);
struct schema *schema_reference(struct schema_set *set, const char *reference, const char *where);
void schema_keywords(struct schema_set *set, struct schema *schema);
const json_t *schema_resolve(struct arena *arena, const json_t *root, const char *reference);

/* default, example and examples of every schema compiled so far are values that it takes. */
void schema_set_check_examples(struct schema_set *set, struct text *complaints);

unsigned schema_kind_of(const json_t *value);
const struct member *schema_member(const struct member_table *table, struct slice name);

/* Equality as JSON Schema has it: 1 and 1.0 are the same number, members have no order. */
bool json_same(const json_t *a, const json_t *b);
struct number json_number(const json_t *value);
/* Below 0, 0 or above 0, exactly. */
int number_compare(struct number a, struct number b);
/* Positions of two equal elements. */
bool json_find_twins(struct arena *arena, const json_t *array, size_t *ret_first, size_t *ret_second);

/* Where a value stands in the document: on the stack of the check, from the leaf to the root. */
struct place_in {
    const struct place_in *parent;
    const char *name; /* NULL: an index */
    size_t index;
};

struct check {
    struct arena *arena;
    struct problem *problem; /* NULL: only the verdict */
    const char *in, *base;
    enum problem_code code;
    pcre2_match_data *match;
    size_t steps;
    bool is_trial; /* faults are only counted, to find the branch that fits best */
};

/* A bound on the work for one document, far above what an honest one needs: the product of a recursive schema, its
 * branches and a document made to try them all. */
enum { SCHEMA_MAX_STEPS = 1000000 };

bool check_node(struct check *check, const struct schema *schema, const json_t *value, const struct place_in *place);
bool check_object(struct check *check, const struct schema *schema, const json_t *value, const struct place_in *place);
bool check_array(struct check *check, const struct schema *schema, const json_t *value, const struct place_in *place);
bool check_quietly(struct check *check, const struct schema *schema, const json_t *value);
bool check_pattern(struct check *check, const pcre2_code *pattern, struct slice text);

/* Adds one fault; always false. */
bool check_fail(struct check *check, const struct place_in *place, const char *rule, const char *zh, const char *en,
                ...) FORMAT(4, 6) FORMAT(5, 6);
bool check_fail_kind(struct check *check, const struct place_in *place, unsigned kinds);
const char *place_pointer(struct arena *arena, const char *base, const struct place_in *place);

#endif
