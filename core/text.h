/* SPDX-License-Identifier: MIT
 *
 * text.h - foreign text, cleaned once, at the door. Freestanding.
 */
#ifndef PV_TEXT_H
#define PV_TEXT_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Copies `n` bytes of foreign text from `in` to `out` as clean, NUL-terminated UTF-8 that may
 * go to a terminal, DOT, SVG or JSON (which still escape their own special characters).
 *
 * - C0 controls and DEL become their control pictures (U+2400 + c, U+2421);
 * - C1 controls, bidirectional controls, line and paragraph separators, non-characters, and
 *   whatever terminals do not draw or join to its neighbour (zero-width characters, soft hyphen,
 *   fillers, the Braille blank, variation selectors, tags and their like; text.c has the list)
 *   become U+FFFD;
 * - each byte that is not part of valid UTF-8 (overlong, surrogate, beyond U+10FFFF, cut off)
 *   becomes U+FFFD.
 *
 * Stops before a character that would not fit in `cap` bytes with the final NUL, so the result
 * is never cut inside a character. Returns the length without the NUL. cap must
 * be at least 1. */
size_t pv_text_clean(char *out, size_t cap, const char *in, size_t n);

/* The number of bytes, at most max, of the longest prefix of clean text that ends between two
 * characters. What of a tag reaches the 32-byte name field: pv_text_prefix(text, n, 31). */
size_t pv_text_prefix(const char *text, size_t n, size_t max);

#ifdef __cplusplus
}
#endif

#endif
