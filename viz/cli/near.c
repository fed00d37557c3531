/* SPDX-License-Identifier: MIT
 *
 * near.c - the word that was meant: how many edits make one word out of another, found with three
 * rows of the table of edits, O(length of one * length of the other).
 */
#include "viz/cli/near.h"

#include <string.h>

enum { NEAR = 2 };

/* Edits (insert, delete, replace, swap of neighbours) that make a out of
 * b; long words differ. */
static unsigned distance(const char *a, const char *b)
{
    unsigned rows[3][PV_NEAR_WORD + 1];
    size_t n_a = strlen(a);
    size_t n_b = strlen(b);
    if (n_a > PV_NEAR_WORD || n_b > PV_NEAR_WORD) {
        return PV_NEAR_WORD;
    }
    for (size_t j = 0; j <= n_b; j++) {
        rows[0][j] = (unsigned)j;
    }
    for (size_t i = 1; i <= n_a; i++) {
        unsigned *now = rows[i % 3];
        const unsigned *above = rows[(i + 2) % 3];
        const unsigned *two_above = rows[(i + 1) % 3];
        now[0] = (unsigned)i;
        for (size_t j = 1; j <= n_b; j++) {
            unsigned best = above[j - 1] + (a[i - 1] != b[j - 1]);
            best = above[j] + 1 < best ? above[j] + 1 : best;
            best = now[j - 1] + 1 < best ? now[j - 1] + 1 : best;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                two_above[j - 2] + 1 < best) {
                best = two_above[j - 2] + 1;
            }
            now[j] = best;
        }
    }
    return rows[n_a % 3][n_b];
}

void pv_near_consider(const char *typed, const char *candidate, unsigned *least,
                      const char **best)
{
    unsigned edits = distance(typed, candidate);
    if (edits <= NEAR && edits < strlen(candidate) && edits < *least) {
        *least = edits;
        *best = candidate;
    }
}
