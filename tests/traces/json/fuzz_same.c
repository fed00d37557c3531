/* SPDX-License-Identifier: MIT
 *
 * fuzz_same.c - any bytes at all, as one JSON value and line by line: the library's tree and
 * the text where it stands say the same. A target for libFuzzer, as fuzz_reader.c.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/traces/json/same.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void compare(const uint8_t *bytes, size_t n)
{
    bool sound;
    if (!json_same_text((const char *)bytes, n, &sound)) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    compare(bytes, n);
    while (n) {
        const uint8_t *end = memchr(bytes, '\n', n);
        size_t n_line = end ? (size_t)(end - bytes) : n;
        compare(bytes, n_line);
        n_line += end != NULL;
        bytes += n_line;
        n -= n_line;
    }
    return 0;
}
