/* SPDX-License-Identifier: MIT
 *
 * formats.c - the table of format.h as an array, and the list of formats for people.
 */
#include "traces/format.h"

#include <string.h>

#define PV_FORMAT_ADDRESS(name) &pv_format_##name,
const struct pv_format *const pv_formats[] = {PV_FORMATS(PV_FORMAT_ADDRESS)};
#undef PV_FORMAT_ADDRESS

const size_t pv_n_formats = sizeof pv_formats / sizeof pv_formats[0];

const struct pv_format *pv_format_find(const char *name, size_t n)
{
    for (size_t i = 0; i < pv_n_formats; ++i) {
        if (strlen(pv_formats[i]->name) == n && memcmp(name, pv_formats[i]->name, n) == 0) {
            return pv_formats[i];
        }
    }
    return NULL;
}

bool pv_format_list(size_t number, struct pv_format_about *ret_about)
{
    if (number >= pv_n_formats) {
        return false;
    }
    const struct pv_format *format = pv_formats[number];
    *ret_about = (struct pv_format_about){
        .name = format->name,
        .about = format->about,
        .limits = format->limits,
        .reads = true,
        .writes = format->sink != NULL,
        .is_text = !format->is_binary,
    };
    return true;
}
