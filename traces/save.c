/* SPDX-License-Identifier: MIT
 *
 * save.c - the unfinished file is made beside the final one, so that the rename stays within
 * one file system, and with O_EXCL, so that no existing file is overwritten. Only its owner can
 * read it; it gets its final owner and mode when it is complete.
 *
 * The stream writes through a function of this file, which keeps the errno of the first write
 * that failed: so it is known however late somebody asks.
 */
#include "traces/save.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/own.h"
#include "core/status.h"
#include "traces/signals.h"

enum { N_TRIES = 1000, ENDING_BYTES = 40 };

struct pv_save {
    FILE *file;
    int fd;    /* where the stream writes to */
    int error; /* errno of the first write that failed, or 0 */
    bool is_stdout;
    char *path;      /* the final name, symbolic links resolved */
    char *temp;      /* the unfinished file, NULL when the final one is written directly */
    int note;        /* the note of `temp` in signals.h */
    struct stat old; /* what the rename replaces; st_mode is 0 when there is nothing */
    bool is_private;
    bool is_old, is_cut;
    off_t n_kept; /* is_cut: an old file keeps at least so many bytes */
    int status;
    char text[160];
};

static int fail(struct pv_save *save, const char *what, int error)
{
    snprintf(save->text, sizeof save->text, "%s: %s", what, strerror(error));
    save->status = PV_EIO;
    return PV_EIO;
}

static int fail_memory(struct pv_save *save)
{
    snprintf(save->text, sizeof save->text, "out of memory");
    save->status = PV_ENOMEM;
    return PV_ENOMEM;
}

/* ---- the stream ---- */

/* Writes all bytes, or fails and keeps the errno. A descriptor that others made non-blocking is
 * waited for. */
static ssize_t write_bytes(void *cookie, const char *bytes, size_t n)
{
    struct pv_save *save = cookie;
    size_t done = 0;
    while (done < n) {
        ssize_t more = write(save->fd, bytes + done, n - done);
        struct pollfd until = {.fd = save->fd, .events = POLLOUT};
        if (more >= 0) {
            done += (size_t)more;
        } else if (errno == EAGAIN && poll(&until, 1, -1) >= 0) {
            continue;
        } else if (errno != EINTR) {
            save->error = save->error ? save->error : errno;
            errno = save->error;
            return 0; /* tells the C library that the write failed */
        }
    }
    return (ssize_t)n;
}

/* Takes over the descriptor, also when it fails. */
static int make_stream(struct pv_save *save, int fd)
{
    save->fd = fd;
    save->file = fopencookie(save, "w", (cookie_io_functions_t){.write = write_bytes});
    if (save->file) {
        return PV_OK;
    }
    if (!save->is_stdout) {
        close(fd);
    }
    save->fd = -1;
    return fail_memory(save);
}

/* Closes what make_stream made. Returns an errno, or 0. */
static int end_stream(struct pv_save *save)
{
    int error = 0;
    if (save->file && fclose(save->file) != 0) {
        error = save->error ? save->error : errno;
    }
    if (save->fd >= 0 && !save->is_stdout && close(save->fd) != 0 && !error) {
        error = errno;
    }
    save->file = NULL;
    save->fd = -1;
    return error;
}

/* ---- beginning ---- */

static int open_direct(struct pv_save *save, const char *path)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    return fd < 0 ? fail(save, "cannot write", errno) : make_stream(save, fd);
}

/* Makes the file beside the final name. */
static int open_beside(struct pv_save *save)
{
    size_t cap = strlen(save->path) + ENDING_BYTES;
    sigset_t before;
    save->temp = pv_own_calloc(cap, 1);
    if (!save->temp) {
        return fail_memory(save);
    }
    int fd = -1;
    pv_signals_hold(&before);
    for (int i = 0; i < N_TRIES && fd < 0; ++i) {
        snprintf(save->temp, cap, "%s.%ld-%d.part", save->path, (long)getpid(), i);
        fd = open(save->temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd < 0 && errno != EEXIST) {
            break;
        }
    }
    int error = errno;
    if (fd >= 0) {
        save->note = pv_signals_note(save->temp);
    }
    pv_signals_release(&before);
    if (fd >= 0) {
        return make_stream(save, fd);
    }
    pv_own_free(save->temp);
    save->temp = NULL;
    return fail(save, "cannot write", error);
}

static int begin(struct pv_save *save, const char *path)
{
    if (strcmp(path, "-") == 0) {
        save->is_stdout = true;
        return make_stream(save, STDOUT_FILENO);
    }
    bool exists = stat(path, &save->old) == 0;
    if (!exists) {
        save->old = (struct stat){0};
    }
    if (exists && S_ISDIR(save->old.st_mode)) {
        return fail(save, "cannot write", EISDIR);
    }
    if (exists && !S_ISREG(save->old.st_mode)) {
        return open_direct(save, path);
    }
    if (exists && access(path, W_OK) < 0) {
        return fail(save, "cannot write", errno); /* a rename would ignore that */
    }
    char real[PATH_MAX];
    const char *name = exists && realpath(path, real) ? real : path;
    save->path = pv_own_text(name, strlen(name));
    return save->path ? open_beside(save) : fail_memory(save);
}

static struct pv_save *make_save(void)
{
    struct pv_save *save = pv_own_calloc(1, sizeof *save);
    if (save) {
        save->fd = -1;
        save->note = -1;
    }
    return save;
}

int pv_save_open_private(struct pv_save **ret_save, const char *path)
{
    *ret_save = make_save();
    if (!*ret_save) {
        return PV_ENOMEM;
    }
    (*ret_save)->is_private = true;
    return begin(*ret_save, path);
}

int pv_save_open(struct pv_save **ret_save, const char *path)
{
    struct pv_save *save = make_save();
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
    if (is_ours) {
        int status = make_stream(save, fd);
        if (!status) {
            save->is_old = true;
            setvbuf(save->file, NULL, _IONBF, 0); /* so that nothing is written after a cut */
        }
        return status;
    }
    close(fd);
    if (!is_regular) {
        snprintf(save->text, sizeof save->text, "this is no regular file");
        save->status = PV_EINVAL;
        return PV_EINVAL;
    }
    if (error == EWOULDBLOCK) {
        snprintf(save->text, sizeof save->text, "somebody else is writing to it");
        save->status = PV_EIO;
        return PV_EIO;
    }
    return fail(save, "cannot write", error);
}

int pv_save_open_old(struct pv_save **ret_save, const char *path)
{
    struct pv_save *save = make_save();
    *ret_save = save;
    return save ? open_old(save, path) : PV_ENOMEM;
}

int pv_save_cut(struct pv_save *save, uint64_t n)
{
    if (ftruncate(save->fd, (off_t)n) != 0 || lseek(save->fd, (off_t)n, SEEK_SET) < 0) {
        return fail(save, "cannot write", errno);
    }
    save->n_kept = (off_t)n;
    save->is_cut = true;
    return PV_OK;
}

/* Removes what was written to an old file, as far as possible: truncating needs no space on the
 * disk. */
static void take_back(struct pv_save *save)
{
    if (save->is_cut && save->fd >= 0) {
        (void)!ftruncate(save->fd, save->n_kept);
    }
}

FILE *pv_save_file(struct pv_save *save)
{
    return save->file;
}

/* Sets owner and mode of the finished file. It is no failure when the owner cannot be set; when
 * the group cannot be set either, the group gets no more rights than everybody. Some file
 * systems have no modes. */
static void settle_mode(const struct pv_save *save)
{
    mode_t mode = save->old.st_mode & 0777;
    if (!save->old.st_mode) {
        mode_t mask = umask(0);
        umask(mask);
        mode = (save->is_private ? 0600 : 0666) & ~mask;
    } else if (fchown(save->fd, save->old.st_uid, save->old.st_gid) != 0 &&
               fchown(save->fd, (uid_t)-1, save->old.st_gid) != 0) {
        mode = (mode & 0707) | (mode & 0070 & (mode << 3));
    }
    (void)!fchmod(save->fd, mode);
}

/* The data must be on the disk before the rename. File systems and pipes that have no fsync are
 * not waited for. Returns an errno, or 0. */
static int flush(struct pv_save *save)
{
    if (save->temp) {
        settle_mode(save);
    }
    if (fflush(save->file) != 0 || ferror(save->file)) {
        return save->error ? save->error : errno;
    }
    bool waits = save->temp || save->is_old;
    return waits && fsync(save->fd) != 0 && errno != EINVAL && errno != ENOSYS ? errno : 0;
}

int pv_save_finish(struct pv_save *save)
{
    if (save->status || !save->file) {
        return save->status;
    }
    int error = flush(save);
    if (error) {
        take_back(save);
    }
    int ended = end_stream(save);
    error = error ? error : ended;
    if (!error && save->temp && rename(save->temp, save->path) < 0) {
        error = errno;
    }
    if (error) {
        return fail(save, "cannot write", error);
    }
    pv_signals_drop(save->note);
    save->note = -1;
    pv_own_free(save->temp);
    save->temp = NULL;
    return PV_OK;
}

const char *pv_save_unfinished(struct pv_save *save)
{
    end_stream(save);
    return save->temp;
}

int pv_save_keep(struct pv_save *save)
{
    if (save->file && save->temp) {
        settle_mode(save);
    }
    end_stream(save);
    if (!save->temp) {
        return PV_OK;
    }
    if (rename(save->temp, save->path) < 0) {
        return fail(save, "cannot write", errno);
    }
    pv_signals_drop(save->note);
    save->note = -1;
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
    end_stream(save);
    if (save->temp) {
        unlink(save->temp);
    }
    pv_signals_drop(save->note);
    pv_own_free(save->temp);
    pv_own_free(save->path);
    pv_own_free(save);
}

const char *pv_save_error(const struct pv_save *save)
{
    return save->text;
}
