/* SPDX-License-Identifier: MIT
 *
 * layout.c - the constant tables of the native format that its writer and its reader share.
 */
#include "traces/pvt/layout.h"

#include <stddef.h>

const unsigned char pv_pvt_magic[PV_PVT_MAGIC_BYTES] = {0x89, 'P',  'V',  'T',
                                                        '\r', '\n', 0x1a, '\n'};

const char *const pv_pvt_clocks[] = {"", "ns", "us", "ms", "instructions", NULL};
