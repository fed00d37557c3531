/* SPDX-License-Identifier: MIT
 *
 * commands.c - the table of commands: their options, words and examples. Words only; no code.
 * What stands here is what --help prints and what the tests hold the manual to.
 */
#include "viz/cli/options.h"

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
     .text =
         "Several engines stand side by side, with the difference to the first. Each needs as "
         "much memory as its heap's headers touch: at most what the heap holds.",
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
     .synopsis = "TRACE [--json] [--top N] [--engine E[,E...] [--heap-limit SIZE]]",
     .about = "what a trace holds: events, sizes, tags, what is never freed",
     .text = "Reads the trace once; needs memory for the blocks that are live only. No heap is "
             "replayed, unless an engine or a property of the heap is named: then the requests "
             "that this heap refuses are listed too.",
     .keys = HEAP_KEYS | KEY(JSON) | KEY(TOP),
     .operands_min = 1,
     .operands_max = 1,
     .run = pv_cmd_info,
     .examples = {{"pebbleviz info app.json.zst", "a summary"},
                  {"pebbleviz info --json app.json", "the same for a script"},
                  {"pebbleviz info --heap-limit 256K app.json",
                   "and what a heap of 256 KiB would refuse, and why"}}},
    {.name = "convert",
     .synopsis = "IN OUT [--from F] [--pattern TEXT...] [--process N] [--to F] [--partial]",
     .about = "write a trace in another form or packing",
     .text = "Every event stays as it is, in json, jsonl and pvt; rep has no word for most "
             "fields. A damaged input is not converted, and OUT is not touched, without "
             "--partial.",
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
