/* SPDX-License-Identifier: MIT
 *
 * make_huge.c EVENTS LIVE OUT - a trace of so many events with at most so many blocks live, in
 * the form that OUT's name says. The same arguments give the same events. For tests/bench/huge.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/support/random.h"
#include "traces/writer.h"

int main(int argc, char **argv)
{
    static const char *const names[] = {"parse", "cache/line", "net/packet", "ui",
                                        "text/glyph"};
    uint64_t n_events = argc == 4 ? strtoull(argv[1], NULL, 10) : 0;
    uint64_t n_places = argc == 4 ? strtoull(argv[2], NULL, 10) : 0;
    uint64_t *live = calloc(n_places ? n_places : 1, sizeof *live); /* ids, 0: none */
    struct pv_trace_header header = {.program = "make_huge", .clock = "ns"};
    struct pv_writer *writer = NULL;
    if (!n_events || !n_places || !live || pv_writer_open(&writer, argv[3], NULL, &header)) {
        fprintf(stderr, "usage: make_huge EVENTS LIVE OUT\n");
        pv_writer_close(writer);
        free(live);
        return 2;
    }
    uint64_t state = 42, id = 0, t = 0;
    int status = 0;
    for (uint64_t i = 0; !status && i < n_events; i++) {
        uint64_t dice = random_next(&state), place = dice % n_places;
        t += dice >> 32 & 0x3ff;
        struct pv_trace_event event = {.op = PV_OP_MALLOC,
                                       .id = {.kind = PV_ID_NUMBER, .number = live[place]},
                                       .count = 1,
                                       .name = "",
                                       .has_t = true,
                                       .t = t,
                                       .has_thread = true,
                                       .thread = dice >> 60};
        if (!live[place]) {
            event.id.number = live[place] = ++id;
            event.size = dice >> 20 & (dice >> 50 & 63 ? 0xff : 0xfff);
            event.name = names[dice >> 45 & 3];
            event.has_name = true;
        } else if ((dice >> 40 & 15) == 0) {
            event.op = PV_OP_REALLOC;
            event.size = 1 + (dice >> 20 & 0x1ff);
        } else {
            event.op = PV_OP_FREE;
            live[place] = 0;
        }
        status = pv_writer_put(writer, &event);
    }
    status = status ? status : pv_writer_finish(writer);
    if (status) {
        fprintf(stderr, "make_huge: %s\n", pv_writer_error(writer));
    }
    pv_writer_close(writer);
    free(live);
    return status ? 1 : 0;
}
