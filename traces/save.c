/* SPDX-License-Identifier: MIT
 *
 * save.c - the unfinished file stands beside the final one, so that the rename stays within one
 * file system, and is made with O_EXCL, so that nobody else's file is ever written.
 */
#include "traces/save.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/own.h"
#include "core/status.h"

enum { N_TRIES = 1000, ENDING_BYTES = 40 };

struct pv_save {
    FILE *file;
    bool is_stdout;
    char *path; /* the final name, with symbolic links followed */
    char *temp; /* the unfinished file, NULL when the final one is written directly */
    bool is_old, is_cut;
    off_t n_kept; /* is_cut: the bytes of an old file that stay in any case */
    int status;
    char error[160];
};

static int fail(struct pv_save *save, const char *what, int error)
{
    snprintf(save->error, sizeof save->error, "%s: %s", what, strerror(error));
    save->status = PV_EIO;
    return PV_EIO;
}

static int fail_memory(struct pv_save *save)
{
    snprintf(save->error, sizeof save->error, "out of memory");
    save->status = PV_ENOMEM;
    return PV_ENOMEM;
}

static int open_direct(struct pv_save *save, const char *path)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    save->file = fd < 0 ? NULL : fdopen(fd, "w");
    if (!save->file) {
        int error = errno;
        if (fd >= 0) {
            close(fd);
        }
        return fail(save, "cannot write", error);
    }
    return PV_OK;
}

/* Makes the file beside the final name; `old` is what stands there, or NULL. */
static int open_beside(struct pv_save *save, const struct stat *old)
{
    size_t cap = strlen(save->path) + ENDING_BYTES;
    save->temp = pv_own_calloc(cap, 1);
    if (!save->temp) {
        return fail_memory(save);
    }
    int fd = -1;
    for (int i = 0; i < N_TRIES && fd < 0; ++i) {
        snprintf(save->temp, cap, "%s.%ld-%d.part", save->path, (long)getpid(), i);
        fd = open(save->temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd < 0 && errno != EEXIST) {
            break;
        }
    }
    int error = errno;
    if (fd >= 0 && old) {
        /* Best effort: on some file systems modes cannot be set. */
        (void)!fchmod(fd, old->st_mode & 0777);
    }
    save->file = fd < 0 ? NULL : fdopen(fd, "w");
    if (save->file) {
        return PV_OK;
    }
    if (fd >= 0) {
        error = errno;
        close(fd);
        unlink(save->temp);
    }
    pv_own_free(save->temp);
    save->temp = NULL;
    return fail(save, "cannot write", error);
}

static int begin(struct pv_save *save, const char *path)
{
    if (strcmp(path, "-") == 0) {
        save->file = stdout;
        save->is_stdout = true;
        return PV_OK;
    }
    struct stat old;
    bool exists = stat(path, &old) == 0;
    if (exists && S_ISDIR(old.st_mode)) {
        return fail(save, "cannot write", EISDIR);
    }
    if (exists && !S_ISREG(old.st_mode)) {
        return open_direct(save, path);
    }
    if (exists && access(path, W_OK) < 0) {
        return fail(save, "cannot write", errno); /* a rename would not ask */
    }
    char real[PATH_MAX];
    const char *name = exists && realpath(path, real) ? real : path;
    save->path = pv_own_text(name, strlen(name));
    return save->path ? open_beside(save, exists ? &old : NULL) : fail_memory(save);
}

int pv_save_open(struct pv_save **ret_save, const char *path)
{
    struct pv_save *save = pv_own_calloc(1, sizeof *save);
    *ret_save = save;
    return save ? begin(save, path) : PV_ENOMEM;
}

static int open_old(struct pv_save *save, const char *path)
{
    struct stat about;
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0) {
        return fail(save, "cannot write", errno);
    }
    bool is_regular = fstat(fd, &about) == 0 && S_ISREG(about.st_mode);
    bool is_ours = is_regular && flock(fd, LOCK_EX | LOCK_NB) == 0;
    int error = errno;
    save->file = is_ours ? fdopen(fd, "w") : NULL;
    if (save->file) {
        save->is_old = true;
        setvbuf(save->file, NULL, _IONBF, 0); /* so that nothing is written after a cut */
        return PV_OK;
    }
    close(fd);
    if (!is_regular) {
        snprintf(save->error, sizeof save->error, "this is no regular file");
        save->status = PV_EINVAL;
        return PV_EINVAL;
    }
    if (!is_ours && error == EWOULDBLOCK) {
        snprintf(save->error, sizeof save->error, "somebody else is writing to it");
        save->status = PV_EIO;
        return PV_EIO;
    }
    return fail(save, "cannot write", is_ours ? errno : error);
}

int pv_save_open_old(struct pv_save **ret_save, const char *path)
{
    struct pv_save *save = pv_own_calloc(1, sizeof *save);
    *ret_save = save;
    return save ? open_old(save, path) : PV_ENOMEM;
}

int pv_save_cut(struct pv_save *save, uint64_t n)
{
    if (ftruncate(fileno(save->file), (off_t)n) != 0 ||
        fseeko(save->file, (off_t)n, SEEK_SET) != 0) {
        return fail(save, "cannot write", errno);
    }
    save->n_kept = (off_t)n;
    save->is_cut = true;
    return PV_OK;
}

/* What was written to an old file goes again. Best effort: a cut gives room back. */
static void take_back(struct pv_save *save)
{
    if (save->is_cut && save->file) {
        (void)!ftruncate(fileno(save->file), save->n_kept);
    }
}

FILE *pv_save_file(struct pv_save *save)
{
    return save->file;
}

/* The data must be on the disk before the name says so; where a file system or a pipe cannot
 * say that, there is nothing to wait for. */
static bool flush(struct pv_save *save)
{
    if (fflush(save->file) != 0) {
        return false;
    }
    if (ferror(save->file)) {
        errno = EIO; /* an earlier write failed and its reason is gone */
        return false;
    }
    return (!save->temp && !save->is_old) || fsync(fileno(save->file)) == 0 ||
           errno == EINVAL || errno == ENOSYS;
}

int pv_save_finish(struct pv_save *save)
{
    if (save->status || !save->file) {
        return save->status;
    }
    bool done = flush(save);
    int error = errno;
    if (!done) {
        take_back(save);
    }
    if (!save->is_stdout) {
        if (fclose(save->file) != 0 && done) {
            done = false;
            error = errno;
        }
        save->file = NULL;
    }
    if (done && save->temp && rename(save->temp, save->path) < 0) {
        done = false;
        error = errno;
    }
    if (!done) {
        return fail(save, "cannot write", error);
    }
    pv_own_free(save->temp);
    save->temp = NULL;
    return PV_OK;
}

void pv_save_close(struct pv_save *save)
{
    if (!save) {
        return;
    }
    take_back(save);
    if (save->file && !save->is_stdout) {
        fclose(save->file);
    }
    if (save->temp) {
        unlink(save->temp);
    }
    pv_own_free(save->temp);
    pv_own_free(save->path);
    pv_own_free(save);
}

const char *pv_save_error(const struct pv_save *save)
{
    return save->error;
}
