#include "anze/auth/keys.h"
#include "anze/base/bytes.h"
#include "anze/base/utf8.h"
#include "key_inside.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX_BYTES = 64 * 1024, RSA_MIN_BITS = 2048, RSA_MAX_BITS = 8192 };

static const struct {
    const char *name;
    int type;
} algorithms[KEY_ALGORITHMS] = {
    [KEY_RS256] = { "RS256", EVP_PKEY_RSA },
    [KEY_PS256] = { "PS256", EVP_PKEY_RSA },
    [KEY_ES256] = { "ES256", EVP_PKEY_EC },
};

const char *key_algorithm_name(enum key_algorithm algorithm)
{
    return algorithms[algorithm].name;
}

bool key_algorithm_from_name(struct slice name, enum key_algorithm *ret_algorithm)
{
    for (size_t i = 0; i < KEY_ALGORITHMS; i++)
        if (slice_equals(name, algorithms[i].name)) {
            *ret_algorithm = (enum key_algorithm)i;
            return true;
        }
    return false;
}

static bool is_plain_key_id(char c)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    return memchr(plain, c, sizeof plain - 1) != NULL;
}

bool key_id_is_valid(struct slice kid)
{
    if (!kid.bytes || kid.length < 1 || kid.length > KEY_ID_MAX)
        return false;
    for (size_t i = 0; i < kid.length; i++)
        if ((unsigned char)kid.bytes[i] < 0x20 || kid.bytes[i] == 0x7f)
            return false;
    return utf8_is_valid(kid);
}

bool key_id_is_plain(struct slice kid)
{
    if (!kid.bytes || kid.length < 1 || kid.length > KEY_ID_PLAIN_MAX)
        return false;
    for (size_t i = 0; i < kid.length; i++)
        if (!is_plain_key_id(kid.bytes[i]))
            return false;
    return true;
}

const char *key_file_name(struct arena *arena, const char *kid, enum key_algorithm algorithm)
{
    struct text name = text_on(arena);
    for (; *kid; kid++)
        text_printf(&name, is_plain_key_id(*kid) ? "%c" : "%%%02X", (unsigned char)*kid);
    text_printf(&name, ".%s.pem", key_algorithm_name(algorithm));
    return name.bytes;
}

/* What is wrong with the key for its algorithm, or NULL. */
static const char *key_fault(EVP_PKEY *pkey, enum key_algorithm algorithm)
{
    char curve[32];
    size_t length;
    if (EVP_PKEY_get_base_id(pkey) != algorithms[algorithm].type)
        return "is a key of another kind than its name says";
    if (algorithms[algorithm].type == EVP_PKEY_RSA) {
        int bits = EVP_PKEY_get_bits(pkey);
        return bits < RSA_MIN_BITS || bits > RSA_MAX_BITS ? "must have 2048 to 8192 bits" : NULL;
    }
    if (EVP_PKEY_get_group_name(pkey, curve, sizeof curve, &length) != 1 || strcmp(curve, "prime256v1") != 0)
        return "must lie on the curve P-256";
    return NULL;
}

/* Never asks the terminal for a passphrase. */
static int no_passphrase(char *buffer, int size, int writing, void *context)
{
    (void)buffer, (void)size, (void)writing, (void)context;
    return -1;
}

static EVP_PKEY *pem_read(const char *bytes, size_t length, enum key_kind kind)
{
    BIO *bio = BIO_new_mem_buf(bytes, (int)length);
    EVP_PKEY *pkey = !bio                 ? NULL
                     : kind == KEY_PUBLIC ? PEM_read_bio_PUBKEY(bio, NULL, no_passphrase, NULL)
                                          : PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
    BIO_free(bio);
    ERR_clear_error();
    return pkey;
}

static void print_key(EVP_PKEY *pkey, struct key *key)
{
    unsigned char *der = NULL;
    int length = i2d_PUBKEY(pkey, &der);
    if (length <= 0)
        abort(); /* a key that was just read from DER */
    const struct slice parts[] = { { key->kid, strlen(key->kid) + 1 }, /* with its end: parts do not run together */
                                   slice_of(algorithms[key->algorithm].name),
                                   { (const char *)der, (size_t)length } };
    crypto_digest(DIGEST_SHA256, parts, ARRAY_LENGTH(parts), key->print);
    OPENSSL_free(der);
}

const char *key_adopt(struct key *key, EVP_PKEY *pkey)
{
    const char *fault = key_fault(pkey, key->algorithm);
    if (fault) {
        EVP_PKEY_free(pkey);
        return fault;
    }
    key->pkey = pkey;
    print_key(pkey, key);
    return NULL;
}

/* What is wrong, or NULL. The buffer has room for FILE_MAX_BYTES. */
static const char *key_file_read(int directory, const char *name, char *buffer, size_t *ret_length,
                                 int64_t *ret_written_ns)
{
    int file = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0)
        return strerror(errno);
    struct stat status = { 0 };
    const char *fault = NULL;
    ssize_t length = 0;
    if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode))
        fault = "is not a file";
    else if (status.st_size == 0 || status.st_size > FILE_MAX_BYTES)
        fault = status.st_size ? "is too large for a key" : "is empty";
    else if ((length = read(file, buffer, FILE_MAX_BYTES)) <= 0)
        fault = "cannot be read";
    close(file);
    *ret_length = length > 0 ? (size_t)length : 0;
    *ret_written_ns = (int64_t)status.st_mtim.tv_sec * 1000000000 + status.st_mtim.tv_nsec;
    return fault;
}

/* Fills `key` from its file; what is wrong, or NULL. */
static const char *key_read(int directory, const char *name, enum key_kind kind, struct key *key)
{
    AUTO(arena_free_at_end) struct arena *secret = arena_new_secret();
    char *buffer = arena_alloc(secret, FILE_MAX_BYTES);
    size_t length = 0;
    const char *fault = key_file_read(directory, name, buffer, &length, &key->written_at_ns);
    EVP_PKEY *pkey = fault ? NULL : pem_read(buffer, length, kind);
    if (!fault && !pkey)
        fault = kind == KEY_PUBLIC ? "is not a public key in PEM" : "is not an unencrypted private key in PEM";
    return fault ? fault : key_adopt(key, pkey);
}

/* The kid that a file's name spells; NULL when it spells none. */
static const char *kid_decode(struct arena *arena, struct slice name)
{
    struct text kid = text_on(arena);
    for (size_t i = 0; i < name.length; i++) {
        uint8_t byte = (uint8_t)name.bytes[i];
        if (byte == '%') {
            if (name.length - i < 3 || !bytes_of_hex(&byte, 1, (struct slice){ name.bytes + i + 1, 2 }))
                return NULL;
            i += 2;
        }
        text_add_char(&kid, (char)byte);
    }
    return key_id_is_valid(text_slice(&kid)) ? kid.bytes : NULL;
}

/* kid and algorithm from <kid>.<ALG>.pem. One key has one name: what could also be spelt otherwise is refused. */
static bool key_name_read(struct arena *arena, const char *name, struct key *key)
{
    const char *dot = strchr(name, '.');
    const char *end = name + strlen(name) - strlen(".pem");
    if (!dot || dot >= end ||
        !key_algorithm_from_name((struct slice){ dot + 1, (size_t)(end - dot - 1) }, &key->algorithm))
        return false;
    key->kid = kid_decode(arena, (struct slice){ name, (size_t)(dot - name) });
    return key->kid && strcmp(key_file_name(arena, key->kid, key->algorithm), name) == 0;
}

static int is_key_name(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);
    return entry->d_name[0] != '.' && length > 4 && strcmp(entry->d_name + length - 4, ".pem") == 0;
}

static int is_nothing(const struct dirent *entry)
{
    (void)entry;
    return 0;
}

struct reading {
    const char *path;
    int directory;
    enum key_kind kind;
    const struct key_set *old;
    struct key_set *set;
    struct text *complaints;
};

static void keep_old_keys(struct reading *reading, struct key *key)
{
    const struct key *kept = reading->old ? key_set_find(reading->old, key->kid) : NULL;
    if (!kept || kept->algorithm != key->algorithm || EVP_PKEY_up_ref(kept->pkey) != 1)
        return;
    const char *kid = key->kid;
    *key = *kept;
    key->kid = kid;
    reading->set->n++;
}

static void add_key_file(struct reading *reading, const char *name)
{
    struct key *key = &reading->set->keys[reading->set->n];
    const char *fault = NULL;
    if (!key_name_read(reading->set->arena, name, key))
        fault = "must be named <kid>.<RS256|PS256|ES256>.pem, in kid all but A-Z a-z 0-9 _ - as % and two digits";
    else if (key_set_find(reading->set, key->kid))
        fault = "has the kid of another key";
    else if ((fault = key_read(reading->directory, name, reading->kind, key)) == NULL)
        reading->set->n++;
    else
        keep_old_keys(reading, key);
    if (fault)
        text_printf(reading->complaints, "key file %s/%s: %s\n", reading->path, name, fault);
}

static int by_kid(const void *a, const void *b)
{
    return strcmp(((const struct key *)a)->kid, ((const struct key *)b)->kid);
}

void keys_sort(struct key_set *set)
{
    if (set->n)
        qsort(set->keys, set->n, sizeof *set->keys, by_kid);
}

static struct key_set *read_key_names(struct reading *reading, struct dirent **names, int n)
{
    struct arena *arena = arena_new();
    size_t complained = reading->complaints->length;
    struct key_set *set = reading->set = arena_new_of(arena, struct key_set);
    *set = (struct key_set){ .arena = arena, .keys = arena_array_of(arena, struct key, (size_t)n + 1) };
    for (int i = 0; i < n; i++)
        add_key_file(reading, names[i]->d_name);
    keys_sort(set);
    revoked_read(set, reading->old, reading->path, reading->directory, reading->complaints);
    if (reading->old || reading->complaints->length == complained)
        return set;
    key_set_free(set);
    return NULL;
}

struct key_set *key_set_read(const char *path, enum key_kind kind, const struct key_set *old,
                             struct text *complaints)
{
    struct dirent **names = NULL;
    int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int (*is_wanted)(const struct dirent *entry) = kind == KEY_NONE ? is_nothing : is_key_name;
    int n = directory < 0 ? -1 : scandirat(directory, ".", &names, is_wanted, alphasort);
    struct key_set *set = NULL;
    struct reading reading = { path, directory, kind, old, NULL, complaints };
    if (n < 0)
        text_printf(complaints, "key directory %s: %s\n", path, strerror(errno));
    else
        set = read_key_names(&reading, names, n);
    for (int i = 0; i < n; i++)
        free(names[i]);
    free(names);
    if (directory >= 0)
        close(directory);
    return set;
}

void key_set_free(struct key_set *set)
{
    if (!set)
        return;
    for (size_t i = 0; i < set->n; i++)
        EVP_PKEY_free(set->keys[i].pkey);
    arena_free(set->arena);
}

const struct key *key_set_find(const struct key_set *set, const char *kid)
{
    for (size_t i = 0; i < set->n; i++)
        if (strcmp(set->keys[i].kid, kid) == 0)
            return &set->keys[i];
    return NULL;
}

const struct key *key_set_newest(const struct key_set *set)
{
    const struct key *newest = NULL;
    for (size_t i = 0; i < set->n; i++) /* of equal times the last kid, so that all replicas agree */
        if (!newest || set->keys[i].written_at_ns >= newest->written_at_ns)
            newest = &set->keys[i];
    return newest;
}
