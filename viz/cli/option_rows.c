/* SPDX-License-Identifier: MIT
 *
 * option_rows.c - the table of options: names, what they take, and the sentence that --help and
 * the manual page say of each. Words only; no code.
 */
#include "viz/cli/options.h"

const struct pv_option pv_options[PV_N_OPTIONS] = {
    [PV_OPTION_ENGINE] =
        {"engine", 0, "E",
         "the allocator that the trace is replayed through: first-fit (default), best-fit, "
         "recent-fit or buddy; report takes several, with commas, and diff takes two",
         false},
    [PV_OPTION_AT] =
        {"at", 0, "EVENT",
         "the moment to look at: a number (the state after that event, from 0), start, "
         "end, peak (default: the most bytes are live) or mark:NAME",
         false},
    [PV_OPTION_BUCKET_SIZE] =
        {"bucket-size", 0, "BYTES",
         "size of the first bucket; K, M and G are understood (default 64K)", false},
    [PV_OPTION_GROWTH] = {"growth", 0, "HOW",
                          "a heap that is full grows in-place (default) or by a new-bucket",
                          false},
    [PV_OPTION_HEAP_LIMIT] = {"heap-limit", 0, "BYTES",
                              "the most that all buckets may hold (default: no limit)", false},
    [PV_OPTION_MACHINE] =
        {"machine", 0, "SIZE|FILE",
         "a PC with so much memory, or a description of one (START LENGTH a line): "
         "the heap's pages are its, at their physical addresses, so that PHYSICAL "
         "and LOW requests can be served",
         false},
    [PV_OPTION_PAGE] =
        {"page", 0, "SIZE",
         "of the engine buddy: its smallest block; blocks are this times a power of "
         "two (default 64)",
         false},
    [PV_OPTION_LOW] =
        {"low", 0, NULL,
         "of the engine buddy: take the lowest place that is large enough (default)", false},
    [PV_OPTION_HIGH] = {"high", 0, NULL, "of the engine buddy: take the highest", false},
    [PV_OPTION_SCREEN] = {"screen", 0, "COLSxLINES",
                          "draw the screen once, as text, without a terminal", false},
    [PV_OPTION_KEYS] = {"keys", 0, "KEYS",
                        "keys to apply before --screen draws: text as typed, and for a key "
                        "without a character its name in 'pebbleviz help keys', as <Home>",
                        false},
    [PV_OPTION_ASCII] = {"ascii", 0, NULL, "draw with ASCII characters only", false},
    [PV_OPTION_COLOR] = {"color", 0, "WHEN",
                         "auto (default), always or never; a non-empty NO_COLOR means never",
                         false},
    [PV_OPTION_JSON] = {"json", 0, NULL, "print JSON for programs instead of text for people",
                        false},
    [PV_OPTION_TOP] = {"top", 0, "N", "how many tags to list, the largest first", false},
    [PV_OPTION_NO_TIMING] = {"no-timing", 0, NULL,
                             "leave out how long it took, so that two runs are identical",
                             false},
    [PV_OPTION_FORMAT] = {"format", 'f', "F",
                          "json, dot, svg, png, map-svg or map-png (default: by the name of "
                          "the output)",
                          false},
    [PV_OPTION_OUTPUT] =
        {"output", 'o', "FILE",
         "where to write; it appears whole or not at all (default: standard output; of "
         "record, PROGRAM.PID.pvt)",
         false},
    [PV_OPTION_FULL] = {"full", 0, NULL, "draw every pebble, also above 500 of them", false},
    [PV_OPTION_FROM] =
        {"from", 0, "F",
         "the format of the input, see pebbleviz formats (default: by its content)", false},
    [PV_OPTION_PROCESS] =
        {"process", 0, "N",
         "of a log of several processes, the one to read, or N.K for the K-th program that it ran "
         "(default: the first that allocates; info lists them)",
         false},
    [PV_OPTION_PATTERN] =
        {"pattern", 0, "TEXT",
         "what a line of your own log looks like, such as 'M {addr} {size} {name}'; may be given "
         "again, for the other kinds of lines",
         false},
    [PV_OPTION_TO] =
        {"to", 0, "F",
         "the format of the output: json, jsonl, pvt or rep (default: by its name); a name "
         "that ends in .gz, .zst or .xz is packed",
         false},
    [PV_OPTION_PARTIAL] =
        {"partial", 0, NULL,
         "write what is good of a damaged input; the exit code is 4 all the same", false},
    [PV_OPTION_RULES] = {"rules", 0, NULL, "list the laws that are checked, and end", false},
    [PV_OPTION_EVERY] =
        {"every", 0, "N",
         "check after every N-th event and after the last (default: after every "
         "event, less often when a million pebbles have been looked at)",
         false},
    [PV_OPTION_NO_TIMES] = {"no-times", 0, NULL, "leave out when each event happened", false},
    [PV_OPTION_NO_THREADS] = {"no-threads", 0, NULL, "leave out which thread it was", false},
    [PV_OPTION_NO_ADDRESSES] = {"no-addresses", 0, NULL,
                                "leave out where the program's own allocator put the blocks",
                                false},
    [PV_OPTION_NO_NAMES] = {"no-names", 0, NULL, "leave out who asked", false},
    [PV_OPTION_DEPTH] = {"depth", 0, "N",
                         "frames of each call stack, at most 128 (default 32; 0: the names "
                         "alone, of who called the allocator)",
                         false},
    [PV_OPTION_PID] = {"pid", 'p', "N", "the heap of a running process", true},
    [PV_OPTION_CORE] = {"core", 0, "FILE", "the heap in a core dump", true},
    [PV_OPTION_IMAGE] = {"image", 0, "FILE", "the heap in a memory image", true},
    [PV_OPTION_BASE] = {"base", 0, "ADDR", "where the image's first byte stands", true},
    [PV_OPTION_GDB] = {"gdb", 0, "HOST:PORT", "the heap of a machine behind a gdb stub", true},
    [PV_OPTION_HELP] = {"help", 'h', NULL, "print this and end", false},
};
