/* SPDX-License-Identifier: MIT
 *
 * catalog.h - a catalog file (export --format json) read back into a snapshot.
 *
 * The file is as hostile as any: every field is checked, sizes and counts are bounded by the
 * file's own length. Source is PV_SNAPSHOT_FILE. The laws that can be judged on what the file
 * holds are applied; findings that the file itself lists are kept.
 *
 * A pebble's header has the 80 bytes of Table 20.3.3.1 however this was built, or 48, without
 * the name (20.3.3.6), when the file's totals say so.
 */
#ifndef PV_CATALOG_H
#define PV_CATALOG_H

#include <stdbool.h>
#include <stdint.h>

#include "inspect/snapshot.h"
#include "traces/reader.h"

struct pv_catalog {
    struct pv_snapshot *snapshot;
    struct pv_tags *tags;
    char *trace;  /* of the file's source, clean; "" when it has none */
    char *engine; /* clean */
    int64_t event;
};

/* 1: the file's beginning says that it is a catalog; 0: it does not. Reads nothing away, also
 * from a pipe at standard input ("-"); 0 where a look is not possible, and for a name that is
 * no file's. PV_EIO, PV_ENOMEM with the reason in *ret_place: the system failed. */
int pv_catalog_is(const char *path, struct pv_place *ret_place);

/* PV_EIO, PV_ENOFILE, PV_EFORMAT, PV_ELIMIT, PV_ENOMEM, with the reason in *ret_place. */
int pv_catalog_open(struct pv_catalog *catalog, const char *path, struct pv_place *ret_place);

/* The same from bytes in memory. */
int pv_catalog_open_bytes(struct pv_catalog *catalog, const char *bytes, size_t n,
                          struct pv_place *ret_place);

void pv_catalog_close(struct pv_catalog *catalog);

/* The names of the flags of Table 20.2.1, bit by bit; NULL for a bit without a name. */
const char *pv_catalog_flag_name(unsigned bit);

#endif
