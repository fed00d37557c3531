/* SPDX-License-Identifier: MIT
 *
 * theme.h - what things look like: a style and a glyph for each role, a colour and a letter for
 * each tag.
 *
 * The colours are Okabe and Ito's, extended, as entries of the 256-colour palette; any two of
 * the tag and state colours differ by a Lab distance of at least 9 for normal, protan, deutan
 * and tritan sight (theme_test.c computes it). Colour never carries a meaning alone: states
 * differ by glyph as well, and tags have letters. With fewer colours the theme steps down to
 * 16, 8 and none.
 */
#ifndef PV_THEME_H
#define PV_THEME_H

#include "viz/tui/grid.h"

enum pv_level { PV_LEVEL_MONO, PV_LEVEL_8, PV_LEVEL_16, PV_LEVEL_256 };

enum pv_role {
    PV_ROLE_TEXT,
    PV_ROLE_QUIET,  /* labels, rules, what a search leaves out */
    PV_ROLE_STRONG, /* figures that matter */
    PV_ROLE_TITLE,
    PV_ROLE_PANE,  /* title of a pane */
    PV_ROLE_FOCUS, /* title of the pane that has the keys */
    PV_ROLE_KEY,
    PV_ROLE_FREE,
    PV_ROLE_HEADER, /* mostly headers */
    PV_ROLE_MIXED,  /* many tags, none leads */
    PV_ROLE_FAULT,
    PV_ROLE_CHANGED, /* by the event at the cursor */
    PV_ROLE_CAME,    /* since the moment that is compared with */
    PV_ROLE_WENT,
    PV_ROLE_LIVE,
    PV_ROLE_OVERHEAD, /* headers and rounding, in the graph */
    PV_ROLE_NOW,
    PV_ROLE_MARK,
    PV_N_ROLES
};

enum pv_glyph {
    PV_GLYPH_USED_1, /* used, up to a quarter of the cell */
    PV_GLYPH_USED_2,
    PV_GLYPH_USED_3,
    PV_GLYPH_USED_4,
    PV_GLYPH_USED_LAST, /* full, and the last cell of a pebble that fills several */
    PV_GLYPH_OTHER,     /* used, but not in the search */
    PV_GLYPH_FREE,
    PV_GLYPH_HEADER,
    PV_GLYPH_FINDING,
    PV_GLYPH_MADE,
    PV_GLYPH_ENDED,
    PV_GLYPH_CAME,
    PV_GLYPH_WENT,
    PV_GLYPH_END, /* after a bucket's last cell */
    PV_GLYPH_RULE,
    PV_GLYPH_WALL,
    PV_GLYPH_POINTER,
    PV_GLYPH_NOW,
    PV_GLYPH_TICK_FAULT,
    PV_GLYPH_TICK_MARK,
    PV_GLYPH_ARROW,
    PV_GLYPH_PLAY,
    PV_GLYPH_OVERHEAD,
    PV_N_GLYPHS
};

enum { PV_THEME_TAGS = 11, PV_THEME_AGES = 9, PV_THEME_BARS = 8 };

struct pv_theme {
    enum pv_level level;
    bool ascii;
};

struct pv_style pv_theme_style(const struct pv_theme *theme, enum pv_role role);
const char *pv_theme_glyph(const struct pv_theme *theme, enum pv_glyph glyph);

/* A bar of `eighths` (1 to 8) of a cell, growing from below or from the left. */
const char *pv_theme_bar(const struct pv_theme *theme, int eighths);
const char *pv_theme_bar_across(const struct pv_theme *theme, int eighths);

/* The colour and the letter of a tag follow from its text alone: the same in every session.
 * Letters are drawn evenly, not taken from the tag: programs' tags begin alike and share their
 * commonest letters. "" has '-'. */
struct pv_style pv_theme_tag(const struct pv_theme *theme, const char *tag);
char pv_theme_letter(const char *tag);

/* From young (0) to old (PV_THEME_AGES - 1). */
struct pv_style pv_theme_age(const struct pv_theme *theme, int step);

#endif
