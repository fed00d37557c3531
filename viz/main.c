/* SPDX-License-Identifier: MIT
 *
 * main.c - where the program begins: sets up signals and locale for every command, then runs
 * the command that the table names.
 */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <malloc.h>
#include <unistd.h>

#include "traces/signals.h"
#include "viz/cli/options.h"
#include "viz/cli/say.h"

/* If one of the three is closed, the first file that is opened takes its number, and a message
 * is written into a trace. What is opened here instead fails like a closed descriptor: standard
 * input on a read, the others on a write. A program that we start finds it closed. */
static int open_three(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        int how = fd == STDIN_FILENO ? O_WRONLY : O_RDONLY;
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
            open("/dev/null", how | O_CLOEXEC) != fd) {
            return -1;
        }
    }
    return 0;
}

/* The C library raises this bound by itself when a large block is freed; from then on arrays that
 * grow are copied instead of moved by the kernel, and what they held is not given back. Once the
 * bound is set, the C library keeps its second bound at 128 KiB, and returns the end of its heap to
 * the kernel with each array that is freed there: that bound is raised too. */
static void keep_large_blocks_apart(void)
{
    enum { FROM_BYTES = 1 << 20, KEPT_BYTES = 16 << 20 };
#ifdef M_MMAP_THRESHOLD
    (void)mallopt(M_MMAP_THRESHOLD, FROM_BYTES);
    (void)mallopt(M_TRIM_THRESHOLD, KEPT_BYTES);
#endif
}

int main(int argc, char **argv)
{
    pv_signals_begin();
    if (open_three()) {
        pv_say("standard input, output or error is closed, and /dev/null cannot be opened");
        return PV_EXIT_RESOURCES;
    }
    keep_large_blocks_apart();
    setlocale(LC_CTYPE, "");
    return pv_options_run(argc, argv);
}
