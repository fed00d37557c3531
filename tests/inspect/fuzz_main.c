/* SPDX-License-Identifier: MIT
 *
 * fuzz_main.c - replays files, and each of their truncations to a multiple of 64 bytes, through
 * a fuzz target, where there is no libFuzzer.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { INPUT_MAX = 65536 };

/* A copy of its own for each, so that the sanitizer guards its end. */
static int replay(const unsigned char *bytes, size_t n)
{
    unsigned char *copy = malloc(n ? n : 1);
    if (!copy) {
        return -1;
    }
    memcpy(copy, bytes, n);
    LLVMFuzzerTestOneInput(copy, n);
    free(copy);
    return 0;
}

static int replay_file(const char *path)
{
    static unsigned char bytes[INPUT_MAX];
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        return -1;
    }
    size_t n = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    int status = replay(bytes, n);
    for (size_t cut = 0; cut < n && status == 0; cut += 64) {
        status = replay(bytes, cut);
    }
    return status;
}

int main(int argc, char **argv)
{
    DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;
    if (!folder) {
        fprintf(stderr, "usage: %s CORPUS-FOLDER\n", argv[0]);
        return 2;
    }
    unsigned n_files = 0;
    int status = 0;
    for (struct dirent *entry = readdir(folder); entry && status == 0;
         entry = readdir(folder)) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", argv[1], entry->d_name);
        status = replay_file(path);
        n_files++;
    }
    closedir(folder);
    printf("%u files\n", n_files);
    return status == 0 && n_files > 0 ? 0 : 1;
}
