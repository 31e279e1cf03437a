#ifndef ANZE_CONTRACT_SCHEMA_NODE_H
#define ANZE_CONTRACT_SCHEMA_NODE_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include "anze/contract/format.h"
#include "anze/contract/schema.h"

#include <pcre2.h>

/* What a schema is once compiled: a list of rules. Known to the files schema_*.c alone.
 *
 *   schema_compile.c   the set: one schema per JSON node, its rules, $ref, cycles, examples
 *   schema_check.c     a value against the rules of a schema
 *   schema_fault.c     pointers and sentences
 *   schema_pattern.c   regular expressions
 *   schema_value.c     the keywords about any value, numbers and strings
 *   schema_object.c    about objects
 *   schema_array.c     about arrays
 *   schema_choice.c    about which other schemas the value fits */

/* Kinds of JSON value, as bits, since a schema may allow several. A number is either of two. */
enum value_kind {
    VALUE_NULL = 1,
    VALUE_BOOLEAN = 2,
    VALUE_INTEGER = 4,
    VALUE_REAL = 8,
    VALUE_NUMBER = VALUE_INTEGER | VALUE_REAL,
    VALUE_STRING = 16,
    VALUE_ARRAY = 32,
    VALUE_OBJECT = 64,
    VALUE_ANY = 128 /* every value is of this kind, too */
};

/* A number as JSON wrote it: neither of the two kinds holds all values of the other. */
struct number {
    bool is_integer;
    json_int_t integer; /* 0 of a real one */
    double real;        /* the nearest to an integer */
};

struct schema_list {
    struct schema **items;
    size_t n;
};

struct names {
    struct slice *items;
    size_t n;
};

/* One keyword of one schema, compiled. */
struct rule {
    const struct keyword *keyword;
    const json_t *value; /* what stands there */
    const char *text;    /* what it says, for its sentence; NULL: as it stands there */
    struct schema_list schemas;
    union {
        unsigned kinds;
        size_t count;
        struct number number;
        const json_t *choices; /* an array */
        const pcre2_code *pattern;
        format_check *format;
        struct names names;
        struct members *members;
        struct dependent *dependents; /* one for each of the schemas */
        struct {
            size_t least, most;
        };
    };
};

/* A keyword while its schema is compiled: what stands there, and the rule that is made of it. */
struct compiling {
    struct schema_set *set;
    struct schema *schema;
    const json_t *value;
    struct rule *rule;
};

struct check;

/* What a keyword is compiled to, and how a value is held against that. Keywords are asked in the order of their tables,
 * and so their faults come. Each table ends with an entry without name. */
struct keyword {
    const char *name;
    unsigned kinds;    /* the values that it says something about */
    unsigned silences; /* once it is broken, what is about these is not asked any more */
    bool (*compile)(const struct compiling *at); /* false: nothing to check */
    bool (*check)(struct check *check, const struct rule *rule, const json_t *value);
    const char *zh, *en; /* the sentence of its fault, with %s for what it says; NULL: its check has sentences */
    bool stays;          /* its schemas (NULL: one that is not there) are asked about the same value */
};

extern const struct keyword schema_value_keywords[], schema_object_keywords[], schema_array_keywords[],
    schema_choice_keywords[];

struct schema {
    const json_t *node;
    const char *where; /* for complaints */
    struct schema *next;
    enum { UNSEEN, OPEN, DONE } visit; /* for the search for cycles */
    bool is_false;  /* the schema that refuses everything */
    unsigned kinds; /* what `type` allows; 0: it does not say */
    struct rule *rules;
    size_t n_rules;
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

/* ---- compiling ---- */

/* One line to the complaints of the running compilation. Always false. */
bool schema_complain(struct schema_set *set, const char *where, const char *format, ...) FORMAT(3, 4);
/* "keyword must be …", unless it holds. */
bool compile_expect(const struct compiling *at, bool holds, const char *what);

struct schema *schema_node(struct schema_set *set, const json_t *node, const char *where);
const json_t *schema_resolve(struct arena *arena, const json_t *root, const char *reference);

/* The rule of the keyword in this schema, or NULL. */
const struct rule *schema_rule(const struct schema *schema, const char *keyword);
/* The schema that says the type: itself, what it refers to, or one of those that must all hold; or NULL. */
const struct schema *schema_typed(const struct schema *schema);

struct schema_list schema_list_new(struct arena *arena, size_t n);
/* The schema under another keyword beside this one; NULL: there is none. */
struct schema *compile_beside(const struct compiling *at, const char *keyword);
const pcre2_code *compile_pattern(const struct compiling *at, const char *text); /* NULL after a complaint */

/* What several keywords are: a count, a schema, an array of them. */
bool compile_count(const struct compiling *at);
bool compile_schema(const struct compiling *at);
bool compile_schemas(const struct compiling *at);

/* default, example and examples of every schema compiled so far are values that it takes. */
void schema_set_check_examples(struct schema_set *set, struct text *complaints);

/* ---- values ---- */

struct number json_number(const json_t *value);
/* Below 0, 0 or above 0, exactly. */
int number_compare(struct number a, struct number b);
/* Equality as JSON Schema has it: 1 and 1.0 are the same number, members have no order. */
bool json_same(const json_t *a, const json_t *b);
/* Positions of two equal elements. */
bool json_find_twins(struct arena *arena, const json_t *array, size_t *ret_first, size_t *ret_second);
unsigned schema_kind_of(const json_t *value);
unsigned schema_kind_named(const char *name); /* 0: no type has that name */

/* ---- checking ---- */

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
    const struct place_in *place; /* of the value that is asked about; NULL: the document */
    pcre2_match_data *match;
    size_t steps;
    bool is_trial; /* faults are only counted, to find the branch that fits best */
};

/* A bound on the work for one document, far above what an honest one needs: the product of a recursive schema, its
 * branches and a document made to try them all. */
enum { SCHEMA_MAX_STEPS = 1000000 };

bool check_node(struct check *check, const struct schema *schema, const json_t *value);
bool check_below(struct check *check, const struct schema *schema, const json_t *value, const struct place_in *place);
bool check_quietly(struct check *check, const struct schema *schema, const json_t *value);

/* The count is the least, or the most, of characters, items or members. */
bool check_least(struct check *check, const struct rule *rule, const json_t *value);
bool check_most(struct check *check, const struct rule *rule, const json_t *value);
bool pattern_fits(struct check *check, const pcre2_code *pattern, struct slice text);

/* Adds one fault, the second with the sentence of the keyword; always false. */
bool check_fail(struct check *check, const struct place_in *place, const char *rule, const char *zh, const char *en,
                ...) FORMAT(4, 6) FORMAT(5, 6);
bool check_break(struct check *check, const struct rule *rule);
bool check_fail_kind(struct check *check, unsigned kinds);
const char *place_pointer(struct arena *arena, const char *base, const struct place_in *place);

#endif
