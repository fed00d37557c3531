/* SPDX-License-Identifier: MIT
 *
 * decode.c - how fast traces are read, in one run: JSON Lines against bare json-c on the same
 * lines, the native format, and .rep text. Bytes are in memory; the best of several rounds, in
 * which the two take turns.
 *
 *   bench_decode FILE.jsonl|FILE.pvt|FILE.rep ...     (unpacked files)
 */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "traces/reader.h"

enum { ROUNDS = 7 };

static double now(void)
{
    struct timespec at;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &at);
    return (double)at.tv_sec + (double)at.tv_nsec * 1e-9;
}

static char *slurp(const char *path, size_t *ret_n)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        exit(1);
    }
    fseek(file, 0, SEEK_END);
    *ret_n = (size_t)ftell(file);
    rewind(file);
    char *bytes = malloc(*ret_n + 1);
    if (!bytes || fread(bytes, 1, *ret_n, file) != *ret_n) {
        exit(1);
    }
    bytes[*ret_n] = '\0';
    fclose(file);
    return bytes;
}

static uint64_t read_all(const char *bytes, size_t n, const char **ret_format)
{
    struct pv_reader *reader;
    struct pv_trace_event event;
    static char format[16];
    uint64_t n_events = 0;
    uint64_t sum = 0;
    if (pv_reader_open_bytes(&reader, bytes, n, NULL) == 0) {
        while (pv_reader_next(reader, &event) == 0) {
            n_events++;
            sum += event.size;
        }
    }
    snprintf(format, sizeof format, "%s", pv_reader_header(reader)->format);
    *ret_format = format;
    if (pv_reader_place(reader)->text[0] || sum == 1) {
        fprintf(stderr, "%s\n", pv_reader_place(reader)->text);
    }
    pv_reader_close(reader);
    return n_events;
}

static uint64_t parse_lines(const char *bytes, size_t n)
{
    struct json_tokener *tokener = json_tokener_new();
    uint64_t n_lines = 0;
    for (const char *at = bytes; at < bytes + n; ++n_lines) {
        const char *end = memchr(at, '\n', (size_t)(bytes + n - at));
        end = end ? end : bytes + n;
        json_object_put(json_tokener_parse_ex(tokener, at, (int)(end - at)));
        json_tokener_reset(tokener);
        at = end + 1;
    }
    json_tokener_free(tokener);
    return n_lines;
}

int main(int argc, char **argv)
{
    printf("%-24s %9s %10s %16s %13s\n", "reading", "events", "bytes each", "million a second",
           "of bare json-c");
    for (int i = 1; i < argc; ++i) {
        size_t n;
        char *bytes = slurp(argv[i], &n);
        const char *format = "";
        double ours = 1e9, bare = 1e9;
        uint64_t n_events = 0;
        for (int round = 0; round < ROUNDS; ++round) {
            double begin = now();
            n_events = read_all(bytes, n, &format);
            double took = now() - begin;
            ours = took < ours ? took : ours;
            if (strcmp(format, "jsonl") == 0) {
                begin = now();
                parse_lines(bytes, n);
                took = now() - begin;
                bare = took < bare ? took : bare;
            }
        }
        const char *slash = strrchr(argv[i], '/');
        printf("%-24s %9llu %10.3f %16.2f", slash ? slash + 1 : argv[i],
               (unsigned long long)n_events, (double)n / (double)n_events,
               (double)n_events / ours * 1e-6);
        if (bare < 1e9) {
            printf(" %13.2f", bare / ours);
        }
        putchar('\n');
        free(bytes);
    }
    return 0;
}
