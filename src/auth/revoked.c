#include "anze/auth/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char file_name[] = "revoked";
enum { REVOKED_MAX = 100000 };

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static const char blanks[] = " \t\r\n";

/* The line without blanks at its ends; NULL when a NUL in it would hide what follows. */
static char *trimmed(char *line, size_t length)
{
    static const char byte_order_mark[] = "\xef\xbb\xbf"; /* editors put it at the beginning of a file */
    if (strncmp(line, byte_order_mark, 3) == 0)
        line += 3, length -= 3;
    if (strlen(line) != length)
        return NULL;
    line += strspn(line, blanks);
    for (length = strlen(line); length && strchr(blanks, line[length - 1]); length--)
        line[length - 1] = '\0';
    return line;
}

/* "jti x" or "sub x", with one blank, from a trimmed line; NULL when it is neither. */
static char *revocation_read(struct arena *arena, const char *line)
{
    if ((strncmp(line, "jti", 3) != 0 && strncmp(line, "sub", 3) != 0) || !line[3] || !strchr(blanks, line[3]))
        return NULL;
    return arena_printf(arena, "%.3s %s", line, line + 3 + strspn(line + 3, blanks));
}

/* The text is the set's. */
static void add_revoked(struct key_set *set, char *revocation, size_t *room)
{
    if (set->n_revoked == *room) {
        *room = *room ? *room * 2 : 16;
        char **more = arena_array_of(set->arena, char *, *room);
        if (set->n_revoked)
            memcpy(more, set->revoked, set->n_revoked * sizeof *more);
        set->revoked = more;
    }
    set->revoked[set->n_revoked++] = revocation;
}

static void lines_read(struct key_set *set, FILE *file, const char *path, struct text *complaints)
{
    char *line = NULL;
    size_t line_room = 0, room = 0;
    ssize_t length;
    for (int number = 1; (length = getline(&line, &line_room, file)) >= 0; number++) {
        const char *text = trimmed(line, (size_t)length);
        if (text && (!*text || *text == '#'))
            continue;
        char *revocation = text ? revocation_read(set->arena, text) : NULL;
        if (revocation && set->n_revoked < REVOKED_MAX)
            add_revoked(set, revocation, &room);
        else
            text_printf(complaints, "%s/%s line %d: not of the form jti ID or sub NAME, or too many\n", path, file_name,
                        number);
    }
    free(line);
}

static void keep_old_list(struct key_set *set, const struct key_set *old)
{
    size_t room = 0;
    for (size_t i = 0; old && i < old->n_revoked; i++)
        add_revoked(set, arena_strdup(set->arena, old->revoked[i]), &room);
}

void revoked_read(struct key_set *set, const struct key_set *old, const char *path, int directory,
                  struct text *complaints)
{
    int descriptor = openat(directory, file_name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    FILE *file = descriptor < 0 ? NULL : fdopen(descriptor, "r");
    if (!file && errno == ENOENT)
        return;
    if (file)
        lines_read(set, file, path, complaints);
    if (!file || ferror(file)) {
        text_printf(complaints, "%s/%s: cannot be read\n", path, file_name);
        keep_old_list(set, old);
    }
    if (file)
        fclose(file);
    if (set->n_revoked)
        qsort(set->revoked, set->n_revoked, sizeof *set->revoked, by_text);
}

bool key_set_revokes(const struct key_set *set, const char *claim, const char *value)
{
    if (!set->n_revoked)
        return false;
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    char *line = arena_printf(arena, "%s %s", claim, value);
    return bsearch(&line, set->revoked, set->n_revoked, sizeof line, by_text) != NULL;
}
