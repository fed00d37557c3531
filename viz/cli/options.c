/* SPDX-License-Identifier: MIT
 *
 * options.c - reads a command line by the tables of commands.c and runs the command.
 *
 * Not getopt_long: its messages are its own, it takes abbreviations that a later option makes
 * ambiguous, and it cannot say which option was meant.
 */
#include "viz/cli/options.h"

#include <string.h>
#include <unistd.h>

#include "viz/cli/near.h"
#include "viz/cli/say.h"

static const char *near_command(const char *typed)
{
    unsigned least = PV_NEAR_WORD;
    const char *best = NULL;
    for (const struct pv_command *command = pv_commands; command->name; command++) {
        pv_near_consider(typed, command->name, &least, &best);
    }
    pv_near_consider(typed, "help", &least, &best);
    return best;
}

static const struct pv_command *find_command(const char *name)
{
    for (const struct pv_command *command = pv_commands; command->name; command++) {
        if (strcmp(command->name, name) == 0) {
            return command;
        }
    }
    return NULL;
}

static bool has_key(const struct pv_command *command, unsigned key)
{
    return (command->keys >> key & 1) || key == PV_OPTION_HELP;
}

static int unknown_option(const struct pv_command *command, const char *name, size_t n)
{
    char typed[PV_NEAR_WORD + 1];
    if (n > PV_NEAR_WORD) {
        return pv_say_usage(command->name, "%s: unknown option '--%.*s'", command->name, (int)n,
                            name);
    }
    memcpy(typed, name, n);
    typed[n] = '\0';
    unsigned least = PV_NEAR_WORD;
    const char *best = NULL;
    for (unsigned key = 0; key < PV_N_OPTIONS; key++) {
        if (has_key(command, key) && !pv_options[key].planned) {
            pv_near_consider(typed, pv_options[key].name, &least, &best);
        }
    }
    if (best) {
        return pv_say_usage(command->name, "%s: unknown option '--%s', did you mean '--%s'?",
                            command->name, typed, best);
    }
    for (unsigned key = 0; key < PV_N_OPTIONS; key++) {
        if (strcmp(pv_options[key].name, typed) == 0) {
            return pv_say_usage(command->name, "%s has no option '--%s'", command->name, typed);
        }
    }
    return pv_say_usage(command->name, "%s: unknown option '--%s'", command->name, typed);
}

/* Patterns are said to the reader as part of the format's name (traces/reader.h). */
static int add_pattern(struct pv_args *args, const char *text)
{
    size_t n = strlen(args->lines);
    int more =
        snprintf(args->lines + n, sizeof args->lines - n, "%s%s", n ? "\n" : "lines:", text);
    if (more < 0 || (size_t)more >= sizeof args->lines - n) {
        return pv_say_usage(args->command->name, "%s: the patterns are too long",
                            args->command->name);
    }
    return 0;
}

/* --pattern is --from lines:PATTERN. */
static int join_patterns(struct pv_args *args)
{
    const char *from = args->value[PV_OPTION_FROM];
    if (!args->value[PV_OPTION_PATTERN]) {
        return 0;
    }
    if (from && strcmp(from, "lines") != 0) {
        return pv_say_usage(args->command->name, "%s: --pattern goes with --from lines",
                            args->command->name);
    }
    args->value[PV_OPTION_FROM] = args->lines;
    return 0;
}

/* Takes one option's value: after '=', or glued to a letter, or the next argument. */
static int take(struct pv_args *args, unsigned key, const char *glued, int argc, char **argv,
                int *i)
{
    const struct pv_option *option = &pv_options[key];
    const char *command = args->command->name;
    if (option->planned) {
        return pv_say_usage(command, "%s: --%s comes with a later version", command,
                            option->name);
    }
    if (!option->argument) {
        if (glued) {
            return pv_say_usage(command, "%s: --%s takes no value", command, option->name);
        }
        args->value[key] = "";
        return 0;
    }
    if (!glued) {
        if (*i + 1 >= argc) {
            return pv_say_usage(command, "%s: --%s wants a value: %s", command, option->name,
                                option->argument);
        }
        glued = argv[++*i];
    }
    args->value[key] = glued;
    return key == PV_OPTION_PATTERN ? add_pattern(args, glued) : 0;
}

static int long_option(struct pv_args *args, const char *text, int argc, char **argv, int *i)
{
    size_t n = strcspn(text, "=");
    for (unsigned key = 0; key < PV_N_OPTIONS; key++) {
        const char *name = pv_options[key].name;
        if (has_key(args->command, key) && strlen(name) == n && memcmp(name, text, n) == 0) {
            return take(args, key, text[n] ? text + n + 1 : NULL, argc, argv, i);
        }
    }
    return unknown_option(args->command, text, n);
}

static int letter_option(struct pv_args *args, const char *text, int argc, char **argv, int *i)
{
    for (unsigned key = 0; key < PV_N_OPTIONS; key++) {
        if (has_key(args->command, key) && pv_options[key].letter == text[0]) {
            return take(args, key, text[1] ? text + 1 : NULL, argc, argv, i);
        }
    }
    return pv_say_usage(args->command->name, "%s: unknown option '-%s'", args->command->name,
                        text);
}

/* Options into args->value, operands to the front of argv. */
static int parse(struct pv_args *args, int argc, char **argv)
{
    bool options = true;
    args->operands = argv;
    for (int i = 0; i < argc; i++) {
        char *text = argv[i];
        int code = 0;
        if (options && strcmp(text, "--") == 0) {
            options = false;
        } else if (options && strncmp(text, "--", 2) == 0) {
            code = long_option(args, text + 2, argc, argv, &i);
        } else if (options && text[0] == '-' && text[1] && text[1] != '@') {
            code = letter_option(args, text + 1, argc, argv, &i);
        } else {
            argv[args->n_operands++] = text;
            options = options && !args->command->ends_options;
        }
        if (code) {
            return code;
        }
    }
    /* What a later program finds behind its own arguments: the end. */
    argv[args->n_operands] = NULL;
    return 0;
}

static int count_operands(const struct pv_args *args)
{
    const struct pv_command *command = args->command;
    if (args->n_operands < command->operands_min) {
        return pv_say_usage(command->name, "%s: something is missing: pebbleviz %s %s",
                            command->name, command->name, command->synopsis);
    }
    if (args->n_operands > command->operands_max) {
        return pv_say_usage(command->name, "%s: one too many: '%s'", command->name,
                            args->operands[command->operands_max]);
    }
    return 0;
}

static int run_command(const struct pv_command *command, int argc, char **argv)
{
    struct pv_args args = {.command = command};
    /* --help wins over whatever else is wrong. */
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            pv_help_command(command, stdout);
            return PV_EXIT_FINE;
        }
        if (command->ends_options && argv[i][0] != '-') {
            break;
        }
    }
    if (!command->run) {
        return pv_say_usage(NULL, "'%s' comes with a later version", command->name);
    }
    int code = parse(&args, argc, argv);
    if (!code) {
        code = count_operands(&args);
    }
    if (!code) {
        code = join_patterns(&args);
    }
    return code ? code : command->run(&args);
}

static int help(int argc, char **argv)
{
    if (argc == 0) {
        pv_help_all(stdout);
        return PV_EXIT_FINE;
    }
    if (strcmp(argv[0], "help") == 0) {
        pv_help_help(stdout);
        return PV_EXIT_FINE;
    }
    if (strcmp(argv[0], "keys") == 0) {
        pv_help_keys(stdout);
        return PV_EXIT_FINE;
    }
    const struct pv_command *command = find_command(argv[0]);
    if (!command) {
        const char *meant = near_command(argv[0]);
        return pv_say_usage(NULL, "there is no command '%s'%s%s%s", argv[0],
                            meant ? ", did you mean '" : "", meant ? meant : "",
                            meant ? "'?" : "");
    }
    pv_help_command(command, stdout);
    return PV_EXIT_FINE;
}

static int dispatch(int argc, char **argv)
{
    if (argc < 2) {
        pv_help_short(stdout);
        return PV_EXIT_FINE;
    }
    const char *word = argv[1];
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
        pv_help_all(stdout);
        return PV_EXIT_FINE;
    }
    if (strcmp(word, "--version") == 0) {
        puts("pebbleviz " PV_VERSION);
        return PV_EXIT_FINE;
    }
    if (strcmp(word, "help") == 0) {
        return help(argc - 2, argv + 2);
    }
    const struct pv_command *command = find_command(word);
    if (command) {
        return run_command(command, argc - 2, argv + 2);
    }
    if (word[0] != '-' && access(word, F_OK) != 0) {
        const char *meant = near_command(word);
        if (meant) {
            return pv_say_usage(
                NULL, "there is no command and no file '%s', did you mean '%s'?", word, meant);
        }
    }
    return run_command(find_command("view"), argc - 1, argv + 1);
}

int pv_options_run(int argc, char **argv)
{
    return pv_say_written(stdout, dispatch(argc, argv));
}
