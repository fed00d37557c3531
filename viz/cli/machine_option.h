/* SPDX-License-Identifier: MIT
 *
 * machine_option.h - --machine SIZE or FILE: the physical memory that a replay's pages are of.
 */
#ifndef PV_MACHINE_OPTION_H
#define PV_MACHINE_OPTION_H

#include "replay/machine.h"

/* A size is a PC with so much memory (replay/machine.h); anything else names a description file
 * of at most 64 KiB. 0, or an exit code when the reason was said. `command` as for
 * pv_say_usage. */
int pv_machine_option(const char *command, const char *text, struct pv_machine *ret_machine);

#endif
