/* SPDX-License-Identifier: MIT
 *
 * save_test.c - a file appears whole or not at all.
 */
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/status.h"
#include "traces/save.h"

static char path[400];

/* ---- the C library's fsync, watched ---- */

static int n_syncs, sync_error;

int fsync(int fd)
{
    struct stat about;
    assert_int_equal(fstat(fd, &about), 0);
    n_syncs++;
    errno = sync_error;
    return sync_error ? -1 : 0;
}

static int begin(void **state)
{
    (void)state;
    scratch_make();
    n_syncs = sync_error = 0;
    snprintf(path, sizeof path, "%s", scratch_path("final"));
    return 0;
}

static void put(const char *where, const char *text)
{
    FILE *file = fopen(where, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void assert_holds(const char *where, const char *text)
{
    struct bytes bytes = bytes_of_file(where);
    assert_int_equal(bytes.n, strlen(text));
    assert_memory_equal(bytes.bytes, text, bytes.n);
    free(bytes.bytes);
}

static void finished_file_appears(void **state)
{
    (void)state;
    struct pv_save *save;
    assert_int_equal(pv_save_open(&save, path), 0);
    assert_true(fputs("new", pv_save_file(save)) >= 0);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(pv_save_finish(save), 0);
    assert_holds(path, "new");
    assert_string_equal(pv_save_error(save), "");
    pv_save_close(save);
    assert_holds(path, "new");
    assert_int_equal(scratch_remove(), 1);
}

static void old_file_stays_until_the_end(void **state)
{
    (void)state;
    struct pv_save *save;
    put(path, "old");
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(pv_save_open(&save, path), 0);
    assert_true(fputs("new", pv_save_file(save)) >= 0);
    assert_int_equal(fflush(pv_save_file(save)), 0);
    assert_holds(path, "old");
    assert_int_equal(pv_save_finish(save), 0);
    pv_save_close(save);
    assert_holds(path, "new");
    struct stat about;
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0640);
    assert_int_equal(scratch_remove(), 1);
}

static void abandoned_file_is_gone(void **state)
{
    (void)state;
    struct pv_save *save;
    put(path, "old");
    assert_int_equal(pv_save_open(&save, path), 0);
    assert_true(fputs("new", pv_save_file(save)) >= 0);
    pv_save_close(save);
    assert_holds(path, "old");
    assert_int_equal(scratch_remove(), 1);
    pv_save_close(NULL);
}

/* The largest file allowed is smaller than what is written: write fails as on a full disk. */
static void failed_write_leaves_the_old_file(void **state)
{
    (void)state;
    put(path, "old");
    struct rlimit before, limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    limit = before;
    limit.rlim_cur = 100;
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    struct pv_save *save;
    int opened = pv_save_open(&save, path);
    for (int i = 0; i < 1000; ++i) {
        fputs("a long text that goes on", pv_save_file(save));
    }
    int status = pv_save_finish(save);
    int again = pv_save_finish(save);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, handler);
    assert_int_equal(opened, 0);
    assert_int_equal(status, PV_EIO);
    assert_int_equal(again, PV_EIO);
    assert_string_equal(pv_save_error(save), "cannot write: File too large");
    pv_save_close(save);
    assert_holds(path, "old");
    assert_int_equal(scratch_remove(), 1);
}

/* What the disk has not taken is not there: the old file stays. */
static void the_disk_is_waited_for(void **state)
{
    (void)state;
    struct pv_save *save;
    put(path, "old");
    assert_int_equal(pv_save_open(&save, path), 0);
    assert_true(fputs("new", pv_save_file(save)) >= 0);
    sync_error = EIO;
    assert_int_equal(pv_save_finish(save), PV_EIO);
    assert_non_null(strstr(pv_save_error(save), strerror(EIO)));
    pv_save_close(save);
    assert_int_equal(n_syncs, 1);
    assert_holds(path, "old");
    assert_int_equal(scratch_remove(), 1);
}

/* Somebody's file, or a link to one, stands where the unfinished file would. */
static void a_strangers_file_is_not_written(void **state)
{
    (void)state;
    char first[440], second[440];
    struct pv_save *save;
    snprintf(first, sizeof first, "%s.%ld-0.part", path, (long)getpid());
    snprintf(second, sizeof second, "%s.%ld-1.part", path, (long)getpid());
    put(first, "a stranger's");
    assert_int_equal(symlink(first, second), 0);
    assert_int_equal(pv_save_open(&save, path), 0);
    assert_true(fputs("new", pv_save_file(save)) >= 0);
    assert_int_equal(pv_save_finish(save), 0);
    pv_save_close(save);
    assert_holds(first, "a stranger's");
    assert_holds(path, "new");
    assert_int_equal(scratch_remove(), 3);
}

static void links_are_followed(void **state)
{
    (void)state;
    char link[400];
    snprintf(link, sizeof link, "%s", scratch_path("link"));
    put(path, "old");
    assert_int_equal(symlink("final", link), 0);
    struct pv_save *save;
    assert_int_equal(pv_save_open(&save, link), 0);
    assert_true(fputs("new", pv_save_file(save)) >= 0);
    assert_int_equal(pv_save_finish(save), 0);
    pv_save_close(save);
    struct stat about;
    assert_int_equal(lstat(link, &about), 0);
    assert_true(S_ISLNK(about.st_mode));
    assert_holds(path, "new");
    assert_int_equal(scratch_remove(), 2);
}

static void pipes_are_written_directly(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    char name[60];
    snprintf(name, sizeof name, "/dev/fd/%d", ends[1]);
    struct pv_save *save;
    if (access(name, W_OK) == 0) { /* not in a chroot without /proc */
        assert_int_equal(pv_save_open(&save, name), 0);
        assert_true(fputs("new", pv_save_file(save)) >= 0);
        assert_int_equal(pv_save_finish(save), 0);
        pv_save_close(save);
        char text[4] = "";
        assert_int_equal(read(ends[0], text, 3), 3);
        assert_string_equal(text, "new");
    }
    close(ends[0]);
    close(ends[1]);
    assert_int_equal(scratch_remove(), 0);
}

static void standard_output_stays_open(void **state)
{
    (void)state;
    struct pv_save *save;
    assert_int_equal(pv_save_open(&save, "-"), 0);
    assert_int_equal(pv_save_finish(save), 0);
    pv_save_close(save);
    assert_true(printf("still here\n") > 0 && fflush(stdout) == 0 && !ferror(stdout));
    assert_int_equal(scratch_remove(), 0);
}

static mode_t mode_of(const char *name)
{
    struct stat about;
    assert_int_equal(stat(name, &about), 0);
    return about.st_mode & 0777;
}

/* Written for everybody to see only when it is whole; then as the umask, or the file that was
 * there, says. */
static void modes(void **state)
{
    (void)state;
    static const struct {
        bool is_private;
        mode_t mask, old, wanted;
    } cases[] = {{false, 022, 0, 0644},
                 {false, 077, 0, 0600},
                 {true, 022, 0, 0600},
                 {false, 022, 0620, 0620},
                 {true, 077, 0604, 0604}};
    for (size_t k = 0; k < 2 * sizeof cases / sizeof cases[0]; ++k) {
        size_t i = k / 2;
        mode_t mask = umask(cases[i].mask);
        struct pv_save *save;
        unlink(path);
        if (cases[i].old) {
            int fd = open(path, O_WRONLY | O_CREAT, 0600);
            assert_true(fd >= 0 && fchmod(fd, cases[i].old) == 0 && close(fd) == 0);
        }
        assert_int_equal(cases[i].is_private ? pv_save_open_private(&save, path)
                                             : pv_save_open(&save, path),
                         0);
        char name[4200];
        snprintf(name, sizeof name, "%s.%ld-0.part", path, (long)getpid());
        assert_int_equal(mode_of(name), 0600);
        assert_true(fputs("x", pv_save_file(save)) >= 0);
        /* What is kept of an unfinished file gets the same mode as a finished one. */
        assert_int_equal(k % 2 ? pv_save_keep(save) : pv_save_finish(save), 0);
        pv_save_close(save);
        assert_int_equal(mode_of(path), cases[i].wanted);
        umask(mask);
    }
    unlink(path);
    assert_int_equal(scratch_remove(), 0);
}

/* The reason of the first failure is told at the end, whatever came between. */
static void the_reason_is_kept(void **state)
{
    (void)state;
    struct pv_save *save;
    if (access("/dev/full", W_OK) == 0) {
        assert_int_equal(pv_save_open(&save, "/dev/full"), 0);
        fputs("x", pv_save_file(save));
        assert_true(fflush(pv_save_file(save)) != 0);
        errno = 0;
        assert_int_equal(pv_save_finish(save), PV_EIO);
        assert_string_equal(pv_save_error(save), "cannot write: No space left on device");
        pv_save_close(save);
    }
    assert_int_equal(scratch_remove(), 0);
}

static void hopeless_names(void **state)
{
    (void)state;
    struct pv_save *save;
    assert_int_equal(pv_save_open(&save, scratch_path("none/file")), PV_EIO);
    assert_string_equal(pv_save_error(save), "cannot write: No such file or directory");
    assert_int_equal(pv_save_finish(save), PV_EIO);
    pv_save_close(save);
    assert_int_equal(pv_save_open(&save, "/"), PV_EIO);
    assert_string_equal(pv_save_error(save), "cannot write: Is a directory");
    pv_save_close(save);
    assert_int_equal(scratch_remove(), 0);
}

static void out_of_memory_anywhere(void **state)
{
    (void)state;
    int failed = 1;
    for (uint64_t n = 1; failed; ++n) {
        own_fail_at(n, 0);
        struct pv_save *save;
        int status = pv_save_open(&save, path);
        failed = own_has_failed();
        assert_int_equal(status, failed ? PV_ENOMEM : 0);
        pv_save_close(save);
        assert_int_equal(own_n_live(), 0);
    }
    own_fail_at(0, 0);
    assert_int_equal(scratch_remove(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(finished_file_appears, begin),
        cmocka_unit_test_setup(old_file_stays_until_the_end, begin),
        cmocka_unit_test_setup(abandoned_file_is_gone, begin),
        cmocka_unit_test_setup(failed_write_leaves_the_old_file, begin),
        cmocka_unit_test_setup(the_disk_is_waited_for, begin),
        cmocka_unit_test_setup(a_strangers_file_is_not_written, begin),
        cmocka_unit_test_setup(links_are_followed, begin),
        cmocka_unit_test_setup(pipes_are_written_directly, begin),
        cmocka_unit_test_setup(standard_output_stays_open, begin),
        cmocka_unit_test_setup(modes, begin),
        cmocka_unit_test_setup(the_reason_is_kept, begin),
        cmocka_unit_test_setup(hopeless_names, begin),
        cmocka_unit_test_setup(out_of_memory_anywhere, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
