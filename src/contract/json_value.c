#include "schema_node.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/random.h>

struct number json_number(const json_t *value)
{
    return (struct number){ json_is_integer(value), json_integer_value(value), json_number_value(value) };
}

static int compare_reals(double a, double b)
{
    return a < b ? -1 : a > b;
}

static int compare_integers(json_int_t a, json_int_t b)
{
    return a < b ? -1 : a > b;
}

/* Through double 2^53 and 2^53 + 1 would be the same: compare the whole parts, then what is left of the real. */
static int compare_mixed(json_int_t integer, double real)
{
    if (real >= 0x1p63)
        return -1;
    if (real < -0x1p63)
        return 1;
    json_int_t whole = (json_int_t)real;
    return whole != integer ? compare_integers(integer, whole) : compare_reals((double)whole, real);
}

int number_compare(struct number a, struct number b)
{
    if (a.is_integer && b.is_integer)
        return compare_integers(a.integer, b.integer);
    if (a.is_integer)
        return compare_mixed(a.integer, b.real);
    return b.is_integer ? -compare_mixed(b.integer, a.real) : compare_reals(a.real, b.real);
}

static bool same_text(const json_t *a, const json_t *b)
{
    size_t length = json_string_length(a);
    return length == json_string_length(b) && memcmp(json_string_value(a), json_string_value(b), length) == 0;
}

static bool same_arrays(const json_t *a, const json_t *b)
{
    size_t n = json_array_size(a);
    if (n != json_array_size(b))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!json_same(json_array_get(a, i), json_array_get(b, i)))
            return false;
    return true;
}

static bool same_objects(const json_t *a, const json_t *b)
{
    const char *name;
    json_t *member;
    if (json_object_size(a) != json_object_size(b))
        return false;
    json_object_foreach ((json_t *)a, name, member) {
        const json_t *other = json_object_get(b, name);
        if (!other || !json_same(member, other))
            return false;
    }
    return true;
}

bool json_same(const json_t *a, const json_t *b)
{
    if (json_is_number(a) && json_is_number(b))
        return number_compare(json_number(a), json_number(b)) == 0;
    if (json_typeof(a) != json_typeof(b))
        return false;
    switch (json_typeof(a)) {
    case JSON_STRING: return same_text(a, b);
    case JSON_ARRAY: return same_arrays(a, b);
    case JSON_OBJECT: return same_objects(a, b);
    default: return true;
    }
}

/* Equal values have equal hashes. The key is drawn once, so that a client cannot choose elements that collide. */
static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t length)
{
    const unsigned char *byte = bytes;
    for (size_t i = 0; i < length; i++) {
        hash = (hash ^ byte[i]) * 0x9e3779b97f4a7c15u;
        hash ^= hash >> 29;
    }
    return hash;
}

static uint64_t hash_value(uint64_t hash, const json_t *value);

static uint64_t hash_object(uint64_t hash, const json_t *object)
{
    const char *name;
    json_t *member;
    uint64_t sum = 0; /* members have no order */
    json_object_foreach ((json_t *)object, name, member)
        sum += hash_value(hash_bytes(hash, name, strlen(name)), member);
    return hash_bytes(hash, &sum, sizeof(sum));
}

static uint64_t hash_value(uint64_t hash, const json_t *value)
{
    char kind = (char)(json_is_real(value) ? JSON_INTEGER : json_typeof(value));
    hash = hash_bytes(hash, &kind, 1);
    if (json_is_number(value)) {
        double number = json_number_value(value) + 0.0; /* -0.0 is 0 */
        return hash_bytes(hash, &number, sizeof(number));
    }
    if (json_is_string(value))
        return hash_bytes(hash, json_string_value(value), json_string_length(value));
    if (json_is_object(value))
        return hash_object(hash, value);
    for (size_t i = 0; i < json_array_size(value); i++)
        hash = hash_value(hash, json_array_get(value, i));
    return hash;
}

static uint64_t hash_key(void)
{
    static _Atomic uint64_t key;
    if (key == 0) {
        uint64_t drawn = 0;
        if (getrandom(&drawn, sizeof(drawn), 0) != (ssize_t)sizeof(drawn))
            abort();
        key = drawn | 1;
    }
    return key;
}

struct hashed {
    uint64_t hash;
    size_t index;
};

static int compare_hashed(const void *left, const void *right)
{
    const struct hashed *a = left, *b = right;
    if (a->hash != b->hash)
        return a->hash < b->hash ? -1 : 1;
    return a->index < b->index ? -1 : a->index > b->index;
}

static bool are_twins(const json_t *array, size_t i, size_t k, size_t *ret_first, size_t *ret_second)
{
    *ret_first = i;
    *ret_second = k;
    return json_same(json_array_get(array, i), json_array_get(array, k));
}

/* Each with each: cheaper than hashing while they are few. */
static bool find_twins_among_few(const json_t *array, size_t n, size_t *ret_first, size_t *ret_second)
{
    for (size_t k = 1; k < n; k++)
        for (size_t i = 0; i < k; i++)
            if (are_twins(array, i, k, ret_first, ret_second))
                return true;
    return false;
}

bool json_find_twins(struct arena *arena, const json_t *array, size_t *ret_first, size_t *ret_second)
{
    enum { FEW = 12 };
    size_t n = json_array_size(array);
    if (n <= FEW)
        return find_twins_among_few(array, n, ret_first, ret_second);
    struct hashed *all = arena_array_of(arena, struct hashed, n);
    uint64_t key = hash_key();
    for (size_t i = 0; i < n; i++)
        all[i] = (struct hashed){ hash_value(key, json_array_get(array, i)), i };
    qsort(all, n, sizeof(all[0]), compare_hashed);
    for (size_t i = 0; i + 1 < n; i++)
        for (size_t k = i + 1; k < n && all[k].hash == all[i].hash; k++)
            if (are_twins(array, all[i].index, all[k].index, ret_first, ret_second))
                return true;
    return false;
}
