/* SPDX-License-Identifier: MIT
 *
 * catalog_file.c - a catalog's file: whether it is one, told by its beginning, which stays
 * unread; and its bytes.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "core/own.h"
#include "core/status.h"
#include "traces/stream.h"
#include "viz/export/catalog.h"

enum { PEEK_BYTES = 4096, READ_BYTES = 1 << 16 };

static const uint64_t FILE_BYTES_MAX = UINT64_C(1) << 30;

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
    while ((at = memmem(at, (size_t)(end - at), key, sizeof key - 1))) {
        at += sizeof key - 1;
        const char *colon = skip_blanks(at, end);
        if (colon < end && *colon == ':') {
            const char *text = skip_blanks(colon + 1, end);
            if ((size_t)(end - text) >= sizeof value - 1 &&
                memcmp(text, value, sizeof value - 1) == 0) {
                return true;
            }
        }
    }
    return false;
}

/* Errno is EINVAL for what is no pipe. */
static ssize_t peek_pipe(int fd, char *buf)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC)) {
        return -1;
    }
    ssize_t n = tee(fd, ends[1], PEEK_BYTES, 0);
    if (n > 0) {
        n = pv_stream_read_fd(ends[0], buf, (size_t)n);
    }
    int error = errno;
    close(ends[0]);
    close(ends[1]);
    errno = error;
    return n;
}

static int refuse(struct pv_place *place, int status, const char *what, const char *why)
{
    *place = (struct pv_place){.line = 0};
    snprintf(place->text, sizeof place->text, "%s%s", what, why);
    return status;
}

static int refused(struct pv_place *place, const char *what, int error)
{
    return refuse(place, pv_stream_refusal(error), what, strerror(error));
}

int pv_catalog_is(const char *path, struct pv_place *ret_place)
{
    char buf[PEEK_BYTES];
    bool standard = strcmp(path, "-") == 0;
    int fd = standard ? STDIN_FILENO : pv_stream_open_fd(path, O_NONBLOCK);
    if (fd < 0) {
        int status = refused(ret_place, "cannot open: ", errno);
        return status == PV_ENOFILE ? false : status;
    }
    ssize_t n = pread(fd, buf, sizeof buf, standard ? lseek(fd, 0, SEEK_CUR) : 0);
    if (n < 0 && standard && (errno == ESPIPE || errno == EINVAL)) {
        n = peek_pipe(fd, buf);
    }
    int error = errno;
    if (!standard) {
        close(fd);
    }
    if (n >= 0) {
        return says_catalog(buf, (size_t)n);
    }
    bool cannot_look = error == ESPIPE || error == EINVAL || error == EBADF;
    int status = cannot_look ? 0 : refused(ret_place, "cannot read: ", error);
    return status == PV_ENOFILE ? false : status;
}

static int read_file(int fd, char **ret_bytes, size_t *ret_n, struct pv_place *place)
{
    char *bytes = NULL;
    size_t n = 0;
    size_t cap = 0;
    for (;;) {
        if (cap - n < READ_BYTES) {
            size_t wanted = cap ? cap * 2 : 2 * (size_t)READ_BYTES;
            char *grown = pv_own_resize(bytes, wanted, 1);
            if (!grown) {
                pv_own_free(bytes);
                return PV_ENOMEM;
            }
            bytes = grown;
            cap = wanted;
        }
        ssize_t got = pv_stream_read_fd(fd, bytes + n, READ_BYTES);
        int error = errno;
        if (got < 0 || n > FILE_BYTES_MAX) {
            pv_own_free(bytes);
            return got < 0 ? refused(place, "cannot read: ", error)
                           : refuse(place, PV_ELIMIT, "a catalog of more than 1 GiB", "");
        }
        if (got == 0) {
            *ret_bytes = bytes;
            *ret_n = n;
            return PV_OK;
        }
        n += (size_t)got;
    }
}

int pv_catalog_open(struct pv_catalog *catalog, const char *path, struct pv_place *ret_place)
{
    *catalog = (struct pv_catalog){.event = -1};
    bool standard = strcmp(path, "-") == 0;
    int fd = standard ? STDIN_FILENO : pv_stream_open_fd(path, 0);
    if (fd < 0) {
        return refused(ret_place, "cannot open: ", errno);
    }
    char *bytes = NULL;
    size_t n = 0;
    int status = read_file(fd, &bytes, &n, ret_place);
    if (!standard) {
        close(fd);
    }
    if (!status) {
        status = pv_catalog_open_bytes(catalog, bytes, n, ret_place);
        pv_own_free(bytes);
    }
    return status;
}
