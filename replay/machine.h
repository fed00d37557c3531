/* SPDX-License-Identifier: MIT
 *
 * machine.h - the physical memory of a machine, for replays with --machine.
 *
 * The machine's kernel is identity-mapped: its heap's pages, virtual ones too, are pages of
 * this memory at their physical addresses. Pages are taken from the highest zone that the
 * request allows (above 4 GiB, 16 MiB to 4 GiB, 1 MiB to 16 MiB, below 1 MiB), the lowest place
 * in it first, so that low memory is left for those who need it.
 */
#ifndef PV_MACHINE_H
#define PV_MACHINE_H

#include <stddef.h>
#include <stdint.h>

enum { PV_MACHINE_RANGES = 64 };

/* Ranges of memory by address, in pages; what lies between them is a hole. */
struct pv_machine {
    size_t n_ranges;
    struct pv_machine_range {
        uint64_t page, n_pages;
    } ranges[PV_MACHINE_RANGES];
};

/* A PC with `bytes` of memory: page 0 is not given out (so that no block is at address 0),
 * there is a hole from 640 KiB to 1 MiB and one below 4 GiB, 1 GiB long, whose memory is above.
 * Returns PV_EINVAL for less than 2 MiB or more than 512 GiB. */
int pv_machine_pc(struct pv_machine *machine, uint64_t bytes);

/* A description: one range a line, START LENGTH, decimal or 0x…, with K, M or G; # begins a
 * comment. Ranges ascend, do not overlap, begin and end on pages, and end below 512 GiB; page 0
 * is left out. PV_EFORMAT with the line (from 1) and what is wrong with it, a literal. */
int pv_machine_parse(struct pv_machine *machine, const char *text, size_t n, size_t *ret_line,
                     const char **ret_what);

#endif
