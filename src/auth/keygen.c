#include "anze/auth/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <unistd.h>

enum { RSA_NEW_BITS = 3072 };

static EVP_PKEY *key_generate(enum key_algorithm algorithm)
{
    EVP_PKEY *pkey = algorithm == KEY_ES256 ? EVP_EC_gen("P-256") : EVP_RSA_gen(RSA_NEW_BITS);
    ERR_clear_error();
    return pkey;
}

static bool all_written(int file, const char *bytes, size_t length)
{
    while (length) {
        ssize_t n = write(file, bytes, length);
        if (n < 0 && errno != EINTR)
            return false;
        bytes += n > 0 ? n : 0;
        length -= n > 0 ? (size_t)n : 0;
    }
    return fsync(file) == 0;
}

/* A hidden file first, then a link under the real name: a link never replaces what is there. */
static bool file_written(int directory, const char *name, const char *bytes, size_t length)
{
    char hidden[32];
    uint32_t salt[2];
    crypto_random(salt, sizeof salt);
    snprintf(hidden, sizeof hidden, ".new-%08x%08x", salt[0], salt[1]);
    int file = openat(directory, hidden, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file < 0)
        return false;
    bool good = all_written(file, bytes, length);
    close(file);
    good = good && linkat(directory, hidden, directory, name, 0) == 0;
    int error = errno;
    unlinkat(directory, hidden, 0);
    errno = error;
    return good && fsync(directory) == 0;
}

static bool key_written(int directory, const char *name, EVP_PKEY *pkey)
{
    BIO *bio = BIO_new(BIO_s_secmem());
    bool good = bio && PEM_write_bio_PKCS8PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL) == 1;
    char *bytes = NULL;
    long length = good ? BIO_get_mem_data(bio, &bytes) : 0;
    errno = EIO;
    good = good && length > 0 && file_written(directory, name, bytes, (size_t)length);
    int error = errno;
    BIO_free(bio);
    errno = error;
    return good;
}

static bool kid_is_free(const char *path, const char *kid, struct text *complaints)
{
    struct key_set *set = key_set_read(path, KEY_PRIVATE, NULL, complaints);
    if (!set)
        return false;
    bool taken = key_set_find(set, kid) != NULL;
    key_set_free(set);
    if (taken)
        text_printf(complaints, "key directory %s: there is a key of that kid already\n", path);
    return !taken;
}

bool key_create(const char *path, const char *kid, enum key_algorithm algorithm, struct text *complaints)
{
    if (!kid_is_free(path, kid, complaints))
        return false;
    int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    EVP_PKEY *pkey = key_generate(algorithm);
    const char *name = key_file_name(complaints->arena, kid, algorithm);
    bool good = directory >= 0 && pkey && key_written(directory, name, pkey);
    if (!good)
        text_printf(complaints, "key file %s/%s: %s\n", path, name, pkey ? strerror(errno) : "no key could be made");
    EVP_PKEY_free(pkey);
    if (directory >= 0)
        close(directory);
    return good;
}
