/* SPDX-License-Identifier: MIT
 *
 * names.h - makes the C++ symbols inside names readable: "app:(_ZN4CartD1Ev+0x10)" becomes
 * "app:(Cart::~Cart()+0x10)". For one function some tools write the symbol and others the
 * readable form; here both become the same. Internal to traces/.
 */
#ifndef PV_NAMES_H
#define PV_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Might the name hold a symbol? Quick, because it is called for each event. */
static inline bool pv_name_may_be_mangled(const char *name)
{
    return strstr(name, "_Z") != NULL;
}

/* Puts n bytes of clean text into `out`, with the symbols made readable, clean and with a NUL;
 * what does not fit into cap bytes is cut between characters. cap at least 1. Returns the
 * number of bytes without the NUL. *ret_cost, when not NULL: bytes of all readable symbols. */
size_t pv_name_readable(char *out, size_t cap, const char *text, size_t n, size_t *ret_cost);

/* The same with a cache, for names that come again and again. */
struct pv_names;

struct pv_names *pv_names_open(void);        /* NULL: no memory */
void pv_names_close(struct pv_names *names); /* takes NULL */

/* *ret_name lives as long as the names. Once a table is full, or the symbols have cost
 * PV_NAMES_COST bytes, new names stay as they are. PV_ENOMEM. */
enum { PV_NAMES_COST = 256 * 1024 * 1024 };

int pv_names_find(struct pv_names *names, const char *name, const char **ret_name);

#endif
