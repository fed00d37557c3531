/* SPDX-License-Identifier: MIT
 *
 * fuzz_replay.c - runs a fuzz target over the files it is given, without libFuzzer.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; ++i) {
        static uint8_t room[1 << 20];
        FILE *file = fopen(argv[i], "rb");
        if (!file) {
            perror(argv[i]);
            return 1;
        }
        size_t n = fread(room, 1, sizeof room, file);
        fclose(file);
        uint8_t *bytes = malloc(n ? n : 1); /* its own block, so that reading beyond is seen */
        for (size_t k = 0; bytes && k < n; ++k) {
            bytes[k] = room[k];
        }
        if (bytes) {
            LLVMFuzzerTestOneInput(bytes, n);
        }
        free(bytes);
    }
    return argc > 1 ? 0 : 1;
}
