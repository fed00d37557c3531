/* SPDX-License-Identifier: MIT
 *
 * symbols.h - the names of the functions in an ELF file, and what kind of program it is.
 */
#ifndef PV_SYMBOLS_H
#define PV_SYMBOLS_H

#include <stdint.h>

struct pv_symbols;

/* Reads the symbol table of a file, or the dynamic one of a stripped file. PV_EIO: it cannot be
 * read, PV_ELIMIT: it is too large, errno says why; PV_EFORMAT: no 64-bit ELF file, or damaged;
 * PV_ENOMEM. */
int pv_symbols_open(struct pv_symbols **ret_symbols, const char *path);
void pv_symbols_close(struct pv_symbols *symbols); /* takes NULL */

/* The name of the function that holds an address (as the file counts them), or NULL. Of several
 * names for one place the plainest: fewest leading underscores, then shortest, then first by
 * bytes. Borrowed, raw. */
const char *pv_symbols_find(const struct pv_symbols *symbols, uint64_t addr);

/* Why the preload library may not have been loaded into a program. */
enum pv_reach {
    PV_REACH_UNKNOWN, /* the file cannot be read, or is no program */
    PV_REACH_YES,     /* its dynamic linker loads the library */
    PV_REACH_STATIC,
    PV_REACH_SETUID, /* or setgid, or it has capabilities */
    PV_REACH_MACHINE /* for another machine, or of another word size */
};

/* For a script, its interpreter is looked at. */
enum pv_reach pv_reach(const char *path);

#endif
