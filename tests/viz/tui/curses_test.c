/* SPDX-License-Identifier: MIT
 *
 * curses_test.c - the TUI in a pseudo-terminal, with real keys, seen through libvterm: cells
 * and colours, resizing, terminals of several kinds, and that it always gives the terminal
 * back.
 *
 * Nothing sleeps: the test reads what comes until the screen shows what is expected, with a
 * limit that only a broken program meets.
 */
#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <vterm.h>

#include "core/status.h"
#include "tests/support/random.h"
#include "tests/viz/tui/story.h"
#include "traces/signals.h"
#include "viz/tui/screen.h"
#include "viz/tui/theme.h"

enum {
    LIMIT_MS = 60000,
    QUIET_MS = 100,
    ROW_BYTES = 4096,
    RANDOM_KEYS = 4000,
    PROGRAM_EVENTS = 3000
};

struct terminal {
    int fd;
    pid_t pid;
    VTerm *vt;
    VTermScreen *screen;
    int columns, lines;
    bool other_screen, cursor_hidden;
    bool gone; /* the program has closed its side */
};

static struct story story;

static int on_property(VTermProp property, VTermValue *value, void *user)
{
    struct terminal *terminal = user;

    if (property == VTERM_PROP_ALTSCREEN) {
        terminal->other_screen = value->boolean;
    } else if (property == VTERM_PROP_CURSORVISIBLE) {
        terminal->cursor_hidden = !value->boolean;
    }
    return 1;
}

static const VTermScreenCallbacks callbacks = {.settermprop = on_property};

struct setting {
    const char *term, *locale;
    bool no_color, has_shell;
};

/* In the child: the program that is tested. Its exit code is the status, made positive. */
static void child(const struct setting *setting)
{
    /* The sanitizers have taken these for themselves. */
    static const int taken[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
    struct pv_tui_options options = {
        .title = "story.json", .at = 1500, .no_color = setting->no_color};
    const char *message = "";

    setenv("TERM", setting->term, 1);
    setenv("LC_ALL", setting->locale, 1);
    unsetenv("COLUMNS");
    unsetenv("LINES");
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) {
        signal(taken[i], SIG_DFL);
    }
    pv_signals_begin();
    int status = pv_tui_run(story.timeline, &options, &message);
    if (status == PV_ENOTSUP) {
        printf("refused: %s\n", message);
        fflush(stdout);
    }
    _exit(-status);
}

/* In the child: a shell of one job, which a program must have to be stopped by the terminal.
 * Its exit code is the job's. */
static void shell(const struct setting *setting)
{
    int status, stops = 0;
    char key;

    signal(SIGTTOU, SIG_IGN);
    pid_t job = fork();
    if (job == 0) {
        setpgid(0, 0);
        tcsetpgrp(STDIN_FILENO, getpid());
        signal(SIGTTOU, SIG_DFL);
        child(setting);
    }
    while (waitpid(job, &status, WUNTRACED) == job && WIFSTOPPED(status)) {
        tcsetpgrp(STDIN_FILENO, getpid());
        printf("stopped %d\n", ++stops);
        fflush(stdout);
        if (read(STDIN_FILENO, &key, 1) != 1) {
            break;
        }
        tcsetpgrp(STDIN_FILENO, job);
        kill(-job, SIGCONT);
    }
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 99);
}

static struct terminal start_as(const struct setting *setting, int columns, int lines)
{
    struct terminal terminal = {.columns = columns, .lines = lines};
    struct winsize size = {.ws_row = (unsigned short)lines, .ws_col = (unsigned short)columns};

    fflush(stdout);
    terminal.pid = forkpty(&terminal.fd, NULL, NULL, &size);
    assert_true(terminal.pid >= 0);
    if (terminal.pid == 0) {
        /* Who started the tests may ignore signals, as nohup does: a program keeps that. */
        for (int number = 1; number < NSIG; number++) {
            signal(number, SIG_DFL);
        }
        if (setting->has_shell) {
            shell(setting);
        }
        child(setting);
    }
    terminal.vt = vterm_new(lines, columns);
    vterm_set_utf8(terminal.vt, 1);
    terminal.screen = vterm_obtain_screen(terminal.vt);
    vterm_screen_enable_altscreen(terminal.screen, 1);
    vterm_screen_reset(terminal.screen, 1);
    return terminal;
}

static struct terminal start(const char *term, int columns, int lines)
{
    return start_as(&(struct setting){.term = term, .locale = "C.UTF-8"}, columns, lines);
}

static long long now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Takes what the program has written, waiting up to `wait` ms for some. */
static void pump(struct terminal *terminal, int wait)
{
    struct pollfd poll_fd = {.fd = terminal->fd, .events = POLLIN};
    char bytes[65536];

    vterm_screen_set_callbacks(terminal->screen, &callbacks, terminal);
    if (terminal->gone || poll(&poll_fd, 1, wait) <= 0) {
        return;
    }
    ssize_t n = read(terminal->fd, bytes, sizeof bytes);
    if (n <= 0) {
        terminal->gone = true;
        return;
    }
    vterm_input_write(terminal->vt, bytes, (size_t)n);
    n = (ssize_t)vterm_output_read(terminal->vt, bytes, sizeof bytes);
    assert_true(n == 0 || write(terminal->fd, bytes, (size_t)n) == n);
}

static void send(struct terminal *terminal, const char *keys)
{
    size_t n = strlen(keys);

    while (n) {
        ssize_t sent = write(terminal->fd, keys, n);
        assert_true(sent > 0);
        keys += sent;
        n -= (size_t)sent;
    }
}

static VTermScreenCell cell_at(const struct terminal *terminal, int column, int line)
{
    VTermScreenCell cell = {0};

    vterm_screen_get_cell(terminal->screen, (VTermPos){.row = line, .col = column}, &cell);
    return cell;
}

static void row_text(const struct terminal *terminal, int line, char *text)
{
    VTermRect rect = {
        .start_row = line, .end_row = line + 1, .start_col = 0, .end_col = terminal->columns};
    size_t n = vterm_screen_get_text(terminal->screen, text, ROW_BYTES - 1, rect);

    text[n] = '\0';
}

/* The line that holds text, or -1. */
static int find(const struct terminal *terminal, const char *expected)
{
    char text[ROW_BYTES];

    for (int line = 0; line < terminal->lines; line++) {
        row_text(terminal, line, text);
        if (strstr(text, expected)) {
            return line;
        }
    }
    return -1;
}

static int wait_for(struct terminal *terminal, const char *expected)
{
    long long limit = now_ms() + LIMIT_MS;
    int line;

    while ((line = find(terminal, expected)) < 0) {
        if (now_ms() > limit || terminal->gone) {
            for (line = 0; line < terminal->lines; line++) {
                char text[ROW_BYTES];
                row_text(terminal, line, text);
                print_message("%s\n", text);
            }
            fail_msg("the screen does not show: %s", expected);
        }
        pump(terminal, 100);
    }
    return line;
}

/* Waits for the end and closes. Returns wait's status. */
static int finish(struct terminal *terminal)
{
    long long limit = now_ms() + LIMIT_MS;
    int status;

    while (!terminal->gone) {
        assert_true(now_ms() < limit);
        pump(terminal, 100);
    }
    assert_int_equal(waitpid(terminal->pid, &status, 0), terminal->pid);
    vterm_free(terminal->vt);
    close(terminal->fd);
    return status;
}

static void assert_given_back(const struct terminal *terminal, int fd)
{
    struct termios modes;

    assert_false(terminal->other_screen);
    assert_false(terminal->cursor_hidden);
    if (tcgetattr(fd, &modes) == 0) {
        assert_true(modes.c_lflag & ICANON);
        assert_true(modes.c_lflag & ECHO);
    }
}

static void leave(struct terminal *terminal)
{
    send(terminal, "q");
    int fd = dup(terminal->fd);
    assert_int_equal(finish(terminal), 0);
    assert_given_back(terminal, fd);
    close(fd);
}

static void keys_and_cells(void **state)
{
    struct terminal terminal = start("xterm-256color", 120, 40);
    struct pv_theme theme = {.level = PV_LEVEL_256};
    char text[ROW_BYTES];

    (void)state;
    wait_for(&terminal, "event 1,500 of 2,999");
    assert_true(terminal.other_screen);
    assert_true(terminal.cursor_hidden);
    send(&terminal, "]");
    wait_for(&terminal, "event 1,501 of 2,999");
    send(&terminal, "\033OF"); /* End, application mode */
    wait_for(&terminal, "event 2,999 of 2,999");
    send(&terminal, "\033OH");
    wait_for(&terminal, "start of 3,000 events");
    send(&terminal, "p\t");
    wait_for(&terminal, "\xE2\x96\xB8Tags");
    send(&terminal, "\033[5~\033[5~\r");
    int line = wait_for(&terminal, "/db/page");
    assert_int_equal(line, 39);

    /* The pane's title is bold, its first tag's row is reversed in the tag's colour. */
    line = find(&terminal, "\xE2\x96\xB8Tags");
    row_text(&terminal, line, text);
    VTermScreenCell cell = cell_at(&terminal, 71, line);
    assert_int_equal(cell.chars[0], 'T');
    assert_true(cell.attrs.bold);
    cell = cell_at(&terminal, 72, line + 2);
    assert_true(VTERM_COLOR_IS_INDEXED(&cell.fg));
    assert_int_equal(cell.fg.indexed.idx, pv_theme_tag(&theme, "db/page").fg);
    assert_int_equal(cell.chars[0], (uint32_t)pv_theme_letter("db/page"));

    /* The title line is reversed from edge to edge. */
    assert_true(cell_at(&terminal, 0, 0).attrs.reverse);
    assert_true(cell_at(&terminal, 119, 0).attrs.reverse);
    leave(&terminal);
}

static void prompt_and_help(void **state)
{
    struct terminal terminal = start("xterm-256color", 80, 24);

    (void)state;
    wait_for(&terminal, "event 1,500");
    send(&terminal, "g77");
    wait_for(&terminal, "0x address): 77");
    send(&terminal, "\r");
    wait_for(&terminal, "event 77 of");
    send(&terminal, "/\xC3\xA9");
    wait_for(&terminal, "holds: \xC3\xA9");
    send(&terminal, "\033");
    wait_for(&terminal, "? help");
    send(&terminal, "?");
    wait_for(&terminal, "another key closes");
    send(&terminal, "x");
    wait_for(&terminal, "Whole trace");
    send(&terminal, "W");
    wait_for(&terminal, "this key does nothing");
    send(&terminal, "\033OP");
    wait_for(&terminal, "another key closes");
    send(&terminal, "q");
    wait_for(&terminal, "Whole trace");
    leave(&terminal);
}

static void mouse(void **state)
{
    struct terminal terminal = start("xterm-256color", 120, 40);

    (void)state;
    wait_for(&terminal, "event 1,500");
    /* A click in the graph, where its axis begins, goes to event 0. */
    send(&terminal, "\033[<0;10;33M\033[<0;10;33m");
    wait_for(&terminal, "event 0 of");
    wait_for(&terminal, "\xE2\x96\xB8Whole trace");
    send(&terminal, "\033[<64;40;33M");
    wait_for(&terminal, "event 90 of");
    send(&terminal, "\033[<0;20;4M\033[<0;20;4m");
    wait_for(&terminal, "stays, Enter follows");
    wait_for(&terminal, "\xE2\x96\xB8Map");
    leave(&terminal);
}

static void resize(struct terminal *terminal, int columns, int lines)
{
    struct winsize size = {.ws_row = (unsigned short)lines, .ws_col = (unsigned short)columns};

    terminal->columns = columns;
    terminal->lines = lines;
    /* libvterm 0.1.4 clamps only one margin of a scroll region to the new size, and then moves
     * a negative number of lines: no margins, as a terminal's own resize leaves them. */
    vterm_input_write(terminal->vt, "\033[r", 3);
    vterm_set_size(terminal->vt, lines, columns);
    assert_int_equal(ioctl(terminal->fd, TIOCSWINSZ, &size), 0);
}

static void resizing(void **state)
{
    struct terminal terminal = start("xterm-256color", 120, 40);

    (void)state;
    wait_for(&terminal, "event 1,500");
    resize(&terminal, 30, 8);
    wait_for(&terminal, "Map  a cell is");
    resize(&terminal, 19, 5);
    wait_for(&terminal, "20x5 needed");
    send(&terminal, "]");
    resize(&terminal, 60, 16);
    wait_for(&terminal, "event 1,501");
    resize(&terminal, 200, 60);
    wait_for(&terminal, "z scale");
    resize(&terminal, 1, 1);
    resize(&terminal, 500, 200);
    wait_for(&terminal, "Selected pebble");
    resize(&terminal, 80, 24);
    wait_for(&terminal, "frag");
    leave(&terminal);
}

static void playing(void **state)
{
    struct terminal terminal = start("xterm-256color", 100, 30);

    (void)state;
    wait_for(&terminal, "event 1,500");
    send(&terminal, " >>>>>");
    wait_for(&terminal, "event 2,999 of 2,999");
    leave(&terminal);
}

static void terminals(void **state)
{
    static const char *const types[] = {"xterm-256color", "screen-256color", "vt100", "linux",
                                        "xterm"};

    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        struct terminal terminal = start(types[i], 80, 24);
        wait_for(&terminal, "event 1,500");
        send(&terminal, "]");
        wait_for(&terminal, "event 1,501");
        leave(&terminal);
    }
}

static void terminals_that_cannot(void **state)
{
    static const char *const types[] = {"dumb", "no-such-terminal"};

    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        struct terminal terminal = start(types[i], 80, 24);
        wait_for(&terminal, "refused:");
        wait_for(&terminal, "view --screen");
        int status = finish(&terminal);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), -PV_ENOTSUP);
    }
}

/* Without UTF-8 nothing beyond ASCII is sent; without colour none is. */
static void plain(void **state)
{
    struct terminal terminal = start_as(
        &(struct setting){.term = "xterm-256color", .locale = "C", .no_color = true}, 100, 30);

    (void)state;
    wait_for(&terminal, "event 1,500");
    wait_for(&terminal, ">Map");
    for (int line = 0; line < 30; line++) {
        for (int column = 0; column < 100; column++) {
            VTermScreenCell cell = cell_at(&terminal, column, line);
            assert_true(cell.chars[0] < 0x7F);
            assert_true(VTERM_COLOR_IS_DEFAULT_FG(&cell.fg));
            assert_true(VTERM_COLOR_IS_DEFAULT_BG(&cell.bg));
        }
    }
    leave(&terminal);
}

static void not_a_terminal(void **state)
{
    int status;

    (void)state;
    fflush(stdout);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        assert_non_null(freopen("/dev/null", "r", stdin));
        assert_non_null(freopen("/dev/null", "w", stdout));
        child(&(struct setting){.term = "xterm-256color", .locale = "C.UTF-8"});
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(WEXITSTATUS(status), -PV_ENOTSUP);
}

static void control_c(void **state)
{
    struct terminal terminal = start("xterm-256color", 80, 24);

    (void)state;
    wait_for(&terminal, "event 1,500");
    send(&terminal, "g12\003"); /* in a prompt */
    int fd = dup(terminal.fd);
    assert_int_equal(finish(&terminal), 0);
    assert_given_back(&terminal, fd);
    close(fd);
}

/* Whatever ends it, the terminal is as before and the parent sees what it was. */
static void signals(void **state)
{
    static const int kinds[] = {SIGTERM, SIGHUP,  SIGQUIT,   SIGUSR1, SIGUSR2,   SIGALRM,
                                SIGXCPU, SIGABRT, SIGVTALRM, SIGPROF, SIGSTKFLT, SIGIO,
                                SIGPWR,  SIGTRAP, SIGSYS,    SIGSEGV, SIGBUS,    SIGFPE,
                                SIGILL,  SIGINT,  0};
    static const int harmless[] = {SIGPIPE, SIGXFSZ, SIGCHLD, SIGURG, SIGCONT, SIGWINCH};

    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        int number = kinds[i] ? kinds[i] : SIGRTMIN;
        struct terminal terminal = start("xterm-256color", 80, 24);
        wait_for(&terminal, "event 1,500");
        for (size_t k = 0; k < sizeof harmless / sizeof *harmless; k++) {
            assert_int_equal(kill(terminal.pid, harmless[k]), 0);
        }
        send(&terminal, " "); /* while it plays */
        assert_int_equal(kill(terminal.pid, number), 0);
        int fd = dup(terminal.fd);
        int status = finish(&terminal);
        if (number == SIGINT) {
            assert_int_equal(status, 0);
        } else {
            assert_true(WIFSIGNALED(status));
            assert_int_equal(WTERMSIG(status), number);
        }
        assert_given_back(&terminal, fd);
        close(fd);
    }
}

/* Nobody takes what it writes: it ends all the same, and has given back what it could. */
static void blocked_output(void **state)
{
    struct terminal terminal = start("xterm-256color", 200, 60);
    struct pollfd poll_fd = {.fd = terminal.fd, .events = POLLIN};
    long long limit = now_ms() + LIMIT_MS;
    int status, waiting = 0;

    (void)state;
    wait_for(&terminal, "event 1,500");
    /* It is blocked when nothing is taken and it does not answer the key that ends it. */
    for (int i = 0; i < 400; i++) {
        send(&terminal, i % 2 ? "\033OF" : "\033OH");
    }
    send(&terminal, "q");
    while (waitpid(terminal.pid, &status, WNOHANG) == 0 && waiting < 1000) {
        assert_true(now_ms() < limit);
        poll(NULL, 0, 1);
        waiting++;
    }
    assert_int_equal(waiting, 1000);
    assert_int_equal(kill(terminal.pid, SIGTERM), 0);
    int fd = dup(terminal.fd);
    status = finish(&terminal);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGTERM);
    assert_given_back(&terminal, fd);
    assert_true(poll(&poll_fd, 0, 0) == 0);
    close(fd);
}

/* Ctrl-Z, which gives the terminal to the shell, and back. */
static void stop_and_go(void **state)
{
    struct terminal terminal = start_as(
        &(struct setting){.term = "xterm-256color", .locale = "C.UTF-8", .has_shell = true}, 80,
        24);

    (void)state;
    wait_for(&terminal, "event 1,500");
    for (int i = 0; i < 3; i++) {
        char expected[64];
        send(&terminal, "\032");
        /* The last stop's words are on the shell's screen, before the modes are given back. */
        snprintf(expected, sizeof expected, "stopped %d", i + 1);
        wait_for(&terminal, expected);
        assert_given_back(&terminal, terminal.fd);
        send(&terminal, "\n");
        wait_for(&terminal, "Whole trace");
        send(&terminal, "]");
        snprintf(expected, sizeof expected, "event 1,%d", 501 + i);
        wait_for(&terminal, expected);
        assert_true(terminal.other_screen);
        assert_true(terminal.cursor_hidden);
    }
    leave(&terminal);
}

/* The terminal goes away: the program ends by itself. */
static void hang_up(void **state)
{
    struct terminal terminal = start("xterm-256color", 80, 24);
    int status;

    (void)state;
    wait_for(&terminal, "event 1,500");
    close(terminal.fd);
    assert_int_equal(waitpid(terminal.pid, &status, 0), terminal.pid);
    assert_true(WIFSIGNALED(status) ? WTERMSIG(status) == SIGHUP : WEXITSTATUS(status) == 0);
    vterm_free(terminal.vt);
}

/* How often the program has gone to sleep, or -1 where the system does not say. */
static long sleeps(pid_t pid)
{
    char line[256];
    long n = -1;

    snprintf(line, sizeof line, "/proc/%ld/status", (long)pid);
    FILE *file = fopen(line, "r");
    while (file && fgets(line, sizeof line, file)) {
        if (sscanf(line, "voluntary_ctxt_switches: %ld", &n) == 1) {
            break;
        }
    }
    if (file) {
        fclose(file);
    }
    return n;
}

/* Nothing is written and nobody wakes while nothing happens. */
static void quiet_at_rest(void **state)
{
    struct terminal terminal = start("xterm-256color", 80, 24);
    struct pollfd poll_fd = {.fd = terminal.fd, .events = POLLIN};

    (void)state;
    wait_for(&terminal, "event 1,500");
    send(&terminal, "]");
    wait_for(&terminal, "event 1,501");
    while (poll(&poll_fd, 1, QUIET_MS) > 0) {
        pump(&terminal, 0);
    }
    long before = sleeps(terminal.pid);
    assert_int_equal(poll(&poll_fd, 1, QUIET_MS), 0);
    assert_int_equal(sleeps(terminal.pid), before);
    leave(&terminal);
}

static void random_keys(void **state)
{
    static const char *const keys[] = {"[",
                                       "]",
                                       "b",
                                       "f",
                                       "p",
                                       "\033OH",
                                       "\033OF",
                                       "\033OA",
                                       "\033OB",
                                       "\033OC",
                                       "\033OD",
                                       "\t",
                                       "\033[Z",
                                       "\r",
                                       "\033[5~",
                                       "\033[6~",
                                       "{",
                                       "}",
                                       "o",
                                       "O",
                                       "e",
                                       "E",
                                       "m",
                                       "M",
                                       "+",
                                       "-",
                                       "z",
                                       "c",
                                       "s",
                                       "n",
                                       "N",
                                       "?",
                                       " ",
                                       "<",
                                       ">",
                                       "/db\r",
                                       "g1234\r",
                                       "\x7F",
                                       "\b",
                                       "x",
                                       "\xE7\xAA\x93",
                                       "\xFF",
                                       "\033[<0;30;10M",
                                       "\033[<65;90;20M",
                                       "\033[<64;9;9M",
                                       "\033[99~",
                                       "\033Ox",
                                       "\001"};
    struct terminal terminal = start("xterm-256color", 100, 32);
    uint64_t seed = 7;

    (void)state;
    wait_for(&terminal, "event 1,500");
    for (int i = 0; i < RANDOM_KEYS; i++) {
        send(&terminal, keys[random_below(&seed, sizeof keys / sizeof *keys)]);
        if (i % 500 == 250) {
            resize(&terminal, 40 + (int)random_below(&seed, 160),
                   10 + (int)random_below(&seed, 50));
        }
        pump(&terminal, 0);
        assert_false(terminal.gone);
    }
    send(&terminal, "\003");
    int fd = dup(terminal.fd);
    assert_int_equal(finish(&terminal), 0);
    assert_given_back(&terminal, fd);
    close(fd);
}

static int set_up(void **state)
{
    (void)state;
    story_program(&story, PROGRAM_EVENTS);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    story_close(&story);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_and_cells),
        cmocka_unit_test(prompt_and_help),
        cmocka_unit_test(mouse),
        cmocka_unit_test(resizing),
        cmocka_unit_test(playing),
        cmocka_unit_test(terminals),
        cmocka_unit_test(terminals_that_cannot),
        cmocka_unit_test(plain),
        cmocka_unit_test(not_a_terminal),
        cmocka_unit_test(control_c),
        cmocka_unit_test(signals),
        cmocka_unit_test(blocked_output),
        cmocka_unit_test(stop_and_go),
        cmocka_unit_test(hang_up),
        cmocka_unit_test(quiet_at_rest),
        cmocka_unit_test(random_keys),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
