/* SPDX-License-Identifier: MIT
 *
 * family.c - a daemon closes all descriptors, changes its directory and root, and leaves its
 * parent. Only its mappings stay, and /proc lists them.
 */
#include "traces/record/family.h"

#include <ctype.h>
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Compares only the last two parts of a path, because the parts before them look different
 * behind a chroot. */
static const char *tail_of(const char *path)
{
    const char *last = strrchr(path, '/');
    const char *before = last ? memrchr(path, '/', (size_t)(last - path)) : NULL;
    return before ? before : path;
}

static bool has_mapped(const char *pid, const char *tail)
{
    char name[64], line[8192];
    bool found = false;
    snprintf(name, sizeof name, "/proc/%.20s/maps", pid);
    FILE *file = fopen(name, "re");
    while (file && !found && fgets(line, sizeof line, file)) {
        const char *at = strchr(line, '/');
        found = at && strstr(at, tail);
    }
    if (file) {
        fclose(file);
    }
    return found;
}

uint64_t pv_family_count(const char *path)
{
    const char *tail = tail_of(path);
    DIR *proc = opendir("/proc");
    uint64_t n = 0;
    const struct dirent *entry;
    long self = getpid();
    while (proc && (entry = readdir(proc))) {
        if (isdigit((unsigned char)entry->d_name[0]) &&
            strtol(entry->d_name, NULL, 10) != self) {
            n += has_mapped(entry->d_name, tail);
        }
    }
    if (proc) {
        closedir(proc);
    }
    return n;
}
