/* SPDX-License-Identifier: MIT
 *
 * demangle.h - turns one C++ symbol into the form that people write. Internal to traces/; for a
 * name call names.h.
 */
#ifndef PV_DEMANGLE_H
#define PV_DEMANGLE_H

#include <stdbool.h>
#include <stddef.h>

enum {
    PV_SYMBOL_MAX = 1023,              /* bytes of a symbol; longer ones are left as they are */
    PV_DEMANGLED_MAX = 4 * 1024 * 1024 /* bytes of a result; longer ones are refused */
};

/* Turns "_ZN4shop4Cart3putEi" into "shop::Cart::put(int)", which is put into `out` with a NUL,
 * or as much of it as fits; cap at least 1. *ret_n is the length of the whole. false, with
 * `out` unchanged: the text is no such symbol, there is no memory for it, no demangler was
 * built in, or the result could be longer than PV_DEMANGLED_MAX. A symbol can repeat an earlier
 * part in two bytes, so that a few hundred bytes can stand for more than there is memory. */
bool pv_demangle(const char *symbol, char *out, size_t cap, size_t *ret_n);

#endif
