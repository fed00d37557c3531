/* SPDX-License-Identifier: MIT
 *
 * pack.c - the list of the packings.
 */
#include "traces/pack.h"

const struct pv_packing *const pv_packings[] = {&pv_packing_gzip, &pv_packing_zstd,
                                                &pv_packing_xz, &pv_packing_zip, NULL};
