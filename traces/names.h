/* SPDX-License-Identifier: MIT
 *
 * names.h - C++ symbols inside names, as people write them: "app:(_ZN4CartD1Ev+0x10)" is
 * "app:(Cart::~Cart()+0x10)". Of one function some tools write the symbol and some the text;
 * here both become the same. Internal to traces/.
 */
#ifndef PV_NAMES_H
#define PV_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Might there be a symbol in it? Quick, because it is asked of each event. */
static inline bool pv_name_may_be_mangled(const char *name)
{
    return strstr(name, "_Z") != NULL;
}

/* Puts n bytes of clean text into `out`, with its symbols made readable, clean and with a NUL;
 * what does not fit into cap bytes is cut between characters. cap at least 1. The number of
 * bytes without the NUL. *ret_cost, when not NULL: bytes that the symbols stood for. */
size_t pv_name_readable(char *out, size_t cap, const char *text, size_t n, size_t *ret_cost);

/* The same of names that come again and again, kept. */
struct pv_names;

struct pv_names *pv_names_open(void);        /* NULL: no memory */
void pv_names_close(struct pv_names *names); /* takes NULL */

/* *ret_name is alive as long as the names. When there are more than a table holds, or they have
 * cost PV_NAMES_COST bytes, new names stay as they are. PV_ENOMEM. */
enum { PV_NAMES_COST = 256 * 1024 * 1024 };

int pv_names_find(struct pv_names *names, const char *name, const char **ret_name);

#endif
