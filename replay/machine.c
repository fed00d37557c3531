/* SPDX-License-Identifier: MIT
 *
 * machine.c - a machine is a sorted list of ranges of pages. It comes from a size, with the
 * holes that a PC has from 640 KiB to 1 MiB and from 3 to 4 GiB, or from a description with a
 * range a line. Page 0 is never part of it.
 */
#include "replay/machine.h"

#include <stdbool.h>

#include "core/heap.h"
#include "core/status.h"

static const uint64_t kib = 1024, mib = 1024 * 1024, gib = 1024 * 1024 * 1024;

static const uint64_t most_bytes = UINT64_C(512) * 1024 * 1024 * 1024;

/* Adds a range behind the others, without page 0. */
static const char *add_range(struct pv_machine *machine, uint64_t start, uint64_t bytes)
{
    uint64_t end_before = 0;
    if (machine->n_ranges) {
        const struct pv_machine_range *last = &machine->ranges[machine->n_ranges - 1];
        end_before = (last->page + last->n_pages) * PV_PAGE_BYTES;
    }
    if (start % PV_PAGE_BYTES || bytes % PV_PAGE_BYTES || !bytes) {
        return "a range begins and ends on pages of 4096 bytes";
    }
    if (start < end_before) {
        return "ranges ascend and do not overlap";
    }
    if (start > most_bytes || bytes > most_bytes - start) {
        return "memory ends at 512 GiB";
    }
    if (machine->n_ranges == PV_MACHINE_RANGES) {
        return "there are at most 64 ranges";
    }
    if (start == 0) {
        start = PV_PAGE_BYTES;
        bytes -= PV_PAGE_BYTES;
    }
    if (bytes) {
        machine->ranges[machine->n_ranges++] = (struct pv_machine_range){
            .page = start / PV_PAGE_BYTES, .n_pages = bytes / PV_PAGE_BYTES};
    }
    return NULL;
}

int pv_machine_pc(struct pv_machine *machine, uint64_t bytes)
{
    bytes -= bytes % PV_PAGE_BYTES;
    *machine = (struct pv_machine){0};
    if (bytes < 2 * mib || bytes > most_bytes - gib) {
        return PV_EINVAL;
    }
    uint64_t below = bytes < 3 * gib ? bytes : 3 * gib;
    (void)add_range(machine, 0, 640 * kib);
    (void)add_range(machine, mib, below - mib);
    if (bytes > below) {
        (void)add_range(machine, 4 * gib, bytes - below);
    }
    return PV_OK;
}

/* ---- descriptions ---- */

struct scanner {
    const char *at, *end;
};

static int digit_of(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : 16;
}

static uint64_t unit_of(char c)
{
    return c == 'K' || c == 'k'   ? kib
           : c == 'M' || c == 'm' ? mib
           : c == 'G' || c == 'g' ? gib
                                  : 1;
}

static void skip_blanks(struct scanner *scanner)
{
    while (scanner->at < scanner->end &&
           (*scanner->at == ' ' || *scanner->at == '\t' || *scanner->at == '\r')) {
        scanner->at++;
    }
}

/* A number with its unit, at most 2^50. */
static bool scan_bytes(struct scanner *scanner, uint64_t *ret_bytes)
{
    const uint64_t most = UINT64_C(1) << 50;
    int base = 10;
    uint64_t value = 0;
    skip_blanks(scanner);
    if (scanner->end - scanner->at > 2 && scanner->at[0] == '0' && scanner->at[1] == 'x') {
        base = 16;
        scanner->at += 2;
    }
    const char *first = scanner->at;
    while (scanner->at < scanner->end && digit_of(*scanner->at) < base && value < most) {
        value = value * (uint64_t)base + (uint64_t)digit_of(*scanner->at++);
    }
    if (scanner->at == first || value >= most) {
        return false;
    }
    uint64_t unit = scanner->at < scanner->end ? unit_of(*scanner->at) : 1;
    scanner->at += unit > 1;
    *ret_bytes = value < most / unit ? value * unit : most;
    return true;
}

static const char *parse_line(struct pv_machine *machine, struct scanner line)
{
    uint64_t start, bytes;
    skip_blanks(&line);
    if (line.at == line.end || *line.at == '#') {
        return NULL;
    }
    if (!scan_bytes(&line, &start) || !scan_bytes(&line, &bytes)) {
        return "a line is START LENGTH, such as 1M 15M";
    }
    skip_blanks(&line);
    if (line.at != line.end && *line.at != '#') {
        return "there is more than START LENGTH on the line";
    }
    return add_range(machine, start, bytes);
}

int pv_machine_parse(struct pv_machine *machine, const char *text, size_t n, size_t *ret_line,
                     const char **ret_what)
{
    const char *at = text, *end = text + n;
    *machine = (struct pv_machine){0};
    for (*ret_line = 1; at < end; ++*ret_line) {
        struct scanner line = {.at = at, .end = at};
        while (line.end < end && *line.end != '\n') {
            line.end++;
        }
        *ret_what = parse_line(machine, line);
        if (*ret_what) {
            return PV_EFORMAT;
        }
        at = line.end + 1;
    }
    if (!machine->n_ranges) {
        *ret_what = "there is no range of memory";
        return PV_EFORMAT;
    }
    return PV_OK;
}
