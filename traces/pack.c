/* SPDX-License-Identifier: MIT
 *
 * pack.c - the list of the packings.
 */
#include "traces/pack.h"

const struct pv_packing *const pv_packings[] = {&pv_packing_gzip, &pv_packing_zstd, NULL};
