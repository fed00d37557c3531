/* SPDX-License-Identifier: MIT
 *
 * theme.c - the tables of styles and glyphs. See theme.h for what they promise.
 */
#include "viz/tui/theme.h"

#include <stddef.h>
#include <string.h>

/* A role at each level: {mono, 8, 16, 256}. */
struct look {
    struct pv_style at[PV_LEVEL_256 + 1];
};

#define LOOK(mono, b8, c8, b16, c16, b256, c256)                                               \
    {                                                                                          \
        {                                                                                      \
            {-1, -1, (mono)}, {(c8), -1, (b8)}, {(c16), -1, (b16)}, {(c256), -1, (b256)},      \
        }                                                                                      \
    }

static const struct look looks[PV_N_ROLES] = {
    [PV_ROLE_TEXT] = LOOK(0, 0, -1, 0, -1, 0, -1),
    [PV_ROLE_QUIET] = LOOK(0, 0, -1, 0, 8, 0, 244),
    [PV_ROLE_STRONG] = LOOK(PV_BOLD, PV_BOLD, -1, PV_BOLD, -1, PV_BOLD, -1),
    [PV_ROLE_TITLE] = LOOK(PV_REVERSE, PV_REVERSE, -1, PV_REVERSE, -1, PV_REVERSE, -1),
    [PV_ROLE_PANE] = LOOK(0, 0, -1, 0, 8, 0, 244),
    [PV_ROLE_FOCUS] = LOOK(PV_BOLD, PV_BOLD, 6, PV_BOLD, 14, PV_BOLD, 74),
    [PV_ROLE_KEY] = LOOK(PV_BOLD, PV_BOLD, 6, PV_BOLD, 6, PV_BOLD, 74),
    [PV_ROLE_FREE] = LOOK(0, 0, 7, 0, 8, 0, 240),
    [PV_ROLE_HEADER] = LOOK(0, 0, 7, 0, 7, 0, 244),
    [PV_ROLE_MIXED] = LOOK(0, PV_BOLD, 7, 0, 15, 0, 252),
    [PV_ROLE_FAULT] = LOOK(PV_BOLD | PV_REVERSE, PV_BOLD, 1, PV_BOLD, 9, PV_BOLD, 160),
    [PV_ROLE_CHANGED] = LOOK(PV_BOLD, PV_BOLD, 2, PV_BOLD, 10, PV_BOLD, 48),
    [PV_ROLE_CAME] = LOOK(PV_BOLD, PV_BOLD, 6, PV_BOLD, 14, PV_BOLD, 74),
    [PV_ROLE_WENT] = LOOK(0, 0, 3, 0, 11, 0, 214),
    [PV_ROLE_LIVE] = LOOK(0, 0, 6, 0, 6, 0, 74),
    [PV_ROLE_OVERHEAD] = LOOK(0, 0, 3, 0, 3, 0, 214),
    [PV_ROLE_NOW] = LOOK(PV_REVERSE, PV_REVERSE, -1, PV_REVERSE, -1, PV_REVERSE, -1),
    [PV_ROLE_MARK] = LOOK(PV_BOLD, PV_BOLD, 3, PV_BOLD, 11, PV_BOLD, 227),
};

static const char *const glyphs[PV_N_GLYPHS][2] = {
    [PV_GLYPH_USED_1] = {"░", "."},     [PV_GLYPH_USED_2] = {"▒", ":"},
    [PV_GLYPH_USED_3] = {"▓", "+"},     [PV_GLYPH_USED_4] = {"█", "#"},
    [PV_GLYPH_USED_LAST] = {"▉", "%"},  [PV_GLYPH_OTHER] = {"-", "-"},
    [PV_GLYPH_FREE] = {"·", "_"},       [PV_GLYPH_HEADER] = {"≡", "="},
    [PV_GLYPH_FINDING] = {"!", "!"},    [PV_GLYPH_MADE] = {"◆", "@"},
    [PV_GLYPH_ENDED] = {"◇", "o"},      [PV_GLYPH_END] = {"▏", "]"},
    [PV_GLYPH_CAME] = {"+", "+"},       [PV_GLYPH_WENT] = {"−", "-"},
    [PV_GLYPH_RULE] = {"─", "-"},       [PV_GLYPH_WALL] = {"│", "|"},
    [PV_GLYPH_POINTER] = {"▸", ">"},    [PV_GLYPH_NOW] = {"▲", "^"},
    [PV_GLYPH_TICK_FAULT] = {"!", "!"}, [PV_GLYPH_TICK_MARK] = {"▾", "v"},
    [PV_GLYPH_ARROW] = {"→", "->"},     [PV_GLYPH_PLAY] = {"▶", ">"},
    [PV_GLYPH_OVERHEAD] = {"▒", ":"},
};

static const char *const bars[PV_THEME_BARS] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
static const char *const bars_across[PV_THEME_BARS] = {"▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"};
static const char *const bars_ascii[PV_THEME_BARS] = {"_", "_", ".", ".", ":", ":", "#", "#"};
static const char *const bars_across_ascii[PV_THEME_BARS] = {".", ".", ":", ":",
                                                             "+", "+", "#", "#"};

static const struct look tag_looks[PV_THEME_TAGS] = {
    LOOK(0, 0, 3, 0, 3, 0, 214),        LOOK(0, 0, 6, 0, 6, 0, 74),
    LOOK(0, 0, 2, 0, 2, 0, 36),         LOOK(0, PV_BOLD, 3, 0, 11, 0, 227),
    LOOK(0, 0, 4, 0, 4, 0, 32),         LOOK(0, 0, 1, 0, 1, 0, 166),
    LOOK(0, 0, 5, 0, 5, 0, 175),        LOOK(0, PV_BOLD, 2, 0, 10, 0, 107),
    LOOK(0, PV_BOLD, 5, 0, 13, 0, 207), LOOK(0, PV_BOLD, 4, 0, 12, 0, 99),
    LOOK(0, PV_BOLD, 6, 0, 14, 0, 151),
};

/* Viridis, bright end first: what is new stands out. */
static const struct look age_looks[PV_THEME_AGES] = {
    LOOK(PV_BOLD, PV_BOLD, 3, 0, 11, 0, 220),
    LOOK(PV_BOLD, 0, 3, 0, 10, 0, 148),
    LOOK(PV_BOLD, 0, 2, 0, 2, 0, 113),
    LOOK(0, 0, 2, 0, 2, 0, 35),
    LOOK(0, 0, 6, 0, 6, 0, 36),
    LOOK(0, 0, 6, 0, 6, 0, 30),
    LOOK(0, 0, 4, 0, 4, 0, 24),
    LOOK(PV_DIM, 0, 4, 0, 4, 0, 61),
    LOOK(PV_DIM, 0, 5, 0, 5, 0, 53),
};

struct pv_style pv_theme_style(const struct pv_theme *theme, enum pv_role role)
{
    return looks[role].at[theme->level];
}

const char *pv_theme_glyph(const struct pv_theme *theme, enum pv_glyph glyph)
{
    return glyphs[glyph][theme->ascii ? 1 : 0];
}

static int eighths_within(int eighths)
{
    return eighths < 1 ? 0 : eighths > PV_THEME_BARS ? PV_THEME_BARS - 1 : eighths - 1;
}

const char *pv_theme_bar(const struct pv_theme *theme, int eighths)
{
    return (theme->ascii ? bars_ascii : bars)[eighths_within(eighths)];
}

const char *pv_theme_bar_across(const struct pv_theme *theme, int eighths)
{
    return (theme->ascii ? bars_across_ascii : bars_across)[eighths_within(eighths)];
}

/* FNV-1a, with its high half folded in: the low bits alone follow the last character. */
static uint32_t hash(const char *text)
{
    uint32_t sum = UINT32_C(2166136261);

    for (; *text; text++) {
        sum = (sum ^ (unsigned char)*text) * UINT32_C(16777619);
    }
    return sum ^ sum >> 16;
}

struct pv_style pv_theme_tag(const struct pv_theme *theme, const char *tag)
{
    if (!*tag) {
        return pv_theme_style(theme, PV_ROLE_MIXED);
    }
    return tag_looks[hash(tag) % PV_THEME_TAGS].at[theme->level];
}

char pv_theme_letter(const char *tag)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    return *tag ? letters[hash(tag) / PV_THEME_TAGS % (sizeof letters - 1)] : '-';
}

struct pv_style pv_theme_age(const struct pv_theme *theme, int step)
{
    if (step < 0) {
        step = 0;
    }
    return age_looks[step < PV_THEME_AGES ? step : PV_THEME_AGES - 1].at[theme->level];
}
