#ifndef ANZE_TESTS_AUTH_FIXTURE_H
#define ANZE_TESTS_AUTH_FIXTURE_H

#include "anze/auth/keys.h"

#include <dirent.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* What the tests of keys and tokens share: three keys made once, and directories that vanish with their arena. */
static struct key ec_key = { .kid = "es", .algorithm = KEY_ES256 };
static struct key rs_key = { .kid = "rs", .algorithm = KEY_RS256 };
static struct key ps_key = { .kid = "ps", .algorithm = KEY_PS256 };

static inline int fixture_open(void **state)
{
    (void)state;
    ec_key.pkey = EVP_EC_gen("P-256");
    rs_key.pkey = ps_key.pkey = EVP_RSA_gen(2048);
    return ec_key.pkey && rs_key.pkey ? 0 : -1;
}

static inline int fixture_close(void **state)
{
    (void)state;
    EVP_PKEY_free(ec_key.pkey);
    EVP_PKEY_free(rs_key.pkey);
    return 0;
}

static inline void directory_remove(void *path)
{
    DIR *directory = opendir(path);
    for (const struct dirent *entry; directory && (entry = readdir(directory));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            unlinkat(dirfd(directory), entry->d_name, 0);
    if (directory)
        closedir(directory);
    rmdir(path);
}

static inline const char *directory_new(struct arena *arena)
{
    const char *parent = getenv("TMPDIR");
    char *path = arena_printf(arena, "%s/anze-keys-XXXXXX", parent ? parent : P_tmpdir);
    if (!mkdtemp(path))
        abort();
    arena_defer(arena, directory_remove, path);
    return path;
}

static inline int files_in(const char *path)
{
    int n = -2; /* . and .. */
    DIR *directory = opendir(path);
    while (directory && readdir(directory))
        n++;
    closedir(directory);
    return n;
}

static inline void file_write(struct arena *arena, const char *directory, const char *name, const char *content)
{
    FILE *file = fopen(arena_printf(arena, "%s/%s", directory, name), "we");
    if (!file || fputs(content, file) < 0 || fclose(file) != 0)
        abort();
}

static inline void file_remove(struct arena *arena, const char *directory, const char *name)
{
    if (unlink(arena_printf(arena, "%s/%s", directory, name)) != 0)
        abort();
}

static inline const char *bio_text(struct arena *arena, BIO *bio)
{
    char *bytes;
    long length = BIO_get_mem_data(bio, &bytes);
    const char *text = arena_strndup(arena, bytes, (size_t)length);
    BIO_free(bio);
    return text;
}

static inline const char *public_pem(struct arena *arena, EVP_PKEY *pkey)
{
    BIO *bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PUBKEY(bio, pkey);
    return bio_text(arena, bio);
}

static inline const char *private_pem(struct arena *arena, EVP_PKEY *pkey)
{
    BIO *bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PKCS8PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL);
    return bio_text(arena, bio);
}

static inline const char *encrypted_pem(struct arena *arena, EVP_PKEY *pkey)
{
    char passphrase[] = "secret";
    BIO *bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PKCS8PrivateKey(bio, pkey, EVP_aes_256_cbc(), passphrase, 6, NULL, NULL);
    return bio_text(arena, bio);
}

static inline void public_key_write(struct arena *arena, const char *directory, const char *kid, const struct key *key)
{
    file_write(arena, directory, arena_printf(arena, "%s.%s.pem", kid, key_algorithm_name(key->algorithm)),
               public_pem(arena, key->pkey));
}

#endif
