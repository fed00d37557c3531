/* SPDX-License-Identifier: MIT
 *
 * demangle.h - one symbol of C++ as people write it. Internal to traces/; names.h is what to
 * call for a name.
 */
#ifndef PV_DEMANGLE_H
#define PV_DEMANGLE_H

#include <stdbool.h>
#include <stddef.h>

enum {
    PV_SYMBOL_MAX = 1023,              /* bytes of a symbol that is taken apart */
    PV_DEMANGLED_MAX = 4 * 1024 * 1024 /* bytes that it may be long */
};

/* "_ZN4shop4Cart3putEi" is "shop::Cart::put(int)", put into `out` with a NUL, or as much of it
 * as fits; cap at least 1. *ret_n is how long the whole is. false, and `out` is not changed: the
 * text is no such symbol, there is no memory for it, no demangler was built in, or it could be
 * longer than PV_DEMANGLED_MAX: a symbol says "as before" in two bytes, so that a few hundred
 * bytes can stand for more than there is memory. */
bool pv_demangle(const char *symbol, char *out, size_t cap, size_t *ret_n);

#endif
