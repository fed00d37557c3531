/* SPDX-License-Identifier: MIT
 *
 * overrun_test.c - a used block overruns by 1 to 300 bytes into what lies behind it, and then the
 * program goes on: every length, victim, call, kind of bytes and configuration of the guards.
 *
 * Guards on: no crash, and the block that overran is named whenever a byte of its canary or
 * trailer changed; the check goes on behind the damage. Guards off: no crash, and what is handed
 * out later overlaps nothing. Each row of the table that it prints is one victim and one call.
 *
 * The cases run in child processes, so that a crash is counted and the next case goes on.
 * `--all` takes each length everywhere, without it most configurations and kinds of bytes get
 * every thirteenth; `--show` prints each case that fails.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "overrun_scene.h"

enum { FEW = 13, SECONDS_A_ROW = 60 };

static const char *const victim_names[] = {"used pebble", "free pebble", "bucket's end",
                                           "next bucket"};
static const char *const call_names[] = {
    "malloc",      "realloc culprit", "realloc behind", "realloc all", "free culprit",
    "free behind", "free all",        "trim",           "check"};

#define WHOLE .canary = true, .checksum = true, .fill_on_alloc = true, .fill_on_free = true
static const struct variant guarded_variants[] = {
    {true, PV_FIT_FIRST, {WHOLE, .secret = 7}},
    {true, PV_FIT_BEST, {WHOLE, .secret = 8, .queue_size = 4}},
    {true, PV_FIT_RECENT, {.canary = true, .secret = 9}},
    {true, PV_FIT_FIRST, {.checksum = true, .secret = 10}},
};
static const struct variant bare_variants[] = {
    {.fit = PV_FIT_FIRST}, {.fit = PV_FIT_BEST}, {.fit = PV_FIT_RECENT}};

/* Where in a row a child is. */
struct place {
    unsigned variant, bytes, length;
};

/* Shared with the child. Crashes of bytes that look like headers are counted apart. */
static struct tally {
    struct place at;
    unsigned n_cases, n_knowable, n_named, n_told, n_lost, n_overlaps, n_crashes,
        n_forged_crashes;
} * tally;

static bool takes_all, shows;

static void show(const char *what, enum victim victim, enum call call)
{
    if (shows) {
        printf("%s: configuration %u, %s, %s, bytes %u, length %u\n", what, tally->at.variant,
               victim_names[victim], call_names[call], tally->at.bytes, tally->at.length);
    }
}

static void overrun(const struct variant *variant, enum victim victim, enum call call)
{
    static struct scene scene;
    scene_begin(&scene, variant, victim);
    bool knowable = scene_overrun(&scene, (enum bytes)tally->at.bytes, tally->at.length);
    scene_go_on(&scene, call);
    tally->n_cases++;
    tally->n_knowable += knowable;
    tally->n_named += scene.named;
    tally->n_told += scene.told;
    tally->n_lost += variant->guards.canary && !scene.second_named;
    if (knowable && !scene.named) {
        show("not named", victim, call);
    }
    tally->n_overlaps += scene_live_on(&scene);
    scene_end(&scene);
}

/* The lengths from one on: of letters all, for the first configuration. */
static unsigned next_length(const struct place *place)
{
    bool each = takes_all || (place->variant == 0 && place->bytes == LETTERS);
    return place->length + (each ? 1 : FEW);
}

/* What follows a place in a row; false: it is the last. */
static bool go_to_next(struct place *place, size_t n_variants)
{
    place->length = next_length(place);
    if (place->length > LONGEST) {
        place->length = 1;
        place->bytes++;
    }
    if (place->bytes == N_BYTES) {
        place->bytes = 0;
        place->variant++;
    }
    return place->variant < n_variants;
}

/* A row in a child, from tally->at on; false: it came to its end. */
static bool crashes(const struct variant *variants, size_t n_variants, enum victim victim,
                    enum call call)
{
    fflush(stdout);
    pid_t child = fork();
    assert_true(child >= 0);
    if (!child) {
        signal(SIGSEGV, SIG_DFL); /* cmocka's would go on */
        signal(SIGBUS, SIG_DFL);
        signal(SIGABRT, SIG_DFL);
        alarm(SECONDS_A_ROW);
        must(freopen("/dev/null", "w", stderr) != NULL);
        do {
            overrun(&variants[tally->at.variant], victim, call);
        } while (go_to_next(&tally->at, n_variants));
        fflush(stdout);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) {
        fail_msg("a row takes more than %d s: the heap goes in a circle", SECONDS_A_ROW);
    }
    return status != 0;
}

static void run_row(const struct variant *variants, size_t n_variants, enum victim victim,
                    enum call call)
{
    bool more = true;
    *tally = (struct tally){.at = {.length = 1}};
    while (more && crashes(variants, n_variants, victim, call)) {
        show("crash", victim, call);
        if (tally->at.bytes < MAGICS) {
            tally->n_crashes++;
        } else {
            tally->n_forged_crashes++;
        }
        more = go_to_next(&tally->at, n_variants);
    }
    printf("%-14s%-16s%8u%9u%7u%6u%9u%8u%8u\n", victim_names[victim], call_names[call],
           tally->n_cases, tally->n_knowable, tally->n_named, tally->n_told, tally->n_overlaps,
           tally->n_crashes, tally->n_forged_crashes);
}

static void run(const struct variant *variants, size_t n_variants, struct tally *ret_sum)
{
    *ret_sum = (struct tally){0};
    printf("%-14s%-16s%8s%9s%7s%6s%9s%8s%8s\n", "victim", "then", "cases", "knowable", "named",
           "told", "overlaps", "crashes", "forged");
    for (int row = 0; row < N_VICTIMS * N_CALLS; row++) {
        enum victim victim = (enum victim)(row / N_CALLS);
        enum call call = (enum call)(row % N_CALLS);
        bool has_behind = victim == USED || victim == NEXT_BUCKET;
        if (!has_behind && (call == REALLOC_BEHIND || call == FREE_BEHIND)) {
            continue;
        }
        run_row(variants, n_variants, victim, call);
        ret_sum->n_cases += tally->n_cases;
        ret_sum->n_knowable += tally->n_knowable;
        ret_sum->n_named += tally->n_named;
        ret_sum->n_lost += tally->n_lost;
        ret_sum->n_overlaps += tally->n_overlaps;
        ret_sum->n_crashes += tally->n_crashes;
        ret_sum->n_forged_crashes += tally->n_forged_crashes;
    }
    printf(
        "%u cases, a guard can know of %u, %u named, %u crashes, %u more of bytes that look like "
        "headers\n",
        ret_sum->n_cases, ret_sum->n_knowable, ret_sum->n_named, ret_sum->n_crashes,
        ret_sum->n_forged_crashes);
}

static void test_guarded(void **state)
{
    (void)state;
    struct tally sum;
    run(guarded_variants, sizeof guarded_variants / sizeof *guarded_variants, &sum);
    assert_int_equal(sum.n_crashes + sum.n_forged_crashes, 0);
    assert_true(sum.n_knowable > 0);
    assert_true(sum.n_named >= sum.n_knowable);
    assert_int_equal(sum.n_lost, 0);
    assert_int_equal(sum.n_overlaps, 0);
}

static void test_bare(void **state)
{
    (void)state;
    struct tally sum;
    run(bare_variants, sizeof bare_variants / sizeof *bare_variants, &sum);
    assert_int_equal(sum.n_crashes, 0);
    assert_int_equal(sum.n_overlaps, 0);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        takes_all |= strcmp(argv[i], "--all") == 0;
        shows |= strcmp(argv[i], "--show") == 0;
    }
    tally =
        mmap(NULL, sizeof *tally, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_guarded),
        cmocka_unit_test(test_bare),
    };
    return tally == MAP_FAILED ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
