/* SPDX-License-Identifier: MIT
 *
 * misuse_list.c - the list. Its order and its classes are those of the published measurements.
 */
#include "misuse.h"

#include <string.h>

static unsigned char global[256];

/* A read that the compiler must not leave out. */
static unsigned read_byte(const volatile unsigned char *at)
{
    return *at;
}

static void double_free_at_once(struct place *place)
{
    place_give(place, place->victim);
    place_give(place, place->victim);
    place->victim = NULL;
}

static void double_free_later(struct place *place)
{
    place_give(place, place->victim);
    place_give(place, place->before);
    void *other = place_take(place, 3000, "other");
    place_give(place, place->victim);
    place_give(place, other);
    place->victim = place->before = NULL;
}

/* Without a queue the second free takes the new owner's block away, who is told then. */
static void double_free_after_reuse(struct place *place)
{
    place_give(place, place->victim);
    void *reused = place_take(place, 40, "reused");
    place_give(place, place->victim);
    place_give(place, reused);
    place->victim = NULL;
}

static void free_stack(struct place *place)
{
    _Alignas(64) unsigned char local[256] = {0};
    place_give(place, local + 128);
}

static void free_global(struct place *place)
{
    place_give(place, global + 128);
}

static void free_interior(struct place *place)
{
    place_give(place, place->victim + 16);
}

static void free_misaligned(struct place *place)
{
    place_give(place, place->victim + 1);
}

/* Three headers that agree with one another, written into a payload: no field gives the one in
 * the middle away. (The published trials forged one chunk on the stack, which is easier.) */
static void free_fake_chunk(struct place *place)
{
    enum { STEP = sizeof(struct pv_pebble) + PV_UNIT_BYTES };
    uint64_t parent = ((const struct pv_pebble *)(const void *)place->behind - 1)->parent;
    uint64_t at = (uintptr_t)place->behind;
    for (uint64_t i = 0; i < 3; i++) {
        *pv_pebble_at(at + i * STEP) = (struct pv_pebble){
            .magic = PV_PEBBLE_MAGIC,
            .lflags = PV_PEBBLE_USED,
            .sflags = PV_FLAG_VIRTUAL,
            .alignment = PV_ALIGN_MIN,
            .size = PV_UNIT_BYTES,
            .parent = parent,
            .prev = at + (i - 1) * STEP,
            .next = at + (i + 1) * STEP,
        };
    }
    place_give(place, pv_pebble_payload(pv_pebble_at(at + STEP)));
}

static void overflow_by(struct place *place, size_t n)
{
    memset(place->victim + 40, 0, n);
    place_give(place, place->victim);
    place->victim = NULL;
}

static void overflow_1(struct place *place)
{
    overflow_by(place, 1);
}

static void overflow_8(struct place *place)
{
    overflow_by(place, 8);
}

static void overflow_16(struct place *place)
{
    overflow_by(place, 16);
}

/* Over the whole header behind it. */
static void overflow_large(struct place *place)
{
    overflow_by(place, 300);
}

static void overflow_read(struct place *place)
{
    (void)read_byte(place->victim + 40);
    (void)read_byte(place->victim + 300);
}

static void underflow(struct place *place)
{
    memset(place->victim - 8, 'u', 8);
    place_give(place, place->victim);
    place->victim = NULL;
}

static void write_after_free(struct place *place)
{
    place_give(place, place->victim);
    memset(place->victim, 'w', 8);
    place->victim = NULL;
}

static void read_after_free(struct place *place)
{
    place_give(place, place->victim);
    (void)read_byte(place->victim);
    place->victim = NULL;
}

static void realloc_freed(struct place *place)
{
    place_give(place, place->victim);
    (void)place_resize(place, place->victim, 500);
    place->victim = NULL;
}

static void realloc_foreign(struct place *place)
{
    (void)place_resize(place, global + 128, 500);
}

static void size_mismatch(struct place *place)
{
    if (place->guarded) {
        pv_guard_free_sized(&place->guard, place->victim, 48);
    } else {
        place_give(place, place->victim);
    }
    place->victim = NULL;
}

static void align_mismatch(struct place *place)
{
    struct pv_request request = {
        .size = 100, .flags = PV_FLAG_ALIGNED, .alignment = 256, .name = "aligned"};
    if (place->guarded) {
        void *ptr = pv_guard_alloc(&place->guard, &request);
        pv_guard_free_aligned_sized(&place->guard, ptr, 4096, 100);
    } else {
        pv_heap_free(&place->heap, pv_heap_alloc(&place->heap, &request));
    }
}

static void uninitialised_read(struct place *place)
{
    (void)read_byte(place->victim);
}

static void leak(struct place *place)
{
    (void)place_take(place, 100, "lost");
}

static void huge_request(struct place *place)
{
    place_give(place, place_take(place, (uint64_t)-40, "huge"));
}

static void corrupted_header(struct place *place)
{
    ((struct pv_pebble *)(void *)place->victim - 1)->size ^= PV_UNIT_BYTES;
    place_give(place, place->victim);
    place->victim = NULL;
}

/* clang-format off */
const struct misuse misuses[N_MISUSES] = {
    {"double free, at once", double_free_at_once, PV_FAULT_DOUBLE_FREE, PV_FAULT_DOUBLE_FREE, false},
    {"double free, later", double_free_later, PV_FAULT_DOUBLE_FREE, PV_FAULT_DOUBLE_FREE, false},
    {"double free, after reuse", double_free_after_reuse, PV_FAULT_DOUBLE_FREE, PV_FAULT_DOUBLE_FREE, false},
    {"free of a stack pointer", free_stack, PV_FAULT_FOREIGN_POINTER, PV_FAULT_FOREIGN_POINTER, false},
    {"free of a global pointer", free_global, PV_FAULT_FOREIGN_POINTER, PV_FAULT_FOREIGN_POINTER, false},
    {"free of an interior pointer", free_interior, PV_FAULT_INTERIOR, PV_FAULT_INTERIOR, false},
    {"free of a misaligned pointer", free_misaligned, PV_FAULT_INTERIOR, PV_FAULT_INTERIOR, false},
    {"free of a fake chunk", free_fake_chunk, PV_FAULT_NONE, PV_GUARD_FORGED_HEADER, false},
    {"overflow by 1, write", overflow_1, PV_FAULT_NONE, PV_GUARD_OVERFLOW, false},
    {"overflow by 8, write", overflow_8, PV_FAULT_NONE, PV_GUARD_OVERFLOW, false},
    {"overflow by 16, write", overflow_16, PV_FAULT_NONE, PV_GUARD_OVERFLOW, false},
    {"overflow, large, write", overflow_large, PV_FAULT_OVERRUN, PV_FAULT_OVERRUN, true},
    {"overflow, read", overflow_read, PV_FAULT_NONE, PV_FAULT_NONE, false},
    {"underflow", underflow, PV_FAULT_BAD_HEADER, PV_FAULT_BAD_HEADER, true},
    {"write after free", write_after_free, PV_FAULT_NONE, PV_GUARD_WRITE_AFTER_FREE, false},
    {"read after free", read_after_free, PV_FAULT_NONE, PV_FAULT_NONE, false},
    {"realloc of a freed pointer", realloc_freed, PV_FAULT_DOUBLE_FREE, PV_GUARD_REALLOC_FREED, false},
    {"realloc of a foreign pointer", realloc_foreign, PV_FAULT_FOREIGN_POINTER, PV_FAULT_FOREIGN_POINTER, false},
    {"sized free, wrong size", size_mismatch, PV_FAULT_NONE, PV_GUARD_SIZE_MISMATCH, false},
    {"aligned free, wrong alignment", align_mismatch, PV_FAULT_NONE, PV_GUARD_ALIGN_MISMATCH, false},
    {"uninitialised read", uninitialised_read, PV_FAULT_NONE, PV_FAULT_NONE, false},
    {"leak", leak, PV_FAULT_NONE, PV_GUARD_LEAK, false},
    {"huge request", huge_request, PV_FAULT_NONE, PV_GUARD_HUGE_REQUEST, false},
    {"free of a corrupted header", corrupted_header, PV_FAULT_BAD_HEADER, PV_FAULT_BAD_HEADER, true},
};
/* clang-format on */
