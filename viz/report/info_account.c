/* SPDX-License-Identifier: MIT
 *
 * info_account.c - what a reading left out, put in or guessed, and the processes of a log, as
 * text and as JSON.
 */
#include <inttypes.h>

#include "viz/report/info.h"
#include "viz/text/units.h"

enum { ACCOUNT_TEXT = 256, PROCESS_TEXT = 48 };

/* "9717", or "9717.2" for the second program that one process ran. */
static const char *process_text(char *buf, const struct pv_account_process *process)
{
    int n = snprintf(buf, PROCESS_TEXT, "%" PRIu64, process->pid);
    if (process->part > 1) {
        snprintf(buf + n, PROCESS_TEXT - (size_t)n, ".%" PRIu32, process->part);
    }
    return buf;
}

static void text_processes(const struct pv_account *account, FILE *out)
{
    char text[PROCESS_TEXT];
    char count[PV_UNIT_TEXT];
    fprintf(out, "\nProcesses in the log (%zu%s)\n  %12s %12s  program\n", account->n_processes,
            account->n_processes == PV_ACCOUNT_PROCESSES ? " or more" : "", "process", "calls");
    for (size_t i = 0; i < account->n_processes; i++) {
        const struct pv_account_process *process = &account->processes[i];
        fprintf(out, "%c %12s %12s  %s\n", process->is_taken ? '*' : ' ',
                process_text(text, process), pv_units_count(count, process->n_calls),
                *process->program ? process->program : "not said");
    }
    fputs("  The one with a * is read; --process N reads another.\n", out);
}

void pv_info_text_account(const struct pv_account *account, FILE *out)
{
    char text[ACCOUNT_TEXT];
    for (size_t i = 0; i < account->n_rows; i++) {
        pv_account_text(&account->rows[i], text, sizeof text);
        fprintf(out, "%s  %s\n", i ? "" : "\nNot read as it stands in the log\n", text);
    }
    if (account->n_processes > 1) {
        text_processes(account, out);
    }
}

void pv_info_json_account(struct pv_json_out *out, const struct pv_account *account)
{
    char text[ACCOUNT_TEXT];
    pv_json_newline(out, 1);
    pv_json_key(out, "account");
    pv_json_begin(out, '[');
    for (size_t i = 0; i < account->n_rows; i++) {
        const struct pv_account_row *row = &account->rows[i];
        pv_account_text(row, text, sizeof text);
        pv_json_newline(out, 2);
        pv_json_begin(out, '{');
        pv_emit_text(out, "kind", pv_account_key(row->kind));
        pv_emit_text(out, "name", row->name);
        pv_emit_integer(out, "count", row->n);
        pv_emit_text(out, "text", text);
        pv_json_end(out, '}');
    }
    pv_json_end(out, ']');
    pv_json_newline(out, 1);
    pv_json_key(out, "processes");
    pv_json_begin(out, '[');
    for (size_t i = 0; i < account->n_processes; i++) {
        const struct pv_account_process *process = &account->processes[i];
        pv_json_newline(out, 2);
        pv_json_begin(out, '{');
        pv_emit_text(out, "process", process_text(text, process));
        pv_emit_integer(out, "calls", process->n_calls);
        pv_json_key(out, "taken");
        pv_json_put_bool(out, process->is_taken);
        pv_emit_text(out, "program", process->program);
        pv_json_end(out, '}');
    }
    pv_json_end(out, ']');
}
