/* SPDX-License-Identifier: MIT
 *
 * buffer.h - a FILE whose bytes stay in memory of ours.
 */
#ifndef PV_BUFFER_H
#define PV_BUFFER_H

#include <stdbool.h>
#include <stdio.h>

struct pv_buffer {
    char *bytes; /* n of them and a NUL, after pv_buffer_end */
    size_t n, cap;
    bool no_memory;
    FILE *file;
};

int pv_buffer_begin(struct pv_buffer *buffer); /* PV_ENOMEM */

/* Closes the file. PV_ENOMEM when not everything was kept. */
int pv_buffer_end(struct pv_buffer *buffer);

void pv_buffer_free(struct pv_buffer *buffer); /* takes a zeroed one */

#endif
