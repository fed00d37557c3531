/* SPDX-License-Identifier: MIT
 *
 * help.c - the words of --help, out of the tables of commands.c, wrapped to 80 columns.
 */
#include <string.h>

#include "viz/cli/options.h"
#include "viz/text/wrap.h"
#include "viz/tui/help_lines.h"

enum { WIDTH = 80, ABOUT_COLUMN = 24 };

static void option(const struct pv_option *option, FILE *out)
{
    char head[64];
    char letter[5] = "    ";
    if (option->letter) {
        snprintf(letter, sizeof letter, "-%c, ", option->letter);
    }
    int n = snprintf(head, sizeof head, "  %s--%s%s%s", letter, option->name,
                     option->argument ? " " : "", option->argument ? option->argument : "");
    fputs(head, out);
    if (n + 2 > ABOUT_COLUMN) {
        fprintf(out, "\n%*s", ABOUT_COLUMN, "");
    } else {
        fprintf(out, "%*s", ABOUT_COLUMN - n, "");
    }
    pv_wrap(out, option->about, ABOUT_COLUMN, ABOUT_COLUMN, WIDTH);
}

void pv_help_command(const struct pv_command *command, FILE *out)
{
    fprintf(out, "Usage: pebbleviz %s ", command->name);
    unsigned column = (unsigned)(strlen("Usage: pebbleviz  ") + strlen(command->name));
    pv_wrap(out, command->synopsis, column, (unsigned)strlen("Usage: "), WIDTH);
    fputc('\n', out);
    fprintf(out, "%c", command->about[0] - 'a' + 'A');
    pv_wrap(out, command->about + 1, 1, 0, WIDTH);
    if (command->text) {
        pv_wrap(out, command->text, 0, 0, WIDTH);
    }
    if (!command->run) {
        fputs("\nThis version does not have it yet.\n", out);
        return;
    }
    fputs("\nOptions:\n", out);
    for (unsigned key = 0; key < PV_N_OPTIONS; key++) {
        bool has = (command->keys >> key & 1) || key == PV_OPTION_HELP;
        if (has && !pv_options[key].planned) {
            option(&pv_options[key], out);
        }
    }
    fputs("\nExamples:\n", out);
    for (unsigned i = 0; i < PV_EXAMPLES_MAX && command->examples[i].line; i++) {
        fprintf(out, "  %s\n      %s\n", command->examples[i].line, command->examples[i].about);
    }
}

void pv_help_short(FILE *out)
{
    fputs("pebbleviz shows what a heap is, block by block, at any moment of a program's life.\n"
          "\n"
          "  pebbleviz record -o app.json -- ./app    record a program's calls for memory\n"
          "  pebbleviz app.json                       look at its heap, step by step\n"
          "  pebbleviz report app.json                fragmentation and overhead in numbers\n"
          "\n"
          "'pebbleviz help' lists all commands, 'pebbleviz help COMMAND' explains one.\n",
          out);
}

void pv_help_all(FILE *out)
{
    fputs("Usage: pebbleviz TRACE            look at a trace (same as 'view')\n"
          "       pebbleviz COMMAND ...\n"
          "\n"
          "Commands:\n",
          out);
    for (const struct pv_command *command = pv_commands; command->name; command++) {
        fprintf(out, "  %-9s %s\n", command->name, command->about);
    }
    fputs("  help      explain a command, or the keys of the screen: help COMMAND, help keys\n"
          "\n"
          "Options:\n"
          "  -h, --help     print this, or a command's help\n"
          "      --version  print the version\n"
          "\n"
          "Examples:\n"
          "  pebbleviz record -o app.json -- ./app\n"
          "  pebbleviz app.json\n"
          "  pebbleviz report --engine first-fit,best-fit app.json\n"
          "\n"
          "Exit codes: 0 fine, 1 something was found, 2 usage, 3 nothing to work on,\n"
          "4 damaged input (what was good has been used), 5 out of memory or disk.\n"
          "The manual page has the rest: man pebbleviz.\n",
          out);
}

void pv_help_help(FILE *out)
{
    fputs("Usage: pebbleviz help [COMMAND|keys]\n"
          "\n"
          "Explains a command, as COMMAND --help does; without one it lists all commands.\n"
          "'pebbleviz help keys' lists the keys of the screen, as ? does there.\n"
          "\n"
          "Examples:\n"
          "  pebbleviz help report\n"
          "      what the report's options mean\n"
          "  pebbleviz help keys\n"
          "      what can be pressed in the screen\n",
          out);
}

void pv_help_keys(FILE *out)
{
    struct pv_help_line lines[PV_HELP_MOST_LINES];
    size_t n = pv_help_lines(WIDTH - PV_HELP_KEYS - 8, lines);
    for (size_t i = 0; i < n; i++) {
        if (lines[i].heading) {
            fprintf(out, "%s%s\n", i ? "\n" : "", lines[i].key);
        } else {
            fprintf(out, "  %-*s%s\n", PV_HELP_KEYS, lines[i].key, lines[i].text);
        }
    }
}
