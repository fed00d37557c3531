/* SPDX-License-Identifier: MIT
 *
 * screen.h - the two ways to see the screen: live in a terminal, or once as text.
 */
#ifndef PV_TUI_H
#define PV_TUI_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "replay/timeline.h"
#include "viz/tui/engines.h"

/* A trace that is still being read while the screen stands. All are called by pv_tui_run. */
struct pv_tui_reading {
    /* Reads some thousand events more. false: no more come. The timeline may be looked at only
     * between a settle and the next more. */
    bool (*more)(void *ctx);
    void (*settle)(void *ctx);
    /* Bytes read so far, of *ret_total; 0: nobody knows. */
    uint64_t (*bytes)(void *ctx, uint64_t *ret_total);
    /* When no more come: the event to go to unless a key came before; and why the trace could not
     * be read to its end, clean, or NULL. */
    int64_t (*end)(void *ctx, const char **ret_trouble);
    void *ctx;
};

struct pv_tui_options {
    const char *title;                       /* the trace's name, clean */
    int64_t at;                              /* the event to begin at */
    const struct pv_tui_reading *reading;    /* NULL: all is read. Not for pv_tui_screen */
    const struct pv_engines_source *engines; /* for the key E; NULL: it cannot be answered */
    bool no_color;                           /* --color=never or NO_COLOR */
    bool ascii;                              /* glyphs beyond ASCII are not to be used */
};

/* The TUI on a timeline with a log, until the user leaves. The terminal is restored on every
 * way out; by signals too, where pv_signals_begin has been called. PV_ENOTSUP: stdin or stdout
 * is no terminal, or one that cannot place a cursor; *ret_message (a literal) says what to do.
 * PV_ENOMEM, also for a window too large to be drawn. PV_EIO: errno says why. */
int pv_tui_run(struct pv_timeline *timeline, const struct pv_tui_options *options,
               const char **ret_message);

/* The same screen, once, as text without escapes, after applying `keys` (text as typed, with
 * <Right> and the like; NULL: none). The last line ends with a line break; lines are padded to
 * no more than their last character. PV_EINVAL: an unknown <Key>, named in *ret_bad_key (points
 * into keys). */
int pv_tui_screen(struct pv_timeline *timeline, const struct pv_tui_options *options,
                  int columns, int lines, const char *keys, FILE *out,
                  const char **ret_bad_key);

#endif
