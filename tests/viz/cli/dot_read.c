/* SPDX-License-Identifier: MIT
 *
 * dot_read.c - reads a DOT file with Graphviz's own parser and prints what it found: the judge
 * of the export. Fails when the parser complains.
 */
#include <graphviz/cgraph.h>
#include <stdio.h>

static int n_complaints;

static int complain(char *text)
{
    n_complaints++;
    return fprintf(stderr, "%s", text);
}

int main(int argc, char **argv)
{
    FILE *file = argc == 2 ? fopen(argv[1], "r") : NULL;
    if (!file) {
        return 2;
    }
    agseterrf(complain);
    Agraph_t *graph = agread(file, NULL);
    fclose(file);
    if (!graph) {
        return 1;
    }
    for (int kind = AGRAPH; kind <= AGEDGE; kind++) {
        for (Agsym_t *symbol = agnxtattr(graph, kind, NULL); symbol;
             symbol = agnxtattr(graph, kind, symbol)) {
            printf("attribute %s\n", symbol->name);
        }
    }
    for (Agnode_t *node = agfstnode(graph); node; node = agnxtnode(graph, node)) {
        printf("node %s %s\n", agnameof(node), agget(node, "label"));
    }
    agclose(graph);
    return n_complaints != 0;
}
