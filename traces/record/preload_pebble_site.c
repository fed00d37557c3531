/* SPDX-License-Identifier: MIT
 *
 * preload_pebble_site.c - makes a name of 31 bytes of a return address, and caches it.
 *
 * Looking up a name takes ld.so's lock, so no lock of ours may be held then. A slot of the
 * cache is claimed and filled once; a thread that finds it claimed but not filled, or used by
 * another address, looks the name up itself.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "traces/record/preload_pebble.h"

enum { PLACES = 4096, HEX_MAX = 2 * sizeof(uintptr_t) };

struct named {
    _Atomic uintptr_t site;
    _Atomic bool filled;
    char name[PV_SITE_BYTES];
};

static struct named table[PLACES];
static _Atomic bool begun;

void pv_site_begin(void)
{
    atomic_store(&begun, true);
}

/* "text+0x1f"; the text is cut so that the number fits. No stdio, since this may run in a
 * signal handler. */
static void join(char out[PV_SITE_BYTES], const char *text, uintptr_t number)
{
    char digits[HEX_MAX];
    size_t n_digits = 0;
    do {
        digits[n_digits++] = "0123456789abcdef"[number % 16];
        number /= 16;
    } while (number);
    size_t room = PV_SITE_BYTES - 1 - n_digits - 3, n = strnlen(text, room);
    memcpy(out, text, n);
    memcpy(out + n, "+0x", 3);
    n += 3;
    while (n_digits) {
        out[n++] = digits[--n_digits];
    }
    out[n] = 0;
}

static void look_up(const void *site, char out[PV_SITE_BYTES])
{
    Dl_info found;
    int saved = errno;
    if (!dladdr(site, &found) || !found.dli_fname) {
        join(out, "", (uintptr_t)site);
    } else if (found.dli_sname) {
        join(out, found.dli_sname, (uintptr_t)site - (uintptr_t)found.dli_saddr);
    } else {
        const char *slash = strrchr(found.dli_fname, '/');
        join(out, slash ? slash + 1 : found.dli_fname,
             (uintptr_t)site - (uintptr_t)found.dli_fbase);
    }
    errno = saved;
}

void pv_site_name(const void *site, char out[PV_SITE_BYTES])
{
    out[0] = 0;
    if (!atomic_load_explicit(&begun, memory_order_acquire)) {
        return;
    }
    uintptr_t key = (uintptr_t)site, seen = 0;
    struct named *place = &table[(key * UINT64_C(0x9E3779B97F4A7C15) >> 32) % PLACES];
    seen = atomic_load_explicit(&place->site, memory_order_relaxed);
    if (seen == key && atomic_load_explicit(&place->filled, memory_order_acquire)) {
        memcpy(out, place->name, PV_SITE_BYTES);
        return;
    }
    look_up(site, out);
    seen = 0;
    if (atomic_compare_exchange_strong(&place->site, &seen, key)) {
        memcpy(place->name, out, PV_SITE_BYTES);
        atomic_store_explicit(&place->filled, true, memory_order_release);
    }
}
