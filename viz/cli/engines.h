/* SPDX-License-Identifier: MIT
 *
 * engines.h - a trace file replayed again through all engines, for the screen's key E.
 */
#ifndef PV_CLI_ENGINES_H
#define PV_CLI_ENGINES_H

#include "viz/cli/load.h"
#include "viz/tui/engines.h"

struct pv_cli_engines {
    const char *path; /* borrowed */
    struct pv_replay_options options;
    bool begun;
    struct pv_load load; /* while begun */
    char moment[24];
};

/* `engines` has its path and options and stays where it is. */
struct pv_engines_source pv_cli_engines_source(struct pv_cli_engines *engines);

#endif
