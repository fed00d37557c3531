/* SPDX-License-Identifier: MIT
 *
 * wrap.c - greedy: a word goes on the line when it fits, else on the next. A word longer than
 * the line stands alone and runs over.
 */
#include "viz/text/wrap.h"

#include <stdbool.h>
#include <string.h>

void pv_wrap(FILE *out, const char *text, unsigned column, unsigned indent, unsigned width)
{
    bool first = true;
    while (*text) {
        size_t n = strcspn(text, " ");
        if (!first && column + 1 + n > width) {
            fprintf(out, "\n%*s", (int)indent, "");
            column = indent;
        } else if (!first) {
            fputc(' ', out);
            column++;
        }
        fprintf(out, "%.*s", (int)n, text);
        column += (unsigned)n;
        first = false;
        text += n;
        text += strspn(text, " ");
    }
    fputc('\n', out);
}
