/* SPDX-License-Identifier: MIT
 *
 * input.h - reads the sections of a native trace one by one, and looks for the rest of a
 * damaged one. Internal to traces/.
 */
#ifndef PV_PVT_INPUT_H
#define PV_PVT_INPUT_H

#include <stdbool.h>

#include "traces/pvt/piece.h"
#include "traces/reader.h"
#include "traces/stream.h"

struct pv_pvt_section {
    char kind;
    uint64_t offset; /* of the section's head */
    uint32_t n_items;
    const unsigned char *payload; /* until the next section is read; zeros follow */
    size_t n;
};

struct pv_pvt_input {
    struct pv_stream *stream;
    struct pv_place *place;
    uint64_t offset; /* bytes taken from the stream */
    unsigned char *payload;
    size_t cap;                    /* size of the payload's memory, without the padding */
    struct pv_pvt_section section; /* the last one with a sound head */
    bool more_is_sound;            /* pv_pvt_input_damaged found the head of a later section */
};

/* Do a file's first bytes begin a native trace? If the magic is damaged, the head of the header
 * section is enough. */
bool pv_pvt_input_begins(const unsigned char *head, size_t n);

/* Takes the magic. PV_EIO with the place. */
int pv_pvt_input_begin(struct pv_pvt_input *input, bool *ret_sound);

/* 0: the next section; 1: the file ends between two sections. PV_ENOMEM; PV_EFORMAT: the head
 * or the payload does not match its checksum, and *ret_why is a constant text for
 * pv_pvt_input_damaged; PV_EIO with the place set. */
int pv_pvt_input_next(struct pv_pvt_input *input, const char **ret_why);

static inline struct pv_pvt_piece pv_pvt_input_payload(const struct pv_pvt_section *section)
{
    return (struct pv_pvt_piece){.at = section->payload, .end = section->payload + section->n};
}

/* Reads the first section. The program's name is clean; the clock is a constant text. As
 * pv_pvt_input_next, but the end of the file is PV_EFORMAT. */
int pv_pvt_input_header(struct pv_pvt_input *input, char *program, size_t cap,
                        const char **ret_clock, const char **ret_why);

/* Searches the rest of the file for what is lost, and sets the place. n_given events have been
 * given out; n_here of the section at `offset` are known to be lost with it. PV_EFORMAT. */
int pv_pvt_input_damaged(struct pv_pvt_input *input, uint64_t offset, const char *why,
                         uint64_t n_given, uint64_t n_here);

void pv_pvt_input_fini(struct pv_pvt_input *input);

#endif
