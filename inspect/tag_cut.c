/* SPDX-License-Identifier: MIT
 *
 * tag_cut.c - see tag_cut.h. What is cut, on the ways that names come:
 *
 *   /home/user/build/app:(parse+0x10)[0x4011a7]      app:(parse+0x10)[0x4011a7]
 *   app:(reload_configuration+0x10)[0x4011a7]        reload_configuration+0x10
 *   shop::Cart::put(shop::Item const&, int)          shop::Cart::put
 *   interpreter_frame_initialize_locals              ..r_frame_initialize_locals
 */
#include "inspect/tag_cut.h"

#include <stdio.h>
#include <string.h>

#include "core/text.h"

enum { MOST = PV_NAME_BYTES - 1 };

/* A part of the text: from `at` to `end`. */
struct part {
    const char *at, *end;
};

static bool fits(const struct part *part)
{
    return part->end - part->at <= MOST;
}

static const char *last_of(const struct part *part, char byte)
{
    return memrchr(part->at, byte, (size_t)(part->end - part->at));
}

static const char *first_of(const struct part *part, const char *text)
{
    return memmem(part->at, (size_t)(part->end - part->at), text, strlen(text));
}

/* Directories: up to the last / before what stands in ( ), < > or [ ]. */
static void drop_directories(struct part *part)
{
    struct part path = *part;
    for (const char *at = part->at; at < part->end; ++at) {
        if (*at == '(' || *at == '<' || *at == '[') {
            path.end = at;
            break;
        }
    }
    const char *slash = last_of(&path, '/');
    if (slash && slash + 1 < part->end) {
        part->at = slash + 1;
    }
}

/* [0x4011a7] at the end, behind something. */
static void drop_address(struct part *part)
{
    const char *open = last_of(part, '[');
    if (open && open > part->at && part->end[-1] == ']') {
        part->end = open;
    }
}

/* FILE:(FUNCTION+0x10) */
static void drop_file(struct part *part)
{
    const char *open = first_of(part, ":(");
    if (open && part->end[-1] == ')' && open + 3 < part->end) {
        part->at = open + 2;
        part->end--;
    }
}

/* (int, char const*) behind a name; operator()() keeps its first two. */
static void drop_arguments(struct part *part)
{
    struct part rest = *part;
    const char *call = first_of(part, "operator()");
    rest.at = call ? call + strlen("operator()") : part->at;
    const char *open = first_of(&rest, "(");
    if (open && open > part->at) {
        part->end = open;
    }
}

static bool is_inside(char byte)
{
    return ((unsigned char)byte & 0xC0) == 0x80;
}

size_t pv_tag_cut(const char *text, size_t n, char ret[PV_NAME_BYTES])
{
    static void (*const cuts[])(struct part *) = {drop_directories, drop_address, drop_file,
                                                  drop_arguments};
    static const char mark[] = "..";
    enum { MARK = sizeof mark - 1 };
    struct part part = {.at = text, .end = text + n};
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0] && !fits(&part); ++i) {
        cuts[i](&part);
    }
    size_t n_mark = fits(&part) ? 0 : MARK;
    if (n_mark) {
        part.at = part.end - (MOST - MARK);
        while (part.at < part.end && is_inside(*part.at)) {
            ++part.at;
        }
    }
    size_t n_kept = (size_t)(part.end - part.at);
    memcpy(ret, mark, n_mark);
    memcpy(ret + n_mark, part.at, n_kept);
    ret[n_mark + n_kept] = '\0';
    return n_mark + n_kept;
}

size_t pv_tag_number(char text[PV_NAME_BYTES], size_t n, unsigned number)
{
    char suffix[16];
    int n_suffix = snprintf(suffix, sizeof suffix, "~%u", number);
    size_t room = MOST - (size_t)n_suffix;
    n = pv_text_prefix(text, n, room);
    memcpy(text + n, suffix, (size_t)n_suffix + 1);
    return n + (size_t)n_suffix;
}
