/* SPDX-License-Identifier: MIT
 *
 * curses.c - the terminal: the only file that knows ncurses.
 *
 * It carries cells from a grid to the screen and keys from the terminal to the model, and
 * nothing else; it is one long file because no other may know curses. Only cells that differ
 * from those shown last are given to curses, which sends only what differs from the terminal's.
 * At rest it sleeps in ppoll and uses no time.
 *
 * Signals: SIGINT is Ctrl-C, a key, and arrives through a descriptor. Those that end us may come
 * at any moment, also while a terminal takes no more output: traces/signals.h is told at the
 * beginning what to write to it then. SIGWINCH, and SIGTSTP which curses handles itself, come
 * through only while we sleep, so that none is missed.
 *
 * Memory: curses goes on without what it does not get, and dies of it. Whatever may ask for
 * memory is called by ask_curses; where it is refused, curses is not called any more, and the
 * terminal is given back as after a signal.
 *
 * Failing calls: curses drops a write that fails and says nothing, but errno keeps the reason.
 */
#define _XOPEN_SOURCE_EXTENDED 1
#include <ncurses.h>

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

#include "core/own.h"
#include "core/status.h"
#include "traces/signals.h"
#include "viz/text/granted.h"
#include "viz/tui/screen.h"
#include "viz/tui/view.h"

enum {
    FRAME_MS = 33,     /* while playing: at most 30 pictures a second */
    READING_MS = 100,  /* while reading: at most 10, */
    READING_SHARE = 8, /* and drawing takes no more than a ninth of the time */
    ESCAPE_MS = 25,
    KEYS_A_FRAME = 64, /* taken together before the next picture */
    COLORS_MAX = 256,
    PAIR_SIDE = COLORS_MAX + 1,
    BACK_BYTES = 512,
};

struct terminal {
    SCREEN *screen;
    struct pv_model model;
    struct pv_grid shown; /* what curses was given */
    bool all;             /* curses must be given every cell again */
    int *pairs;           /* number of (fg + 1, bg + 1); 0: none yet */
    int n_pairs;
    bool defaults;                        /* the terminal's own colours can be used */
    const struct pv_tui_reading *reading; /* NULL: all is read */
    struct pv_clock {
        double began;  /* the reading */
        double shown;  /* the last picture */
        double wanted; /* the least time between two pictures while reading */
    } clock;
    bool touched; /* a key came */
    int error;    /* of the system, with which curses failed; 0: none */
    bool lost;    /* curses had no memory, or could not end: it is not called any more */
    int signals;  /* descriptor */
    sigset_t before;
    char back_bytes[BACK_BYTES];
    struct pv_signals_terminal back;
};

/* Calls curses from `work`, which holds nothing of ours. */
static int ask_curses(struct terminal *terminal, void (*work)(void *ctx), void *ctx)
{
    if (pv_granted(work, ctx)) {
        terminal->lost = true;
        return PV_ENOMEM;
    }
    return PV_OK;
}

/* The reason for which a call of curses failed since errno was 0; 0: none did. */
static int failure(void)
{
    return errno == EINTR || errno == EAGAIN ? 0 : errno;
}

/* ---- cells to the screen ---- */

static int pair_of(struct terminal *terminal, struct pv_style style)
{
    int fg = style.fg, bg = style.bg;

    if (!has_colors() || (fg < 0 && bg < 0)) {
        return 0;
    }
    int *pair = &terminal->pairs[(fg + 1) * PAIR_SIDE + bg + 1];
    if (*pair == 0) {
        if (terminal->n_pairs + 1 >= COLOR_PAIRS) {
            return 0;
        }
        if (!terminal->defaults) {
            fg = fg < 0 ? COLOR_WHITE : fg;
            bg = bg < 0 ? COLOR_BLACK : bg;
        }
        if (init_extended_pair(terminal->n_pairs + 1, fg, bg) == ERR) {
            return 0;
        }
        *pair = ++terminal->n_pairs;
    }
    return *pair;
}

static attr_t attributes_of(struct pv_style style)
{
    attr_t attributes = A_NORMAL;

    attributes |= style.attributes & PV_BOLD ? A_BOLD : 0;
    attributes |= style.attributes & PV_DIM ? A_DIM : 0;
    attributes |= style.attributes & PV_REVERSE ? A_REVERSE : 0;
    attributes |= style.attributes & PV_UNDERLINE ? A_UNDERLINE : 0;
    return attributes;
}

/* A character that the C library gives another width than our table does would shift the rest
 * of the line: a question mark takes its place. */
static void put_cell(struct terminal *terminal, const struct pv_cell *cell, int column,
                     int line)
{
    wchar_t text[CCHARW_MAX + 1];
    const char *at = cell->glyph;
    size_t n = 0;
    int pair = pair_of(terminal, cell->style);
    cchar_t put;

    while (n < CCHARW_MAX) {
        uint32_t character = pv_width_next(&at);
        if (!character) {
            break;
        }
        text[n++] = (wchar_t)character;
    }
    text[n] = L'\0';
    for (size_t i = 0; i < n; i++) {
        if (wcwidth(text[i]) != (i ? 0 : cell->width)) {
            text[i] = i ? L'\0' : L'?';
            text[i + 1] = i ? text[i + 1] : L'\0';
            break;
        }
    }
    if (setcchar(&put, text, attributes_of(cell->style), 0, &pair) == OK) {
        mvadd_wch(line, column, &put);
        if (cell->width == 2 && text[0] == L'?') {
            mvadd_wch(line, column + 1, &put);
        }
    }
}

struct picture {
    struct terminal *terminal;
    struct pv_grid grid;
};

static void give_picture(void *ctx)
{
    struct picture *picture = ctx;
    struct terminal *terminal = picture->terminal;
    const struct pv_grid *grid = &picture->grid;
    bool all = terminal->all || terminal->shown.columns != grid->columns ||
               terminal->shown.lines != grid->lines;

    if (all) {
        erase();
    }
    for (int line = 0; line < grid->lines; line++) {
        for (int column = 0; column < grid->columns; column++) {
            const struct pv_cell *cell = pv_grid_cell(grid, column, line);
            if (cell->width == 0) {
                continue;
            }
            /* A cell that was half of a wide one is drawn again with its neighbour. */
            const struct pv_cell *old =
                all ? NULL : pv_grid_cell(&terminal->shown, column, line);
            if (!old || memcmp(old, cell, sizeof *cell) != 0) {
                put_cell(terminal, cell, column, line);
            }
        }
    }
    errno = 0;
    refresh();
    terminal->error = failure();
}

static int draw(struct terminal *terminal)
{
    struct picture picture = {.terminal = terminal};
    int status = pv_model_refresh(&terminal->model);

    if (status) {
        return status;
    }
    status = pv_grid_init(&picture.grid, terminal->model.columns, terminal->model.lines,
                          terminal->model.theme.ascii);
    if (status) {
        return status;
    }
    status = pv_view_draw(&terminal->model, &picture.grid);
    if (status == 0) {
        status = ask_curses(terminal, give_picture, &picture);
    }
    if (status) {
        pv_grid_fini(&picture.grid);
        return status;
    }
    pv_grid_fini(&terminal->shown);
    terminal->shown = picture.grid;
    terminal->all = false;
    errno = terminal->error;
    return terminal->error ? PV_EIO : PV_OK;
}

/* ---- keys to the model ---- */

struct typed {
    int kind; /* as get_wch gives it; ERR: nothing */
    wint_t code;
    int mouse_kind;
    MEVENT mouse;
};

static void read_key(void *ctx)
{
    struct typed *typed = ctx;

    typed->kind = get_wch(&typed->code);
    typed->mouse_kind = ERR;
    if (typed->kind == KEY_CODE_YES && typed->code == KEY_MOUSE) {
        typed->mouse_kind = getmouse(&typed->mouse);
    }
}

static int mouse(struct terminal *terminal, const struct typed *typed)
{
    MEVENT event = typed->mouse;
    struct pv_mouse to = {0};

    if (typed->mouse_kind == ERR) {
        return PV_OK;
    }
    if (event.bstate & BUTTON4_PRESSED) {
        to.kind = PV_MOUSE_WHEEL_UP;
    } else if (event.bstate & BUTTON5_PRESSED) {
        to.kind = PV_MOUSE_WHEEL_DOWN;
    } else if (!(event.bstate & (BUTTON1_PRESSED | BUTTON1_CLICKED))) {
        return PV_OK;
    }
    to.column = event.x;
    to.line = event.y;
    return pv_model_mouse(&terminal->model, &to);
}

static uint32_t key_of(wint_t code)
{
    static const struct {
        wint_t code;
        uint32_t key;
    } keys[] = {
        {KEY_LEFT, PV_KEY_LEFT},
        {KEY_RIGHT, PV_KEY_RIGHT},
        {KEY_UP, PV_KEY_UP},
        {KEY_DOWN, PV_KEY_DOWN},
        {KEY_PPAGE, PV_KEY_PAGE_UP},
        {KEY_NPAGE, PV_KEY_PAGE_DOWN},
        {KEY_HOME, PV_KEY_HOME},
        {KEY_END, PV_KEY_END},
        {KEY_BTAB, PV_KEY_BACK_TAB},
        {KEY_ENTER, PV_KEY_ENTER},
        {KEY_BACKSPACE, PV_KEY_BACKSPACE},
        {KEY_F(1), PV_KEY_F1},
    };

    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (keys[i].code == code) {
            return keys[i].key;
        }
    }
    return PV_KEY_F1 + 1; /* a key that means nothing to us */
}

static void resize(struct terminal *terminal)
{
    pv_model_resize(&terminal->model, COLS, LINES);
    terminal->all = true;
    clearok(curscr, TRUE);
}

/* Takes what has been typed, up to a bound, so that a key held down does not starve the
 * picture. *ret_any: there was something. */
static int take_keys(struct terminal *terminal, bool *ret_any)
{
    *ret_any = false;
    for (int i = 0; i < KEYS_A_FRAME; i++) {
        struct typed typed;
        int status = ask_curses(terminal, read_key, &typed);
        if (status || typed.kind == ERR) {
            return status;
        }
        int kind = typed.kind;
        wint_t code = typed.code;
        *ret_any = true;
        bool resized = kind == KEY_CODE_YES && code == KEY_RESIZE;
        terminal->touched |= !resized;
        if (resized) {
            resize(terminal);
        } else if (kind == KEY_CODE_YES && code == KEY_MOUSE) {
            status = mouse(terminal, &typed);
        } else if (kind == KEY_CODE_YES) {
            status = pv_model_key(&terminal->model, key_of(code));
        } else if (code == '\n') {
            status = pv_model_key(&terminal->model, PV_KEY_ENTER);
        } else if (code == '\b') {
            status = pv_model_key(&terminal->model, PV_KEY_BACKSPACE);
        } else {
            status = pv_model_key(&terminal->model, (uint32_t)code);
        }
        if (status) {
            return status;
        }
    }
    return PV_OK;
}

/* ---- the loop ---- */

static double now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* How long to sleep; NULL: until something comes. */
static const struct timespec *sleep_of(const struct terminal *terminal, double milliseconds,
                                       struct timespec *time)
{
    bool works = terminal->reading || terminal->model.engines.working;
    *time = (struct timespec){.tv_nsec = works ? 0 : (long)(milliseconds * 1e6)};
    return terminal->model.playing || works ? time : NULL;
}

/* Sleeps until there is something to do, which a reading always has. *ret_typed: keys may have
 * come. PV_MODEL_QUIT: a signal, or the terminal is gone. */
static int rest(struct terminal *terminal, double milliseconds, bool *ret_typed)
{
    struct pollfd on[2] = {{.fd = STDIN_FILENO, .events = POLLIN},
                           {.fd = terminal->signals, .events = POLLIN}};
    struct timespec time;
    int n = ppoll(on, 2, sleep_of(terminal, milliseconds, &time), &terminal->before);
    *ret_typed = n != 0;
    if (n < 0) {
        return errno == EINTR ? PV_OK : PV_EIO;
    }
    if (on[1].revents) {
        struct signalfd_siginfo taken;
        /* If it stayed pending, it would end us once it is no longer blocked. */
        return read(terminal->signals, &taken, sizeof taken) < 0 && errno != EAGAIN
                   ? PV_EIO
                   : PV_MODEL_QUIT;
    }
    if (on[0].revents & (POLLHUP | POLLERR | POLLNVAL)) {
        return PV_MODEL_QUIT;
    }
    return PV_OK;
}

/* How far the reading is. */
static void tell_reading(struct terminal *terminal, double now)
{
    struct pv_model_reading *reading = &terminal->model.reading;
    double seconds = (now - terminal->clock.began) / 1e3;
    uint64_t total = 0;
    uint64_t done = terminal->reading->bytes(terminal->reading->ctx, &total);
    double share = total && done <= total ? (double)done / (double)total : -1;
    *reading = (struct pv_model_reading){
        .on = true,
        .share = share,
        .rate = seconds > 0 ? (uint64_t)((double)terminal->model.last / seconds) : 0,
        .seconds = share > 0 ? seconds * (1 - share) / share : 0,
    };
}

static void end_reading(struct terminal *terminal)
{
    struct pv_model *model = &terminal->model;
    const char *trouble = NULL;
    char count[PV_UNIT_TEXT];
    int64_t event = terminal->reading->end(terminal->reading->ctx, &trouble);
    pv_units_of(count, (uint64_t)(model->last + 1), "event");
    if (!terminal->touched) {
        pv_model_go(model, event);
    }
    if (trouble) {
        pv_model_say(model, "the trace ends here, after %s: %s", count, trouble);
    } else if (terminal->touched) {
        pv_model_say(model, "%s, all are read", count);
    }
    terminal->reading = NULL;
}

/* Reads on, and lets the model see it when a picture is due. *ret_due: it is. */
static int read_on(struct terminal *terminal, bool typed, bool *ret_due)
{
    const struct pv_tui_reading *reading = terminal->reading;
    bool more = reading->more(reading->ctx);
    double now = now_ms();
    *ret_due = !more || typed || now - terminal->clock.shown >= terminal->clock.wanted;
    if (!*ret_due) {
        return PV_OK;
    }
    reading->settle(reading->ctx);
    tell_reading(terminal, now);
    terminal->model.reading.on = more;
    int status = pv_model_grown(&terminal->model);
    if (!status && !more) {
        end_reading(terminal);
    }
    return status;
}

/* A step of the replay through other engines. *ret_due: a picture of it is due. */
static int work_on(struct terminal *terminal, bool typed, bool *ret_due)
{
    struct pv_model *model = &terminal->model;
    int status = pv_engines_work(model);
    bool late = now_ms() - terminal->clock.shown >= READING_MS;
    *ret_due = !model->engines.working || typed || late;
    bool seen = *ret_due && model->sheet.kind == PV_SHEET_ENGINES;
    return !status && seen ? pv_sheet_make(model) : status;
}

/* A picture, and when the next one is due while reading. */
static int show(struct terminal *terminal)
{
    double before = now_ms();
    int status = draw(terminal);
    double cost = now_ms() - before;
    terminal->clock.wanted =
        cost * READING_SHARE > READING_MS ? cost * READING_SHARE : READING_MS;
    return status;
}

/* Keys, playing, and a picture of what they changed. */
static int live(struct terminal *terminal, bool changed)
{
    bool any;
    int status = take_keys(terminal, &any);
    if (status) {
        return status;
    }
    double now = now_ms();
    double *shown = &terminal->clock.shown;
    if (terminal->model.playing && now - *shown >= FRAME_MS) {
        pv_model_tick(&terminal->model, now - *shown);
        changed = true;
    }
    if (!any && !changed) {
        return PV_OK;
    }
    *shown = terminal->model.playing && now - *shown < FRAME_MS ? *shown : now;
    return show(terminal);
}

static int run(struct terminal *terminal)
{
    terminal->clock.began = terminal->clock.shown = now_ms();
    int status = show(terminal);

    while (status == 0) {
        bool typed, due = false;
        double wait = FRAME_MS - (now_ms() - terminal->clock.shown);
        status = rest(terminal, wait > 0 ? wait : 0, &typed);
        if (!status && (terminal->reading || terminal->model.engines.working)) {
            status = terminal->reading ? read_on(terminal, typed, &due)
                                       : work_on(terminal, typed, &due);
            if (!status && !due) {
                continue;
            }
        }
        status = status ? status : live(terminal, due);
    }
    return status == PV_MODEL_QUIT ? PV_OK : status;
}

/* ---- beginning and end ---- */

static enum pv_level level_of(const struct pv_tui_options *options)
{
    if (options->no_color || !has_colors()) {
        return PV_LEVEL_MONO;
    }
    return COLORS >= 256 ? PV_LEVEL_256 : COLORS >= 16 ? PV_LEVEL_16 : PV_LEVEL_8;
}

static int mask_signals(struct terminal *terminal)
{
    sigset_t ours;

    sigemptyset(&ours);
    sigaddset(&ours, SIGINT);
    terminal->signals = signalfd(-1, &ours, SFD_CLOEXEC | SFD_NONBLOCK);
    sigaddset(&ours, SIGWINCH);
    sigaddset(&ours, SIGTSTP);
    if (terminal->signals < 0 || sigprocmask(SIG_BLOCK, &ours, &terminal->before)) {
        return PV_EIO;
    }
    /* While we sleep, only those that curses handles come through. */
    sigaddset(&terminal->before, SIGINT);
    return PV_OK;
}

/* The terminal's own words, without the pauses ("$<5>") that only a machine of the seventies
 * needs. One that does not fit is left out whole. */
static void say_back(struct terminal *terminal, const char *words)
{
    size_t begin = terminal->back.n;

    if (!words || words == (char *)-1) {
        return;
    }
    while (*words) {
        if (words[0] == '$' && words[1] == '<') {
            const char *end = strchr(words, '>');
            words = end ? end + 1 : words + 2;
        } else if (terminal->back.n == BACK_BYTES) {
            terminal->back.n = begin;
            return;
        } else {
            terminal->back_bytes[terminal->back.n++] = *words++;
        }
    }
}

/* Prepares what curses would write at the end, because a signal handler cannot call curses. */
static void promise_back(struct terminal *terminal)
{
    const char *mouse_mode = tigetstr("XM"), *place = tigetstr("cup");
    bool has_mouse_mode = mouse_mode && mouse_mode != (char *)-1;

    if (has_mouse_mode) {
        say_back(terminal, tiparm(mouse_mode, 0));
    } else if (tigetstr("kmous") && tigetstr("kmous") != (char *)-1) {
        say_back(terminal, "\033[?1000l");
    }
    say_back(terminal, tigetstr("sgr0"));
    say_back(terminal, tigetstr("op"));
    if (place && place != (char *)-1) {
        say_back(terminal, tiparm(place, LINES - 1, 0));
    }
    say_back(terminal, tigetstr("rmcup"));
    say_back(terminal, tigetstr("rmkx"));
    say_back(terminal, tigetstr("cnorm"));
    terminal->back.bytes = terminal->back_bytes;
    pv_signals_terminal(&terminal->back);
}

struct beginning {
    struct terminal *terminal;
    bool can_place; /* its cursor */
    bool coloured;
};

static void take_screen(void *ctx)
{
    struct beginning *beginning = ctx;
    struct terminal *terminal = beginning->terminal;

    set_escdelay(ESCAPE_MS);
    terminal->screen = newterm(NULL, stdout, stdin);
    const char *place = tigetstr("cup");
    beginning->can_place = place && place != (char *)-1;
    if (terminal->screen) {
        promise_back(terminal);
    }
}

static void set_up_screen(void *ctx)
{
    struct beginning *beginning = ctx;

    errno = 0;
    bool modes_set = cbreak() != ERR && noecho() != ERR && nonl() != ERR;
    intrflush(stdscr, FALSE);
    nodelay(stdscr, TRUE);
    leaveok(stdscr, TRUE);
    keypad(stdscr, TRUE);
    curs_set(0);
    beginning->terminal->error = modes_set ? failure() : errno ? errno : ENOTTY;
    mouseinterval(0);
    mousemask(BUTTON1_PRESSED | BUTTON1_CLICKED | BUTTON4_PRESSED | BUTTON5_PRESSED, NULL);
    if (beginning->coloured && has_colors()) {
        start_color();
        beginning->terminal->defaults = use_default_colors() == OK;
    }
}

static int need_terminal(int fd, const char **ret_message)
{
    if (isatty(fd)) {
        return PV_OK;
    }
    if (errno != ENOTTY && errno != EINVAL) {
        return PV_EIO;
    }
    *ret_message = "this needs a terminal; view --screen 120x40 prints a screen without one";
    return PV_ENOTSUP;
}

/* A type of terminal that curses cannot read is an unknown one to it: it is asked twice, the
 * second time with its folders looked up anew, which it does when a variable has changed; and
 * whether a file can be opened at all is asked here. */
static int take_terminal(struct beginning *beginning, const char **ret_message)
{
    struct terminal *terminal = beginning->terminal;
    int status = ask_curses(terminal, take_screen, beginning);
    if (!status && !terminal->screen) {
        setenv("TERMINFO_DIRS", "", 0);
        status = ask_curses(terminal, take_screen, beginning);
    }
    if (status || (beginning->can_place && terminal->screen)) {
        return status;
    }
    if (beginning->can_place) {
        return PV_ENOMEM; /* the type is known, the size too large */
    }
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return PV_EIO;
    }
    close(fd);
    *ret_message = terminal->screen ? "this terminal cannot place its cursor (TERM); view "
                                      "--screen 120x40 prints a screen without one"
                                    : "this terminal's type (TERM) is not known here; view "
                                      "--screen 120x40 prints a screen without one";
    return PV_ENOTSUP;
}

static int open_screen(struct terminal *terminal, const struct pv_tui_options *options,
                       const char **ret_message)
{
    struct beginning beginning = {.terminal = terminal, .coloured = !options->no_color};
    sigset_t before;
    int status = need_terminal(STDIN_FILENO, ret_message);
    status = status ? status : need_terminal(STDOUT_FILENO, ret_message);
    if (status) {
        return status;
    }
    if (tcgetattr(STDOUT_FILENO, &terminal->back.modes)) {
        return PV_EIO;
    }
    terminal->back.fd = STDOUT_FILENO;
    /* No signal comes between taking the terminal and the promise to give it back. */
    pv_signals_hold(&before);
    status = take_terminal(&beginning, ret_message);
    pv_signals_release(&before);
    if (status) {
        return status;
    }
    terminal->pairs = pv_own_calloc(PAIR_SIDE * PAIR_SIDE, sizeof *terminal->pairs);
    status = terminal->pairs ? ask_curses(terminal, set_up_screen, &beginning) : PV_ENOMEM;
    errno = terminal->error;
    return !status && terminal->error ? PV_EIO : status;
}

static void end_screen(void *ctx)
{
    struct terminal *terminal = ctx;

    errno = 0;
    endwin();
    terminal->lost = failure();
    delscreen(terminal->screen);
}

static void close_screen(struct terminal *terminal)
{
    if (terminal->screen && !terminal->lost) {
        ask_curses(terminal, end_screen, terminal);
    }
    if (terminal->lost) {
        pv_signals_give_back(&terminal->back);
    }
    pv_signals_terminal(NULL);
    pv_grid_fini(&terminal->shown);
    pv_own_free(terminal->pairs);
    if (terminal->signals >= 0) {
        close(terminal->signals);
    }
    pv_model_fini(&terminal->model);
}

int pv_tui_run(struct pv_timeline *timeline, const struct pv_tui_options *options,
               const char **ret_message)
{
    struct terminal terminal = {.signals = -1, .reading = options->reading};
    struct sigaction on_int, on_term, on_stop, on_resize;
    sigset_t before;

    setlocale(LC_CTYPE, "");
    sigprocmask(SIG_BLOCK, NULL, &before);
    /* Curses installs handlers of its own for these, and leaves them. */
    sigaction(SIGINT, NULL, &on_int);
    sigaction(SIGTERM, NULL, &on_term);
    sigaction(SIGTSTP, NULL, &on_stop);
    sigaction(SIGWINCH, NULL, &on_resize);
    int status = mask_signals(&terminal);
    if (status == 0) {
        status = open_screen(&terminal, options, ret_message);
    }
    if (status == 0) {
        struct pv_theme theme = {
            .level = level_of(options),
            .ascii = options->ascii || strcmp(nl_langinfo(CODESET), "UTF-8") != 0,
        };
        status = pv_model_init(&terminal.model, timeline, options->title, options->at, theme,
                               COLS, LINES);
        terminal.model.engines.source = options->engines;
        terminal.model.reading = (struct pv_model_reading){.on = terminal.reading, .share = -1};
    }
    if (status == 0) {
        status = run(&terminal);
    }
    int error = errno;
    close_screen(&terminal);
    sigaction(SIGINT, &on_int, NULL);
    sigaction(SIGTERM, &on_term, NULL);
    sigaction(SIGTSTP, &on_stop, NULL);
    sigaction(SIGWINCH, &on_resize, NULL);
    sigprocmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return status;
}
