/* SPDX-License-Identifier: MIT
 *
 * main.c - the door of the program: signals and locale as every command wants them, then the
 * command that the table names.
 */
#include <locale.h>
#include <signal.h>

#include "viz/cli/options.h"

int main(int argc, char **argv)
{
    /* A reader that goes away is an error of a write, not the end of us. */
    signal(SIGPIPE, SIG_IGN);
    setlocale(LC_CTYPE, "");
    return pv_options_run(argc, argv);
}
