/* SPDX-License-Identifier: MIT
 *
 * scratch.c - mkdtemp(3) and what removes its folder. What goes wrong fails the test.
 */
#include "tests/support/scratch.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[200];

const char *scratch_make(void)
{
    const char *base = getenv("TMPDIR");
    int n = snprintf(folder, sizeof folder, "%s/pv test XXXXXX", base && *base ? base : "/tmp");
    assert_in_range(n, 1, sizeof folder - 1);
    assert_non_null(mkdtemp(folder));
    return folder;
}

const char *scratch_path(const char *name)
{
    static char path[500];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

int scratch_remove(void)
{
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    int n = 0;
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            assert_int_equal(unlink(scratch_path(entry->d_name)), 0);
            n++;
        }
    }
    closedir(dir);
    assert_int_equal(rmdir(folder), 0);
    return n;
}
