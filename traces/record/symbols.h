/* SPDX-License-Identifier: MIT
 *
 * symbols.h - the names of the functions in an ELF file.
 */
#ifndef PV_SYMBOLS_H
#define PV_SYMBOLS_H

#include <stdint.h>

struct pv_symbols;

/* Reads the symbol table of a file, or the dynamic one where it was stripped. PV_EIO: cannot be
 * read; PV_EFORMAT: no 64-bit ELF file, or damaged; PV_ELIMIT; PV_ENOMEM. */
int pv_symbols_open(struct pv_symbols **ret_symbols, const char *path);
void pv_symbols_close(struct pv_symbols *symbols); /* takes NULL */

/* The name of the function that holds an address as the file counts them, or NULL. Of several
 * for one place the plainest: fewest leading underscores, then shortest, then first by bytes.
 * Borrowed, raw. */
const char *pv_symbols_find(const struct pv_symbols *symbols, uint64_t addr);

#endif
