/* Preloaded into PostgreSQL: while the file is there whose name stands in FULL_DISK, no file of a database grows, as on a
 * disk without room. What is written in its place, and the write-ahead log, go on. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int has_no_room(int file, off_t end)
{
    char link[64], path[512];
    struct stat now;
    const char *flag = getenv("FULL_DISK");
    if (!flag || access(flag, F_OK) != 0 || fstat(file, &now) != 0 || end <= now.st_size)
        return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    path[length > 0 ? length : 0] = '\0';
    return strstr(path, "/base/") != NULL;
}

ssize_t pwrite64(int file, const void *bytes, size_t length, off64_t at)
{
    if (has_no_room(file, at + (off64_t)length)) {
        errno = ENOSPC;
        return -1;
    }
    return syscall(SYS_pwrite64, file, bytes, length, at);
}

ssize_t pwrite(int file, const void *bytes, size_t length, off_t at)
{
    return pwrite64(file, bytes, length, at);
}
