/* SPDX-License-Identifier: MIT
 *
 * commands.c - the two tables of options.h. Words only; no code. What stands here is what
 * --help prints and what the tests hold the manual to.
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
         "where to write; it appears whole or not at all (default: of export -, standard output; "
         "of record PROGRAM.PID.pvt)",
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

#define KEY(name) (UINT64_C(1) << PV_OPTION_##name)
#define READ_KEYS (KEY(FROM) | KEY(PATTERN) | KEY(PROCESS))
#define HEAP_KEYS                                                                              \
    (KEY(ENGINE) | KEY(BUCKET_SIZE) | KEY(GROWTH) | KEY(HEAP_LIMIT) | KEY(MACHINE) |           \
     KEY(PAGE) | KEY(LOW) | KEY(HIGH) | READ_KEYS)
#define TARGET_KEYS (KEY(PID) | KEY(CORE) | KEY(IMAGE) | KEY(BASE) | KEY(GDB))
#define ANY_COUNT   SIZE_MAX

const struct pv_command pv_commands[] = {
    {.name = "view",
     .synopsis = "TRACE [--engine E] [--at EVENT] [--screen COLSxLINES [--keys KEYS]]",
     .about = "look at the heap, event by event, in the terminal",
     .text =
         "TRACE is a trace file, or - for standard input; TRACE@EVENT names a moment too. "
         "Press ? in the screen for its keys ('pebbleviz help keys' lists them too), q to leave.",
     .keys = HEAP_KEYS | KEY(AT) | KEY(SCREEN) | KEY(KEYS) | KEY(ASCII) | KEY(COLOR),
     .operands_min = 1,
     .operands_max = 1,
     .run = pv_cmd_view,
     .examples = {{"pebbleviz view app.json", "the heap at its fullest moment"},
                  {"pebbleviz view app.json --at mark:ready", "begin at a mark"},
                  {"pebbleviz view app.json --screen 100x30 --keys '<End>'",
                   "one screen as text"}}},
    {.name = "report",
     .synopsis = "TRACE [--engine E[,E...]] [--at EVENT] [--json] [--top N] [--no-timing]",
     .about = "fragmentation and overhead in numbers, each with what it means",
     .text = "Several engines stand side by side, with the difference to the first.",
     .keys = HEAP_KEYS | KEY(AT) | KEY(JSON) | KEY(TOP) | KEY(NO_TIMING),
     .operands_min = 1,
     .operands_max = 1,
     .run = pv_cmd_report,
     .examples = {{"pebbleviz report app.json", "the report at the peak"},
                  {"pebbleviz report --engine first-fit,best-fit app.json",
                   "which policy serves this program better"},
                  {"pebbleviz report --json --top 5 --no-timing app.json",
                   "for a script, identical from run to run"}}},
    {.name = "export",
     .synopsis = "TRACE [--format F] [--engine E] [--at EVENT] [--full] [-o FILE]",
     .about = "the catalog of one moment as JSON or as a picture",
     .text = "TRACE may be a catalog file too. svg and png are laid out by Graphviz in a child "
             "process with limits on time and memory; above 500 pebbles long runs are drawn as "
             "one box with a count. map-svg and map-png draw a heap of any size, address by "
             "address.",
     .keys = HEAP_KEYS | KEY(AT) | KEY(FORMAT) | KEY(FULL) | KEY(OUTPUT),
     .operands_min = 1,
     .operands_max = 1,
     .run = pv_cmd_export,
     .examples = {{"pebbleviz export app.json --format svg -o heap.svg",
                   "a picture of the peak"},
                  {"pebbleviz export app.json --format json --at 1234",
                   "every bucket and pebble after event 1234"},
                  {"pebbleviz export app.json --format map-svg -o map.svg",
                   "the whole heap as a map, a colour a tag"},
                  {"pebbleviz export app.json --format dot | dot -Tpdf -o heap.pdf",
                   "another format through Graphviz"}}},
    {.name = "info",
     .synopsis = "TRACE [--json] [--top N] [--from F] [--process N]",
     .about = "what a trace holds: events, sizes, tags, what is never freed",
     .text = "Reads the trace once; needs memory for the blocks that are live only.",
     .keys = KEY(JSON) | KEY(TOP) | READ_KEYS,
     .operands_min = 1,
     .operands_max = 1,
     .run = pv_cmd_info,
     .examples = {{"pebbleviz info app.json.zst", "a summary"},
                  {"pebbleviz info --json app.json", "the same for a script"}}},
    {.name = "convert",
     .synopsis = "IN OUT [--from F] [--pattern TEXT...] [--process N] [--to F] [--partial]",
     .about = "write a trace in another form or packing",
     .text = "Every event stays as it is, in json, jsonl and pvt; rep has no word for most "
             "fields. A "
             "damaged input is not converted, and OUT is not touched, without --partial.",
     .keys = READ_KEYS | KEY(TO) | KEY(PARTIAL),
     .operands_min = 2,
     .operands_max = 2,
     .run = pv_cmd_convert,
     .examples = {{"pebbleviz convert valgrind.log app.pvt", "another tool's log, made small"},
                  {"pebbleviz convert app.json app.jsonl.zst", "one event a line, packed"},
                  {"pebbleviz convert app.json.gz - --to jsonl | grep free", "into a pipe"},
                  {"pebbleviz convert --partial cut.pvt app.pvt", "what is left of a trace"}}},
    {.name = "formats",
     .synopsis = "[--json]",
     .about = "list the trace formats that are read and written",
     .text = "A format is told by the content of a file, never by its name. Every one may be "
             "packed with gzip, zstd or xz, or be the only file of a zip archive.",
     .keys = KEY(JSON),
     .operands_min = 0,
     .operands_max = 0,
     .run = pv_cmd_formats,
     .examples = {{"pebbleviz formats", "a table"},
                  {"pebbleviz formats --json", "the same for a script"}}},
    {.name = "diff",
     .synopsis = "A B [--engine E[,E]] [--json] [--top N]",
     .about = "what came, went, moved and was resized between two moments",
     .text = "A and B are each a trace (its peak), TRACE@EVENT or a catalog file. With two "
             "engines the first is A's, the second B's. Exit code 1 when they differ.",
     .keys = HEAP_KEYS | KEY(JSON) | KEY(TOP),
     .operands_min = 2,
     .operands_max = 2,
     .run = pv_cmd_diff,
     .examples = {{"pebbleviz diff app.json@100 app.json@end", "what was left behind"},
                  {"pebbleviz diff --engine first-fit,best-fit app.json@peak app.json@peak",
                   "one moment under two policies"}}},
    {.name = "check",
     .synopsis = "TARGET... [--every N] [--json] | --rules",
     .about = "hold a heap against the laws of a sound catalog",
     .text =
         "TARGET is a trace (replayed, checked after every event) or a catalog file. Exit "
         "code 1 when a law is broken. A program's own mistakes in a trace, such as a double "
         "free, are counted and listed as faults: they break no law of the heap.",
     .keys = HEAP_KEYS | KEY(RULES) | KEY(JSON) | KEY(EVERY) | TARGET_KEYS,
     .operands_min = 0,
     .operands_max = ANY_COUNT,
     .run = pv_cmd_check,
     .examples = {{"pebbleviz check app.json", "every law after every event"},
                  {"pebbleviz check --rules", "the laws, with their sections"},
                  {"pebbleviz check --json catalog.json", "a catalog file, for a script"}}},
    {.name = "record",
     .synopsis = "[-o FILE] [--depth N] -- PROGRAM [ARG...]",
     .about = "run a program and write a trace of its calls for memory",
     .text =
         "Writes PROGRAM.PID.pvt in the present folder, or FILE in the format that its ending "
         "names. Ends with the program's own exit code (128 + n when signal n ended it). Static "
         "and setuid programs cannot be recorded.",
     .keys = KEY(OUTPUT) | KEY(NO_TIMES) | KEY(NO_THREADS) | KEY(NO_ADDRESSES) | KEY(NO_NAMES) |
             KEY(DEPTH),
     .operands_min = 1,
     .operands_max = ANY_COUNT,
     .ends_options = true,
     .run = pv_cmd_record,
     .examples = {{"pebbleviz record -- ls -l", "a first trace, ls.PID.pvt"},
                  {"pebbleviz record -o app.jsonl.zst --no-times -- ./app --fast",
                   "packed, without times"}}},
    {.name = "inspect",
     .synopsis = "TARGET [--json]",
     .about = "look at a heap in memory (later version)",
     .keys = KEY(JSON) | TARGET_KEYS},
    {.name = "live",
     .synopsis = "-- PROGRAM [ARG...]",
     .about = "record and watch at once (later version)",
     .ends_options = true},
    {0},
};
