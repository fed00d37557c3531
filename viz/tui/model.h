/* SPDX-License-Identifier: MIT
 *
 * model.h - everything the screen shows and everything a key changes; no terminal, no clock.
 *
 * The model stands on a timeline with a log. Keys change it, views read it:
 *
 *   key, mouse, tick -> model -> pv_view_draw(model, grid) -> terminal | text
 *
 * Moving in time only sets the cursor; the snapshot is made once, by pv_model_refresh, before
 * somebody looks. So a key that repeats costs one snapshot a frame, O(live pebbles), and not
 * one an event.
 */
#ifndef PV_MODEL_H
#define PV_MODEL_H

#include "replay/timeline.h"
#include "viz/tui/compare.h"
#include "viz/tui/engines.h"
#include "viz/tui/keys.h"
#include "viz/tui/sheet.h"
#include "viz/tui/theme.h"

enum pv_pane {
    PV_PANE_MAP,
    PV_PANE_TAGS,
    PV_PANE_LIST,
    PV_PANE_DETAIL,
    PV_PANE_GRAPH,
    PV_N_PANES
};

enum pv_paint { PV_PAINT_TAG, PV_PAINT_LETTER, PV_PAINT_AGE, PV_N_PAINTS };

enum pv_sort { PV_SORT_ADDRESS, PV_SORT_SIZE, PV_SORT_AGE, PV_SORT_TAG, PV_N_SORTS };

enum pv_prompt { PV_PROMPT_NONE, PV_PROMPT_GO, PV_PROMPT_SEARCH };

enum {
    PV_SCREEN_MIN_COLUMNS = 20,
    PV_SCREEN_MIN_LINES = 5,
    PV_HELP_MIN_COLUMNS = 60,
    PV_HELP_MIN_LINES = 16,
    PV_PROMPT_BYTES = 64,
    PV_MESSAGE_BYTES = 200,
    PV_TRAIL = 64,       /* jumps that are remembered */
    PV_DETAIL_ROWS = 18, /* of view_detail.c, for a used pebble without findings */
};

#define PV_NONE SIZE_MAX

/* What a tag holds at the cursor. */
struct pv_tag_row {
    uint32_t tag;
    uint64_t blocks;
    uint64_t bytes;                   /* requested; payload where that is unknown */
    uint64_t then_blocks, then_bytes; /* at the reference moment, where there is one */
};

/* How addresses lie in the map's cells. Buckets stand by address. In `rows` each begins on a
 * line of its own; else they follow one another with one cell between them. */
struct pv_map_shape {
    uint64_t cell_bytes;
    int fit; /* the step of cell sizes at which the whole heap fits */
    bool rows;
    int label;   /* columns of the address labels, a blank included */
    int columns; /* cells a line */
    int lines;   /* that are visible */
    uint64_t n_lines;
    uint64_t top;    /* the first visible line */
    uint64_t *first; /* of each bucket: its first cell */
    size_t *order;   /* the buckets by address */
    size_t cap_first;
};

/* The births of the blocks that nobody frees, in order; found when first asked for. */
struct pv_lasting {
    bool known;
    uint32_t *born;
    size_t n, cap;
};

struct pv_model {
    struct pv_timeline *timeline; /* borrowed */
    const char *title;            /* borrowed, clean */
    struct pv_theme theme;
    int columns, lines;
    struct pv_area
        panes[PV_N_PANES]; /* the inside, without the title line; 0 columns: hidden */
    struct pv_area body;   /* all panes, without a title line: a sheet's place */
    enum pv_pane focus;
    enum pv_pane side; /* of tags, list and detail, the one that shows where only one can */

    /* Time. */
    int64_t cursor, last;
    bool stale; /* cursor moved, the fields below are of another moment */
    struct pv_snapshot *snapshot;
    struct pv_moment now, before; /* before: at the event before the cursor */
    struct pv_step step;          /* of the event at the cursor; not at PV_START */
    struct pv_model_reading {
        bool on;        /* the trace is still being read */
        double share;   /* of its bytes that are; below 0: nobody knows */
        uint64_t rate;  /* events a second */
        double seconds; /* left, where the share is known */
    } reading;
    int64_t looked;    /* the troubles up to this event are known */
    int64_t *troubles; /* events that failed or were the program's mistake */
    size_t n_troubles, cap_troubles;
    struct pv_trail {
        int64_t back[PV_TRAIL], forth[PV_TRAIL]; /* the newest last */
        size_t n_back, n_forth;
    } trail;        /* where the jumps began */
    uint32_t count; /* typed before a key; 0: none */
    bool playing;
    double speed; /* events a second */
    double carry;

    /* The selection: an address, and the pebble that holds it. */
    uint64_t addr;
    size_t selected; /* PV_NONE */
    bool follow;     /* the selection goes where the event at the cursor did something */
    uint32_t tag;    /* that { } o and n work with */

    /* Panes. */
    struct pv_map_shape map;
    int zoom;     /* 0: the whole heap */
    bool fit_now; /* the scale is that of the present heap, not of its largest extent */
    enum pv_paint paint;
    enum pv_sort sort;
    uint32_t *order; /* of pebbles, when sort is not by address */
    size_t cap_order;
    size_t list_top;
    size_t detail_top;
    struct pv_tag_row *tags; /* largest first */
    size_t n_tags, cap_tags;
    size_t tags_top;

    struct pv_reference reference;
    struct pv_engines engines;

    /* The sheet in place of the panes, and the data that sheets are made of. */
    struct pv_sheet sheet;
    struct pv_lasting lasting;
    struct {
        bool known;
        uint64_t addr, bytes;
    } start; /* the bucket that the heap began with */

    /* Search. */
    bool searching;
    bool *match; /* of each tag */
    size_t cap_match;
    char search[PV_PROMPT_BYTES];

    enum pv_prompt prompt;
    char typed[PV_PROMPT_BYTES];
    size_t n_typed;
    bool help;
    size_t help_top;
    char message[PV_MESSAGE_BYTES]; /* until the next key */
};

/* Options as for the TUI. PV_ENOMEM. pv_model_fini takes a zeroed or half-made model. */
int pv_model_init(struct pv_model *model, struct pv_timeline *timeline, const char *title,
                  int64_t at, struct pv_theme theme, int columns, int lines);
void pv_model_fini(struct pv_model *model);

/* The timeline has more events, or, when reading.on is false, all. A cursor at the last event
 * stays there. O(new events). PV_ENOMEM. */
int pv_model_grown(struct pv_model *model);

void pv_model_resize(struct pv_model *model, int columns, int lines);

/* Brings what is shown up to date: snapshot, selection, tags, map. PV_ENOMEM. */
int pv_model_refresh(struct pv_model *model);

/* Answers of keys. */
enum { PV_MODEL_QUIT = 1 };

/* 0; PV_MODEL_QUIT; PV_ENOMEM. An unknown key does nothing but say so. */
int pv_model_key(struct pv_model *model, uint32_t key);
int pv_model_mouse(struct pv_model *model, const struct pv_mouse *mouse);

/* Lets `milliseconds` of playing pass. */
void pv_model_tick(struct pv_model *model, double milliseconds);

/* ---- between the parts of the model ---- */

void pv_model_say(struct pv_model *model, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* To an event; clamped. */
void pv_model_go(struct pv_model *model, int64_t event);

/* model_select.c: the selection goes to the pebble that holds model->addr, or to the nearest
 * one. Wants a snapshot. */
void pv_model_settle(struct pv_model *model);
/* Selects the pebble that holds addr; ends following. Wants a refreshed model. */
void pv_model_select(struct pv_model *model, uint64_t addr);
/* Makes the current tag that of the selected pebble, but for somebody who is choosing among the
 * tags, or has searched for one. */
void pv_model_take_tag(struct pv_model *model);
const struct pv_pebble_row *pv_model_pebble(const struct pv_model *model); /* or NULL */
const char *pv_model_tag_text(const struct pv_model *model, uint32_t tag);

/* model_rows.c: makes the rows of the tags and the order of the list. PV_ENOMEM. */
int pv_rows_tags(struct pv_model *model);
int pv_rows_sort(struct pv_model *model);

/* The pebble in the n-th row of the list, and the row of a pebble. */
size_t pv_model_row_pebble(const struct pv_model *model, size_t row);
size_t pv_model_pebble_row(const struct pv_model *model, size_t pebble);

/* The row of model->tag in the tags pane, or PV_NONE. */
size_t pv_model_tag_row(const struct pv_model *model);

/* model_move.c: by so many events, which ends playing; how many events are a page; a pane gets
 * the keys; up and down in a pane, left and right in the one that has the keys, by its height; the
 * pane after or before it. PV_ENOMEM. */
void pv_model_move(struct pv_model *model, int64_t by);
int64_t pv_model_page_events(const struct pv_model *model);
void pv_model_focus(struct pv_model *model, enum pv_pane pane);
int pv_model_scroll(struct pv_model *model, enum pv_pane pane, int by);
int pv_model_across(struct pv_model *model, int by);
int pv_model_page(struct pv_model *model, int sign);
int pv_model_cycle(struct pv_model *model, int by);

/* model_jump.c */
void pv_jump_trouble(struct pv_model *model, bool forward);
void pv_jump_mark(struct pv_model *model, bool forward);
void pv_jump_tag(struct pv_model *model, int64_t from, bool forward); /* the current tag */
void pv_jump_birth(struct pv_model *model);

void pv_jump_touch(struct pv_model *model, bool forward); /* the selected address */
/* Remembers that a jump began at `from`, and forgets the jumps that were gone back over. */
void pv_trail_note(struct pv_model *model, int64_t from);
/* Back to where the last jump began, or forth again. */
void pv_trail_walk(struct pv_model *model, bool back);

/* sheet_life.c: the next event behind `from`, or before it, that made or ended a block that
 * holds addr; PV_START: none. O(events between). */
int64_t pv_life_touch(const struct pv_model *model, uint64_t addr, int64_t from, bool forward);

/* model_prompt.c */
void pv_prompt_open(struct pv_model *model, enum pv_prompt which);
void pv_prompt_type(struct pv_model *model, uint32_t key); /* a control is no text */
void pv_prompt_erase(struct pv_model *model, bool all);    /* a character, or all */
int pv_prompt_take(struct pv_model *model);                /* PV_ENOMEM */

/* model_layout.c: sets the panes' areas from the screen's extent and the focus. */
void pv_model_layout(struct pv_model *model);
bool pv_model_too_small(const struct pv_model *model);

/* Lines at the foot: event, figures and hints; where there are few, one that says what matters most. */
int pv_model_foot(const struct pv_model *model);

/* model_map.c */
int pv_map_shape_make(struct pv_model *model); /* PV_ENOMEM */
void pv_map_scroll(struct pv_model *model, bool centre);
uint64_t pv_map_cell(const struct pv_model *model, size_t bucket, uint64_t addr);
uint64_t pv_map_bucket_cells(const struct pv_model *model, size_t bucket);
uint64_t pv_map_step_bytes(int step);
/* The bucket whose cells hold `cell`; PV_NONE between and after them. */
size_t pv_map_bucket(const struct pv_model *model, uint64_t cell);
/* The first address in a cell of a bucket. */
uint64_t pv_map_addr(const struct pv_model *model, size_t bucket, uint64_t cell);
/* Moves the selection by cells or lines, at least by one pebble. */
void pv_map_move(struct pv_model *model, int cells, int lines);
void pv_map_click(struct pv_model *model, int column, int line);

/* model_search.c */
int pv_search_begin(struct pv_model *model, const char *text); /* tags that hold text */
int pv_search_tag(struct pv_model *model, uint32_t tag);       /* this tag only */
void pv_search_end(struct pv_model *model);
int pv_search_next(struct pv_model *model, bool forward);

/* model_mouse.c: the graph's event at a column of it, and the other way round. Columns are of
 * `columns`. */
int64_t pv_graph_event(const struct pv_model *model, int column, int columns);
int pv_graph_column(const struct pv_model *model, int64_t event, int columns);
enum { PV_GRAPH_LABEL = 9 }; /* columns of the graph's axis */

#endif
