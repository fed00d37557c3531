/* SPDX-License-Identifier: MIT
 *
 * scan.h - finds where a JSON value ends, and checks that it is one. Internal to traces/.
 *
 * Checks text against RFC 8259 without building anything, so that only sound text reaches the
 * JSON library and span.h. Beyond the RFC it refuses nesting deeper than PV_JSON_DEPTH_MAX,
 * whole numbers that do not fit in 64 bits, numbers of more than PV_JSON_NUMBER_MAX characters,
 * and U+0000 in a key. It does not look for duplicate keys: in an event they are an error
 * (event.c), elsewhere the last one counts.
 */
#ifndef PV_JSON_SCAN_H
#define PV_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PV_JSON_DEPTH_MAX = 32, PV_JSON_NUMBER_MAX = 1024 };

enum pv_scan_answer {
    PV_SCAN_DONE, /* the value ends before `at` */
    PV_SCAN_MORE, /* sound up to `at`, but the value does not end in this text */
    PV_SCAN_BAD   /* `error` says why, at `at` */
};

/* A zeroed scan is before the first byte. The caller may drop the first k bytes of the text:
 * then it lowers `at` by k and raises `base` by k. */
struct pv_json_scan {
    size_t at;           /* the next byte to look at */
    uint64_t base;       /* offset in the stream of the text's first byte */
    uint64_t n_lines;    /* line breaks before `at` */
    uint64_t line_start; /* offset in the stream of the first byte of this line */
    bool one_line;       /* a line break inside a value is refused */
    const char *error;

    /* The state inside a value that began in an earlier text. */
    int state;
    unsigned depth;
    uint32_t in_object; /* bit per depth */
    bool key;           /* the text being scanned is a key */
};

/* Scans one value from its first byte on (no blanks before it). `last`: nothing follows this
 * text. After PV_SCAN_MORE call it again with the same text made longer; it goes on where it
 * stopped. */
enum pv_scan_answer pv_json_scan(struct pv_json_scan *scan, const char *text, size_t n,
                                 bool last);

/* Moves over blanks and counts lines. */
void pv_json_scan_blanks(struct pv_json_scan *scan, const char *text, size_t n);

/* The length of the UTF-8 character at `text`: 1 to 4; 0 when it is invalid, -1 when n bytes
 * are too few to know. */
int pv_utf8_length(const unsigned char *text, size_t n);

/* How many bytes of memory stand before the first mark, when marks were set in the high bits of
 * eight bytes at once and the first one is exact. 0 on a big-endian machine: look at each byte
 * then. */
static inline size_t pv_bytes_before(uint64_t marks)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return (size_t)__builtin_ctzll(marks) / 8;
#else
    (void)marks;
    return 0;
#endif
}

/* -1: it is no hexadecimal digit. */
int pv_hex_digit(char byte);

/* Takes "0x" and 1 to 16 hexadecimal digits, nothing else. false: it is something else. */
bool pv_json_scan_address(const char *text, size_t n, uint64_t *ret_addr);

#endif
