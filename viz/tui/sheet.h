/* SPDX-License-Identifier: MIT
 *
 * sheet.h - an answer that takes the place of the panes: a few sentences and a table.
 *
 * A sheet is of the moment at the cursor, or of the whole trace. It stays open while one moves
 * in time and is made anew then. What it says is data: sentences, and items that the columns of
 * its type turn into texts, only those that are seen.
 */
#ifndef PV_TUI_SHEET_H
#define PV_TUI_SHEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pv_model;

enum pv_sheet_kind {
    PV_SHEET_NONE,
    PV_SHEET_LARGER,  /* why the heap is larger than what is used */
    PV_SHEET_LEAKS,   /* tags of blocks that are never freed */
    PV_SHEET_LEAKED,  /* these blocks, of one tag */
    PV_SHEET_HOLES,   /* free pebbles, who made them and who stands beside them */
    PV_SHEET_ADDRESS, /* every block that an address ever held */
    PV_SHEET_CHANGES, /* since the reference moment */
    PV_SHEET_ENGINES, /* what each engine would hold */
    PV_N_SHEETS
};

enum {
    PV_SHEET_NOTES = 12,
    PV_SHEET_NOTE = 256,
    PV_SHEET_TEXT = 128,
    PV_SHEET_REST = 0, /* a column's width: what the others leave, shared evenly */
};

#define PV_NO_TAG UINT32_MAX

/* A row of the table. The sheet decides what the fields mean, but Enter goes to `event` or
 * selects `addr`, and the tag gives the colour. */
struct pv_sheet_item {
    uint64_t addr, bytes, count;
    int64_t event, until;
    uint32_t tag, what;
    size_t pebble; /* SIZE_MAX: none */
};

struct pv_sheet {
    enum pv_sheet_kind kind;
    uint64_t addr; /* that it is about, where it is about one */
    uint32_t tag;
    struct pv_sheet_item *items;
    size_t n, cap;
    size_t row, top;
    bool fresh; /* just opened: the maker may choose the row */
    char notes[PV_SHEET_NOTES][PV_SHEET_NOTE];
    size_t n_notes;
};

struct pv_sheet_column {
    const char *title;
    int width;
    int from; /* shown in sheets of at least so many columns */
    bool right;
    /* Writes at most PV_SHEET_TEXT bytes; or returns the tag that is to be shown instead, else
     * PV_NO_TAG. */
    uint32_t (*text)(const struct pv_model *model, const struct pv_sheet_item *item, char *out);
};

enum { PV_SHEET_COLUMNS = 8 };

struct pv_sheet_type {
    const char *title;
    const char *enter; /* what Enter does with a row */
    struct pv_sheet_column columns[PV_SHEET_COLUMNS];
    /* Adds notes and items; the model is refreshed. PV_ENOMEM. */
    int (*make)(struct pv_model *model);
    /* Status as for a key. */
    int (*enter_row)(struct pv_model *model, const struct pv_sheet_item *item);
};

/* NULL for PV_SHEET_NONE. */
const struct pv_sheet_type *pv_sheet_type_of(enum pv_sheet_kind kind);

/* Opens a sheet, or closes it when it is the one that is open. PV_ENOMEM. */
int pv_sheet_toggle(struct pv_model *model, enum pv_sheet_kind kind);
int pv_sheet_open(struct pv_model *model, enum pv_sheet_kind kind);
void pv_sheet_close(struct pv_model *model);
void pv_sheet_fini(struct pv_sheet *sheet);

/* Makes the open sheet again, of the model's moment. PV_ENOMEM. */
int pv_sheet_make(struct pv_model *model);

/* By rows; the row chosen. */
void pv_sheet_move(struct pv_model *model, int64_t by);
int pv_sheet_enter(struct pv_model *model);
/* Rows of the table that are seen at once, and the lines of the sentences above it. */
int pv_sheet_height(const struct pv_model *model);
int pv_sheet_note_lines(const struct pv_model *model);

/* ---- for who makes one ---- */

void pv_sheet_say(struct pv_model *model, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A tag's text, or its end where it is long, for a sentence. buf has PV_SHEET_NAME bytes. */
enum { PV_SHEET_NAME = 64 };
const char *pv_sheet_name(const struct pv_model *model, uint32_t tag, char *buf);
/* A zeroed item, its tag PV_NO_TAG, its event PV_START, its pebble none. NULL: out of memory. */
struct pv_sheet_item *pv_sheet_add(struct pv_model *model);
/* Sorts by bytes, largest first; equal ones keep their order. */
void pv_sheet_sort(struct pv_model *model);

extern const struct pv_sheet_type pv_sheet_larger;
extern const struct pv_sheet_type pv_sheet_leaks;
extern const struct pv_sheet_type pv_sheet_leaked;
extern const struct pv_sheet_type pv_sheet_holes;
extern const struct pv_sheet_type pv_sheet_address;
extern const struct pv_sheet_type pv_sheet_changes;
extern const struct pv_sheet_type pv_sheet_engines;

/* Texts of columns that several sheets have. */
uint32_t pv_sheet_text_addr(const struct pv_model *model, const struct pv_sheet_item *item,
                            char *out);
uint32_t pv_sheet_text_bytes(const struct pv_model *model, const struct pv_sheet_item *item,
                             char *out);
uint32_t pv_sheet_text_count(const struct pv_model *model, const struct pv_sheet_item *item,
                             char *out);
uint32_t pv_sheet_text_event(const struct pv_model *model, const struct pv_sheet_item *item,
                             char *out);
uint32_t pv_sheet_text_tag(const struct pv_model *model, const struct pv_sheet_item *item,
                           char *out);

#endif
