/* SPDX-License-Identifier: MIT
 *
 * catalog_peek.c - whether a file is a catalog, told by its beginning, which stays unread.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "viz/catalog.h"

enum { PEEK_BYTES = 4096 };

static const char *skip_blanks(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r')) {
        at++;
    }
    return at;
}

/* `"format": "pebbleviz-catalog"`, wherever it stands: inside a JSON text its quotes would be
 * escaped, so it is that member or nothing. */
static bool says_catalog(const char *bytes, size_t n)
{
    static const char key[] = "\"format\"";
    static const char value[] = "\"pebbleviz-catalog\"";
    const char *end = bytes + n;
    const char *at = bytes;
    while ((at = memmem(at, (size_t)(end - at), key, sizeof(key) - 1))) {
        at += sizeof(key) - 1;
        const char *colon = skip_blanks(at, end);
        if (colon < end && *colon == ':') {
            const char *text = skip_blanks(colon + 1, end);
            if ((size_t)(end - text) >= sizeof(value) - 1 &&
                memcmp(text, value, sizeof(value) - 1) == 0) {
                return true;
            }
        }
    }
    return false;
}

static ssize_t peek_pipe(int fd, char *buf)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC)) {
        return -1;
    }
    ssize_t n = tee(fd, ends[1], PEEK_BYTES, 0);
    if (n > 0) {
        n = read(ends[0], buf, (size_t)n);
    }
    close(ends[0]);
    close(ends[1]);
    return n;
}

bool pv_catalog_is(const char *path)
{
    char buf[PEEK_BYTES];
    bool standard = strcmp(path, "-") == 0;
    int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return false;
    }
    ssize_t n = pread(fd, buf, sizeof(buf), standard ? lseek(fd, 0, SEEK_CUR) : 0);
    if (n < 0 && standard) {
        n = peek_pipe(fd, buf);
    }
    if (!standard) {
        close(fd);
    }
    return n > 0 && says_catalog(buf, (size_t)n);
}
