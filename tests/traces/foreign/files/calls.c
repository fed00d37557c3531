/* SPDX-License-Identifier: MIT
 *
 * calls.c - a few calls for memory, one of each kind, for make.sh to record with other tools.
 */
#include <malloc.h>
#include <mcheck.h>
#include <stdlib.h>

int main(void)
{
    if (getenv("MALLOC_TRACE")) {
        mtrace();
    }
    void *a = malloc(100);
    void *b = calloc(4, 25);
    a = realloc(a, 5000);
    void *c = NULL;
    if (posix_memalign(&c, 64, 256) != 0) {
        return 1;
    }
    void *d = aligned_alloc(128, 512);
    free(b);
    b = malloc(24);
    b = realloc(b, 20);
    free(a);
    free(c);
    free(NULL);
    a = realloc(NULL, 77); /* is never freed */
    free(d);
    free(b);
    return a == NULL;
}
