/* SPDX-License-Identifier: MIT
 *
 * options.h - the command line as data: the commands, their options, their words and examples.
 *
 * Everything that parses, explains or tests the command line reads these two tables.
 */
#ifndef PV_OPTIONS_H
#define PV_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "replay/engine.h"
#include "traces/reader.h"

enum pv_option_key {
    PV_OPTION_ENGINE,
    PV_OPTION_AT,
    PV_OPTION_BUCKET_SIZE,
    PV_OPTION_GROWTH,
    PV_OPTION_HEAP_LIMIT,
    PV_OPTION_MACHINE,
    PV_OPTION_PAGE,
    PV_OPTION_LOW,
    PV_OPTION_HIGH,
    PV_OPTION_SCREEN,
    PV_OPTION_KEYS,
    PV_OPTION_ASCII,
    PV_OPTION_COLOR,
    PV_OPTION_JSON,
    PV_OPTION_TOP,
    PV_OPTION_NO_TIMING,
    PV_OPTION_FORMAT,
    PV_OPTION_OUTPUT,
    PV_OPTION_FULL,
    PV_OPTION_FROM,
    PV_OPTION_PROCESS,
    PV_OPTION_PATTERN,
    PV_OPTION_TO,
    PV_OPTION_PARTIAL,
    PV_OPTION_RULES,
    PV_OPTION_EVERY,
    PV_OPTION_NO_TIMES,
    PV_OPTION_NO_THREADS,
    PV_OPTION_NO_ADDRESSES,
    PV_OPTION_NO_NAMES,
    PV_OPTION_DEPTH,
    PV_OPTION_PID,
    PV_OPTION_CORE,
    PV_OPTION_IMAGE,
    PV_OPTION_BASE,
    PV_OPTION_GDB,
    PV_OPTION_HELP,
    PV_N_OPTIONS
};

struct pv_option {
    const char *name;     /* without the dashes */
    char letter;          /* 0: none */
    const char *argument; /* NULL: a switch */
    const char *about;
    bool planned; /* known, but a later version has it */
};

/* option_rows.c */
extern const struct pv_option pv_options[PV_N_OPTIONS];

struct pv_args;

struct pv_example {
    const char *line, *about;
};

enum { PV_EXAMPLES_MAX = 4 };

struct pv_command {
    const char *name;
    const char *synopsis;
    const char *about; /* one line */
    const char *text;  /* what else there is to know */
    uint64_t keys;     /* bit per enum pv_option_key; every command has --help */
    size_t operands_min, operands_max;
    bool ends_options; /* options end at the first operand: what follows is another program's */
    int (*run)(const struct pv_args *args); /* the exit code; NULL: a later version has it */
    struct pv_example examples[PV_EXAMPLES_MAX];
};

/* commands.c: all commands; the end has no name. */
extern const struct pv_command pv_commands[];

/* A command line that was read. Texts and operands are argv's. */
struct pv_args {
    const struct pv_command *command;
    const char *value[PV_N_OPTIONS]; /* NULL: not given; "" for a switch */
    char **operands;
    size_t n_operands;
    /* The value of --from when there is a --pattern: lines:PATTERN…, one a line. */
    char lines[1024];
};

/* How to replay: engines from --engine, the heap from the heap options. Must not be copied once
 * it is filled in: heap.machine may point to `machine`. */
struct pv_replay_options {
    const struct pv_engine_type *engines[PV_ENGINES_MAX];
    size_t n_engines;
    struct pv_engine_options heap;
    struct pv_machine machine;
    struct pv_reader_wish reading; /* of the trace */
};

/* Reads argv (which it reorders) and runs the command. The exit code. */
int pv_options_run(int argc, char **argv);

static inline bool pv_args_has(const struct pv_args *args, enum pv_option_key key)
{
    return args->value[key];
}

/* ---- args.c: what the options' values mean ---- */

/* How the trace is to be read. */
struct pv_reader_wish pv_args_reading(const struct pv_args *args);

/* 0, or PV_EXIT_USAGE when the reason was said. At most `engines_max` engines. */
int pv_args_replay(const struct pv_args *args, size_t engines_max,
                   struct pv_replay_options *ret_options);

/* A decimal count, `otherwise` when the option is not there. 0 or PV_EXIT_USAGE. */
int pv_args_count(const struct pv_args *args, enum pv_option_key key, uint64_t otherwise,
                  uint64_t *ret_n);

/* Whether colour is wanted: --color, then NO_COLOR, then whether stdout is a terminal. */
bool pv_args_color(const struct pv_args *args);

/* help.c */
void pv_help_short(FILE *out);
void pv_help_command(const struct pv_command *command, FILE *out);
void pv_help_all(FILE *out);
void pv_help_help(FILE *out);
void pv_help_keys(FILE *out); /* of the screen */

/* One a command, in the file of its name. */
int pv_cmd_view(const struct pv_args *args);
int pv_cmd_report(const struct pv_args *args);
int pv_cmd_export(const struct pv_args *args);
int pv_cmd_info(const struct pv_args *args);
int pv_cmd_convert(const struct pv_args *args);
int pv_cmd_formats(const struct pv_args *args);
int pv_cmd_diff(const struct pv_args *args);
int pv_cmd_check(const struct pv_args *args);
int pv_cmd_record(const struct pv_args *args);

#endif
