/* SPDX-License-Identifier: MIT
 *
 * misuse_test.c - each of the 24 misuses in a child of its own, on a bare heap and on one with
 * guards: the exact fault, or silence where an allocator cannot know; and the heap goes on.
 *
 * Prints the table beside what others detect of the same list.
 */
#include "misuse.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "inspect/walk.h"

enum { N_AFTER = 60, AFTER_BYTES = 300 };

/* What the child found out. */
struct result {
    bool crashed; /* died before it could say */
    bool works;   /* allocating and freeing went on */
    size_t n_findings;
    size_t n_faults;
    enum pv_fault faults[PLACE_FAULTS];
    char tags[PLACE_FAULTS][PV_NAME_BYTES];
};

static void remember(void *ctx, const struct pv_event *event)
{
    struct place *place = ctx;
    if (event->kind == PV_EVENT_FAULT && place->n_faults < PLACE_FAULTS) {
        size_t i = place->n_faults++;
        place->faults[i] = event->fault;
        if (event->pebble) {
            snprintf(place->tags[i], PV_NAME_BYTES, "%.*s", PV_NAME_BYTES - 1,
                     pv_pebble_name(event->pebble));
        }
    }
}

void *place_take(struct place *place, uint64_t size, const char *name)
{
    return place->guarded ? pv_guard_malloc(&place->guard, size, name)
                          : pv_heap_malloc(&place->heap, size, name);
}

void *place_resize(struct place *place, void *ptr, uint64_t size)
{
    return place->guarded ? pv_guard_realloc(&place->guard, ptr, size)
                          : pv_heap_realloc(&place->heap, ptr, size);
}

void place_give(struct place *place, void *ptr)
{
    if (place->guarded) {
        pv_guard_free(&place->guard, ptr);
    } else {
        pv_heap_free(&place->heap, ptr);
    }
}

static bool place_open(struct place *place, bool guarded)
{
    *place = (struct place){.guarded = guarded};
    place->start = aligned_alloc(1 << 20, (size_t)PLACE_PAGES * PV_PAGE_BYTES);
    place->map = calloc(PLACE_PAGES, 1);
    if (!place->start || !place->map) {
        return false;
    }
    memset(place->start, 0, (size_t)PLACE_PAGES * PV_PAGE_BYTES);
    pv_region_init(&place->region, place->start, PLACE_PAGES, place->map);
    struct pv_heap_config config = {.pages = pv_region_pages(&place->region),
                                    .first_pages = 16};
    struct pv_guard_config guards = {.fill_on_alloc = true,
                                     .fill_on_free = true,
                                     .canary = true,
                                     .checksum = true,
                                     .queue_size = PLACE_QUEUE,
                                     .secret = UINT64_C(0x243F6A8885A308D3)};
    if (!pv_heap_init(&place->heap, &config) ||
        (guarded && !pv_guard_init(&place->guard, &place->heap, &guards))) {
        return false;
    }
    place->listener = (struct pv_listener){.event = remember, .ctx = place};
    if (guarded) {
        pv_guard_listen(&place->guard, &place->listener);
    } else {
        pv_heap_listen(&place->heap, &place->listener);
    }
    place->before = place_take(place, 40, "before");
    place->victim = place_take(place, 40, "victim");
    place->behind = place_take(place, 1000, "behind");
    return place->before && place->victim && place->behind;
}

/* Blocks come and go, keep what is written into them and do not overlap. */
static bool still_works(struct place *place)
{
    unsigned char *blocks[N_AFTER];
    bool works = true;
    for (size_t i = 0; i < N_AFTER; i++) {
        blocks[i] = place_take(place, AFTER_BYTES, "after");
        if (!blocks[i]) {
            return false;
        }
        memset(blocks[i], (int)i, AFTER_BYTES);
    }
    for (size_t i = 0; i < N_AFTER; i++) {
        for (size_t k = 0; k < AFTER_BYTES; k++) {
            works = works && blocks[i][k] == i;
        }
    }
    for (size_t i = 0; i < N_AFTER; i++) {
        place_give(place, blocks[i * 7 % N_AFTER]);
    }
    return works;
}

/* The layout that this program is built with, names or none. */
static struct pv_layout layout_here(void)
{
    struct pv_layout layout = pv_layout_fysos;
    layout.pebble_bytes = sizeof(struct pv_pebble);
#ifdef PV_WITHOUT_NAMES
    layout.pebble.name = (struct pv_field){0};
#endif
    layout.pebble.parent.offset = offsetof(struct pv_pebble, parent);
    layout.pebble.prev.offset = offsetof(struct pv_pebble, prev);
    layout.pebble.next.offset = offsetof(struct pv_pebble, next);
    return layout;
}

static size_t findings_of(const struct place *place)
{
    const struct pv_self_range range = {(uintptr_t)place->start,
                                        (uint64_t)PLACE_PAGES * PV_PAGE_BYTES};
    struct pv_self_memory self = {&range, 1};
    struct pv_layout layout = layout_here();
    struct pv_walk walk = {.memory = pv_self_memory(&self),
                           .layout = &layout,
                           .root = (uintptr_t)place->heap.first};
    struct pv_tags *tags;
    struct pv_snapshot *snapshot;
    if (pv_tags_open(&tags) || pv_walk(&walk, tags, &snapshot)) {
        return SIZE_MAX;
    }
    size_t n = snapshot->n_findings;
    for (size_t i = 0; i < n && getenv("PV_MISUSE_VERBOSE"); i++) {
        fprintf(stderr, "  %s\n", snapshot->findings[i].text);
    }
    pv_snapshot_close(snapshot);
    pv_tags_close(tags);
    return n;
}

static void in_child(const struct misuse *misuse, bool guarded, int out)
{
    struct place place;
    struct result result = {0};
    signal(SIGSEGV, SIG_DFL);
    signal(SIGBUS, SIG_DFL);
    if (place_open(&place, guarded)) {
        misuse->commit(&place);
        result.works = still_works(&place);
        result.n_findings = findings_of(&place);
        unsigned char *left[] = {place.before, place.victim, place.behind};
        for (size_t i = 0; i < 3; i++) {
            place_give(&place, left[i]);
        }
        if (guarded) {
            pv_guard_fini(&place.guard);
        }
        result.n_faults = place.n_faults;
        memcpy(result.faults, place.faults, sizeof result.faults);
        memcpy(result.tags, place.tags, sizeof result.tags);
    }
    _exit(write(out, &result, sizeof result) == sizeof result ? 0 : 1);
}

static struct result run(const struct misuse *misuse, bool guarded)
{
    struct result result;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        in_child(misuse, guarded, ends[1]);
    }
    close(ends[1]);
    ssize_t n = read(ends[0], &result, sizeof result);
    close(ends[0]);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (n != sizeof result) {
        result = (struct result){.crashed = true};
    }
    return result;
}

static enum pv_fault first_of(const struct result *result)
{
    return result->n_faults ? result->faults[0] : PV_FAULT_NONE;
}

static const char *word_of(const struct result *result)
{
    return result->crashed     ? "crash"
           : !result->n_faults ? "-"
                               : pv_guard_fault_name(result->faults[0]);
}

/* The guide's table has this row. */
static void expect_row(const char *guide, size_t i)
{
    const char *words[2];
    const enum pv_fault faults[2] = {misuses[i].bare, misuses[i].guarded};
    for (size_t k = 0; k < 2; k++) {
        words[k] = faults[k] ? pv_guard_fault_name(faults[k]) : "";
    }
    char row[200];
    snprintf(row, sizeof row, "\n| %zu | %s |%s%s |%s%s |\n", i + 1, misuses[i].name,
             *words[0] ? " " : "", words[0], *words[1] ? " " : "", words[1]);
    if (!strstr(guide, row)) {
        print_error("core/README.md has no row%s", row);
    }
    assert_non_null(strstr(guide, row));
}

static void test_the_guide_says_so(void **state)
{
    static char guide[1 << 16];
    FILE *file = fopen(*state, "r");
    assert_non_null(file);
    size_t n = fread(guide, 1, sizeof guide - 1, file);
    fclose(file);
    guide[n] = 0;
    for (size_t i = 0; i < N_MISUSES; i++) {
        expect_row(guide, i);
    }
}

/* A misuse detected is told by its name; a bare heap may break of what it cannot see, a guarded
 * one never does. */
static void expect(const struct misuse *misuse, const struct result *bare,
                   const struct result *guarded)
{
    assert_string_equal(pv_guard_fault_name(first_of(bare)), pv_guard_fault_name(misuse->bare));
    assert_true(bare->works || misuse->bare == PV_FAULT_NONE);
    assert_false(guarded->crashed);
    assert_true(guarded->works);
    assert_string_equal(pv_guard_fault_name(first_of(guarded)),
                        pv_guard_fault_name(misuse->guarded));
    assert_int_equal(guarded->n_findings != 0, misuse->damages);
    if (misuse->guarded == PV_FAULT_NONE) {
        assert_int_equal(guarded->n_faults, 0);
        assert_int_equal(bare->n_faults, 0);
    }
}

static void test_misuses(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        unsigned n_detected;
    } others[] = {
        {"memcheck", 24},       {"ASan", 23},          {"MALLOC_CHECK_=3", 16},
        {"tcmalloc_debug", 15}, {"glibc 2.36", 13},    {"scudo standalone 14", 7},
        {"jemalloc 5.3", 0},    {"mimalloc 2.0.9", 0},
    };
    unsigned n_bare = 0, n_guarded = 0;
    printf("%4s %-30s %-18s %s\n", "", "misuse", "heap", "with guards");
    for (size_t i = 0; i < N_MISUSES; i++) {
        struct result bare = run(&misuses[i], false);
        struct result guarded = run(&misuses[i], true);
        printf("%4zu %-30s %-18s %s\n", i + 1, misuses[i].name, word_of(&bare),
               word_of(&guarded));
        fflush(stdout);
        expect(&misuses[i], &bare, &guarded);
        n_bare += bare.n_faults != 0;
        n_guarded += guarded.n_faults != 0;
    }
    printf("\ndetected of %d: pebbleviz with guards %u, without %u;", N_MISUSES, n_guarded,
           n_bare);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        printf(" %s %u%s", others[i].name, others[i].n_detected,
               i + 1 < sizeof others / sizeof *others ? "," : "\n");
    }
    assert_int_equal(n_guarded, 21);
    assert_int_equal(n_bare, 12);
}

/* The tag of the block concerned comes with the fault. */
static void test_tags(void **state)
{
    (void)state;
    static const struct {
        size_t misuse;
        const char *tag;
    } cases[] = {{1, "victim"},  {2, "victim"},  {6, "victim"},   {7, "victim"},
                 {8, "behind"},  {9, "victim"},  {12, "victim"},  {15, "victim"},
                 {17, "victim"}, {19, "victim"}, {20, "aligned"}, {22, "lost"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct result result = run(&misuses[cases[i].misuse - 1], true);
        assert_string_equal(result.tags[0], PV_NAMES ? cases[i].tag : "");
    }
}

/* misuse_test GUIDE: the path of core/README.md. */
int main(int argc, char **argv)
{
    if (argc != 2) {
        return 2;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_misuses),
        cmocka_unit_test(test_tags),
        cmocka_unit_test_prestate(test_the_guide_says_so, argv[1]),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
