#ifndef ANZE_TESTS_CLUSTER_H
#define ANZE_TESTS_CLUSTER_H

/* A PostgreSQL cluster of the test's own, in a folder of its own, reached by a socket only. As root it is run as the
 * user postgres, since PostgreSQL refuses root. It is gone after cluster_stop, also when a test failed. */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char cluster_folder[] = "/tmp/anze-test-XXXXXX";

__attribute__((format(printf, 1, 2))) static bool cluster_shell(const char *format, ...)
{
    char command[1000], whole[2600];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(command, sizeof command, format, arguments);
    va_end(arguments);
    snprintf(whole, sizeof whole,
             "cd '%s' && PATH=$(ls -d /usr/lib/postgresql/*/bin | tail -1):$PATH && export PATH LC_ALL=C && "
             "unset ASAN_OPTIONS && if [ $(id -u) = 0 ]; then runuser -u postgres -- sh -c \"%s\"; else sh -c \"%s\"; fi",
             cluster_folder, command, command);
    return system(whole) == 0;
}

static bool cluster_up(void)
{
    return cluster_shell("pg_ctl -D data -l log -w -s -o '-k %s -h \\\"\\\" -c fsync=off -c max_connections=40 %s' start",
                         cluster_folder, "-c lc_messages=C");
}

static bool cluster_down(const char *mode)
{
    return cluster_shell("pg_ctl -D data -m %s -w -s stop", mode);
}

static bool cluster_start(void)
{
    char command[200];
    if (!mkdtemp(cluster_folder))
        return false;
    snprintf(command, sizeof command, "[ $(id -u) != 0 ] || chown postgres %s", cluster_folder);
    return system(command) == 0 &&
           cluster_shell("initdb -D data -U owner -A trust -N -E UTF8 --locale=C > init.log") && cluster_up();
}

static void cluster_stop(void)
{
    char command[200];
    cluster_down("immediate");
    snprintf(command, sizeof command, "rm -rf %s", cluster_folder);
    if (system(command))
        fputs("the test's cluster is left behind\n", stderr);
}

static const char *cluster_url(const char *user)
{
    static char urls[4][200];
    static int next;
    char *url = urls[next++ % 4];
    snprintf(url, sizeof urls[0], "host=%s user=%s dbname=postgres", cluster_folder, user);
    return url;
}

#endif
