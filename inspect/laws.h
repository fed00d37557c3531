/* SPDX-License-Identifier: MIT
 *
 * laws.h - the laws that a sound catalog keeps, a row each. All that is known of a law stands in
 * its row: `enum pv_law`, the list that `check --rules` prints and the order of judging are made
 * of it, and a row whose judge is missing does not link.
 *
 * A row of BUCKET is judged once for each bucket, a row of PEBBLE once for each pebble, in the
 * order of the table; a row of WALK needs no judge, for the walk tells it while it follows the
 * lists (list.c, walk.c). The columns:
 *
 *   id        what findings call the law
 *   judge     the function that holds a bucket or a pebble against it (judge_*.c)
 *   evidence  ROWS: what a catalog file tells is enough to judge it.
 *             HEADERS: it takes fields that a file does not hold: magic, Parent, Previous, Next
 *   section   of the FYSOS specification
 *   sentence  what holds
 *
 * P3 asks for a multiple of 16 where 20.3.3.5 asks for one of 64, because both of its
 * neighbours forbid 64: a header has 80 bytes (48 without a name), so the rest of a split
 * pebble (20.3.4), when the pebbles tile their bucket, is off by 16 for every header before it,
 * and a pebble moved for an alignment (20.3.6) leaves odd neighbours that stay when it is gone.
 * All of these are multiples of 16. What is given out by a split is a multiple of 64 still;
 * which pebble that was cannot be seen later.
 *
 * B5 counts a list as endless beyond the bound given to the walk. B6 allows any pebble of the
 * bucket to be First. P10 has the attributes from Table 20.2.1; that a free pebble keeps its
 * kind only is from 20.3.5 (core/heap.h). A pebble without a kind counts as VIRTUAL.
 */
#ifndef PV_LAWS_H
#define PV_LAWS_H

/* clang-format off */
#define PV_LAWS(BUCKET, PEBBLE, WALK)                                                          \
    BUCKET(B1, pv_judge_b1, HEADERS, "20.3.2.1",                                               \
           "a bucket begins with the magic 'BUCK'")                                            \
    BUCKET(B2, pv_judge_b2, ROWS, "20.3.2.2",                                                  \
           "of a bucket's local flags only bit 0 may be set")                                  \
    BUCKET(B3, pv_judge_b3, ROWS, "20.3.2",                                                    \
           "a bucket has at least one page and does not overlap another")                      \
    BUCKET(B4, pv_judge_b4, HEADERS, "20.3.2.5",                                               \
           "Previous and Next of the bucket list agree; the first has no Previous")            \
    WALK(B5, "20.3.2.5",                                                                       \
         "the bucket list ends")                                                               \
    BUCKET(B6, pv_judge_b6, ROWS, "20.3.2.6",                                                  \
           "First points to a pebble of this bucket")                                          \
    BUCKET(B7, pv_judge_b7, ROWS, "20.3.2.4",                                                  \
           "Largest is the payload size of the largest free pebble, 0 when none is")           \
    PEBBLE(P1, pv_judge_p1, HEADERS, "20.3.3.1",                                               \
           "a pebble begins with the magic 'ROCK'")                                            \
    PEBBLE(P2, pv_judge_p2, ROWS, "20.3.3.2",                                                  \
           "of a pebble's local flags only bit 0 may be set")                                  \
    PEBBLE(P3, pv_judge_p3, ROWS, "20.3.3.5",                                                  \
           "a payload has at least 64 bytes and a multiple of 16")                             \
    PEBBLE(P4, pv_judge_p4, ROWS, "20.3.3.8",                                                  \
           "header and payload lie within the bucket's pages")                                 \
    PEBBLE(P5, pv_judge_p5, HEADERS, "20.3.3.8",                                               \
           "Previous and Next of the pebble list agree, and the list stays in its "            \
           "bucket and ends")                                                                  \
    PEBBLE(P6, pv_judge_p6, HEADERS, "20.3.3.7",                                               \
           "Parent points to the pebble's bucket")                                             \
    PEBBLE(P7, pv_judge_p7, ROWS, "20.3.4",                                                    \
           "pebbles stand in address order and tile the bucket to its end")                    \
    PEBBLE(P8, pv_judge_p8, ROWS, "20.3.5",                                                    \
           "no two free neighbours are of one kind")                                           \
    PEBBLE(P9, pv_judge_p9, ROWS, "20.3.3.4",                                                  \
           "the alignment of an ALIGNED pebble is a power of two from 64 to 1 MiB, and "       \
           "its payload keeps it")                                                             \
    PEBBLE(P10, pv_judge_p10, ROWS, "20.2",                                                    \
           "a pebble carries known attributes, not VIRTUAL and PHYSICAL at once, and "         \
           "a free one only its kind")                                                         \
    WALK(M1, "20.3.1",                                                                         \
         "the memory that a list leads to can be read")
/* clang-format on */

#define PV_LAW_NUMBER(id, ...) PV_LAW_##id,
enum pv_law { PV_LAWS(PV_LAW_NUMBER, PV_LAW_NUMBER, PV_LAW_NUMBER) PV_N_LAWS };
#undef PV_LAW_NUMBER

#endif
