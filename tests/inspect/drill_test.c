/* SPDX-License-Identifier: MIT
 *
 * drill_test.c - what the laws find of damage made on purpose, and what they cannot find.
 *
 * Classes of damage on random images, 500 seeds each: the share found, and the share found at
 * the place (the damaged header, its neighbour in the list, or its bucket). What is certain is
 * asserted; the rest is printed. Then 20,000 random overwrites, which must only end.
 */
#include "image.h"
#include "tests/support/random.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { N_SEEDS = 500, N_MUTATIONS = 20000 };

struct drill {
    struct image *image;
    uint64_t random;
    size_t bucket; /* of the pebble concerned */
    size_t i;      /* that pebble, of all */
    uint64_t addr; /* where the damage is */
};

static uint64_t pick(struct drill *drill, uint64_t n)
{
    return random_next(&drill->random) % n;
}

static struct pv_pebble *victim(const struct drill *drill)
{
    return image_pebble(drill->image, drill->image->pebbles[drill->i]);
}

/* The pebble after the victim in its bucket, or NULL. */
static struct pv_pebble *follower(const struct drill *drill)
{
    uint64_t next = victim(drill)->next;
    return next ? image_pebble(drill->image, next) : NULL;
}

/* Takes the next pebble, going round, that stands after and before another of its bucket. */
static void choose_inner(struct drill *drill)
{
    for (size_t n = 0; n < drill->image->n_pebbles; n++) {
        struct pv_pebble *pebble = victim(drill);
        if (pebble->prev != 0 && pebble->next != 0) {
            drill->addr = drill->image->pebbles[drill->i];
            return;
        }
        drill->i = (drill->i + 1) % drill->image->n_pebbles;
    }
    fail_msg("an image without an inner pebble");
}

static void choose(struct drill *drill, bool used)
{
    for (size_t n = 0; n < drill->image->n_pebbles; n++) {
        if ((victim(drill)->lflags & 1) == used) {
            drill->addr = drill->image->pebbles[drill->i];
            return;
        }
        drill->i = (drill->i + 1) % drill->image->n_pebbles;
    }
}

/* ---- classes: each damages the image, or leaves it as it was where it does not apply ---- */

static void header_bit(struct drill *drill)
{
    unsigned char *bytes = (unsigned char *)victim(drill);
    uint64_t bit = pick(drill, 8 * IMAGE_HEADER);
    bytes[bit / 8] ^= (unsigned char)(1U << bit % 8);
}

static void bucket_bit(struct drill *drill)
{
    drill->addr = drill->image->buckets[drill->bucket];
    unsigned char *bytes = (unsigned char *)image_bucket(drill->image, drill->addr);
    uint64_t bit = pick(drill, 8 * sizeof(struct pv_bucket));
    bytes[bit / 8] ^= (unsigned char)(1U << bit % 8);
}

static void size_more(struct drill *drill)
{
    victim(drill)->size += 16;
}

static void size_zero(struct drill *drill)
{
    victim(drill)->size = 0;
}

static void size_huge(struct drill *drill)
{
    victim(drill)->size = random_next(&drill->random) | UINT64_C(1) << 40;
}

static void zeroed(struct drill *drill)
{
    memset(victim(drill), 0, IMAGE_HEADER);
}

static void used_to_free(struct drill *drill)
{
    choose(drill, true);
    victim(drill)->lflags ^= 1;
}

static void free_to_used(struct drill *drill)
{
    choose(drill, false);
    victim(drill)->lflags ^= 1;
}

static void swapped(struct drill *drill)
{
    choose_inner(drill);
    struct pv_pebble *one = victim(drill), *other = follower(drill);
    struct pv_pebble saved = *one;
    *one = *other;
    *other = saved;
}

static void stale_pasted(struct drill *drill)
{
    struct pv_pebble *from =
        image_pebble(drill->image, drill->image->pebbles[pick(drill, drill->image->n_pebbles)]);
    struct pv_pebble copy = *from;
    *victim(drill) = copy;
}

static void truncated(struct drill *drill)
{
    uint64_t last = drill->image->pebbles[drill->image->n_pebbles - 1] + IMAGE_HEADER;
    drill->image->n = pick(drill, last - drill->image->base);
    drill->addr = 0; /* anywhere: what lies beyond is told where the list leads there */
}

static void underflow(struct drill *drill)
{
    unsigned char *payload = (unsigned char *)(victim(drill) + 1);
    memset(payload - 8, (int)(1 + pick(drill, 255)), 8);
}

#ifndef PV_WITHOUT_NAMES
static void tag_changed(struct drill *drill)
{
    victim(drill)->name[pick(drill, 4)] ^= (char)(1 + pick(drill, 127));
}
#endif

static void overflow(struct drill *drill, size_t n)
{
    choose_inner(drill);
    unsigned char *after = (unsigned char *)follower(drill);
    drill->addr = victim(drill)->next;
    memset(after, (int)(0x61 + pick(drill, 26)), n);
}

static void overflow_1(struct drill *drill)
{
    overflow(drill, 1);
}

static void overflow_8(struct drill *drill)
{
    overflow(drill, 8);
}

static void overflow_32(struct drill *drill)
{
    overflow(drill, 32);
}

static void overflow_large(struct drill *drill)
{
    overflow(drill, IMAGE_HEADER);
}

static void write_to_payload(struct drill *drill, bool used)
{
    choose(drill, used);
    unsigned char *payload = (unsigned char *)(victim(drill) + 1);
    payload[pick(drill, 64)] ^= (unsigned char)(1U << pick(drill, 8));
}

static void write_to_used(struct drill *drill)
{
    write_to_payload(drill, true);
}

static void write_to_free(struct drill *drill)
{
    write_to_payload(drill, false);
}

static void self_loop(struct drill *drill)
{
    victim(drill)->next = drill->addr;
}

static void rho_loop(struct drill *drill)
{
    choose_inner(drill);
    victim(drill)->next = image_bucket(drill->image, victim(drill)->parent)->first;
}

static void out_of_range(struct drill *drill)
{
    victim(drill)->next = random_next(&drill->random);
}

static void misaligned(struct drill *drill)
{
    choose_inner(drill);
    victim(drill)->next += 1 + pick(drill, 15);
}

static void to_another(struct drill *drill)
{
    choose_inner(drill);
    size_t i = pick(drill, drill->image->n_pebbles);
    if (drill->image->pebbles[i] != victim(drill)->next) {
        victim(drill)->next = drill->image->pebbles[i];
    } else {
        victim(drill)->next = 0;
    }
}

/* A pebble that both neighbours pass by. */
static void missing(struct drill *drill)
{
    choose_inner(drill);
    struct pv_pebble *before = image_pebble(drill->image, victim(drill)->prev);
    follower(drill)->prev = victim(drill)->prev;
    before->next = victim(drill)->next;
}

static void smear(struct drill *drill)
{
    uint64_t at = pick(drill, drill->image->n - 64);
    drill->addr = 0;
    for (size_t i = 0; i < 64; i++) {
        drill->image->bytes[at + i] = (unsigned char)(0x20 + pick(drill, 95));
    }
}

/* All fields changed so that every law holds: the boundary between two used pebbles moves. */
static void forged(struct drill *drill)
{
    for (size_t i = 0; i + 1 < drill->image->n_pebbles; i++) {
        drill->i = i;
        struct pv_pebble *one = victim(drill), *two = follower(drill);
        if (!two || !(one->lflags & two->lflags & 1) || two->size < 128) {
            continue;
        }
        struct pv_pebble moved = *two;
        uint64_t next = one->next + 64;
        moved.size -= 64;
        one->size += 64;
        one->next = next;
        memcpy(image_pebble(drill->image, next), &moved, sizeof moved);
        if (moved.next != 0) {
            image_pebble(drill->image, moved.next)->prev = next;
        }
        return;
    }
}

/* What a class must show: ALWAYS and NEVER are facts about the format, SOME is measured. */
enum share { ALWAYS, NEVER, SOME };

static const struct drill_class {
    const char *name;
    void (*inflict)(struct drill *drill);
    enum share share;
} classes[] = {
    {"one bit of a pebble header", header_bit, SOME},
    {"one bit of a bucket header", bucket_bit, SOME},
    {"size + 16", size_more, ALWAYS},
    {"size 0", size_zero, ALWAYS},
    {"size huge", size_huge, ALWAYS},
    {"header zeroed", zeroed, ALWAYS},
    {"state flipped: used to free", used_to_free, SOME},
    {"state flipped: free to used", free_to_used, SOME},
    {"two headers swapped", swapped, ALWAYS},
    {"stale header pasted", stale_pasted, ALWAYS},
    {"image truncated", truncated, ALWAYS},
    {"underflow by 8 bytes", underflow, ALWAYS},
    {"overflow by 1 byte", overflow_1, ALWAYS},
    {"overflow by 8 bytes", overflow_8, ALWAYS},
    {"overflow by 32 bytes", overflow_32, ALWAYS},
    {"overflow by a whole header", overflow_large, ALWAYS},
    {"link: to itself", self_loop, ALWAYS},
    {"link: back to the first", rho_loop, ALWAYS},
    {"link: out of range", out_of_range, ALWAYS},
    {"link: misaligned", misaligned, ALWAYS},
    {"link: to another pebble", to_another, ALWAYS},
    {"pebble missing in the list", missing, ALWAYS},
    {"64 bytes of text anywhere", smear, SOME},
#ifndef PV_WITHOUT_NAMES
    {"tag changed", tag_changed, NEVER},
#endif
    {"one bit of a used payload", write_to_used, NEVER},
    {"one bit of a free payload", write_to_free, NEVER},
    {"forged: all laws kept", forged, NEVER},
};

enum { N_CLASSES = sizeof classes / sizeof classes[0] };

/* Whether a finding is about the damaged header, a neighbour, or the bucket. */
static bool is_placed(const struct drill *drill, const struct image *sound,
                      const struct pv_snapshot *snapshot)
{
    if (drill->addr == 0) {
        return true;
    }
    size_t at = 0;
    while (at < sound->n_pebbles && sound->pebbles[at] != drill->addr) {
        at++;
    }
    for (size_t i = 0; i < snapshot->n_findings; i++) {
        uint64_t addr = snapshot->findings[i].addr;
        bool near = addr == drill->addr || addr == drill->image->buckets[drill->bucket] ||
                    (at == sound->n_pebbles && snapshot->findings[i].bucket == drill->bucket);
        for (size_t j = at > 0 ? at - 1 : 0; j <= at + 1 && j < sound->n_pebbles; j++) {
            near = near || addr == sound->pebbles[j];
        }
        if (near) {
            return true;
        }
    }
    return false;
}

static bool run_drill(const struct drill_class *class, uint64_t seed, bool *ret_placed)
{
    struct image image;
    image_open_random(&image, seed % 97, 3);
    unsigned char *before = malloc(image.n);
    assert_non_null(before);
    memcpy(before, image.bytes, image.n);
    uint64_t n_before = image.n;
    struct drill drill = {.image = &image, .random = seed * 1000003};
    do {
        drill.bucket = pick(&drill, image.n_buckets);
        size_t n = image.first[drill.bucket + 1] - image.first[drill.bucket];
        drill.i = image.first[drill.bucket] + pick(&drill, n);
        drill.addr = image.pebbles[drill.i];
        class->inflict(&drill);
        if (drill.addr != 0) {
            for (size_t b = 0; b < image.n_buckets; b++) {
                drill.bucket = image.buckets[b] <= drill.addr ? b : drill.bucket;
            }
        }
    } while (image.n == n_before && memcmp(before, image.bytes, image.n) == 0);
    struct pv_snapshot *snapshot = image_walk(&image);
    bool found = snapshot->n_findings > 0;
    *ret_placed = found && is_placed(&drill, &image, snapshot);
    assert_true(snapshot->n_pebbles <= image.n / 16);
    image_done(snapshot);
    free(before);
    image_close(&image);
    return found;
}

static void test_share_found_of_each_class(void **state)
{
    (void)state;
    print_message("%-30s %7s %9s\n", "damage", "found %", "in place %");
    for (size_t c = 0; c < N_CLASSES; c++) {
        unsigned n_found = 0, n_placed = 0;
        for (uint64_t seed = 1; seed <= N_SEEDS; seed++) {
            bool placed;
            n_found += run_drill(&classes[c], seed * (c + 1), &placed);
            n_placed += placed;
        }
        print_message("%-30s %7.1f %9.1f\n", classes[c].name, 100.0 * n_found / N_SEEDS,
                      100.0 * n_placed / N_SEEDS);
        if ((classes[c].share == ALWAYS && n_found < N_SEEDS) ||
            (classes[c].share == NEVER && n_found > 0) ||
            (classes[c].share == SOME && n_found < N_SEEDS / 20)) {
            fail_msg("%s: %u of %d found", classes[c].name, n_found, N_SEEDS);
        }
    }
}

/* ---- random overwrites ---- */

enum { N_KINDS = 6 };

static const struct mutation {
    const char *name;
    unsigned n_places, n_bytes;
    bool headers; /* in pebble headers only */
} kinds[N_KINDS] = {
    {"1 byte of a header", 1, 1, true},     {"8 bytes of a header", 1, 8, true},
    {"3 x 4 bytes of headers", 3, 4, true}, {"1 byte anywhere", 1, 1, false},
    {"5 x 8 bytes anywhere", 5, 8, false},  {"256 bytes anywhere", 1, 256, false},
};

static void mutate(struct image *image, const struct mutation *kind, uint64_t *random)
{
    for (unsigned i = 0; i < kind->n_places; i++) {
        uint64_t at = random_next(random) % (image->n - kind->n_bytes);
        if (kind->headers) {
            uint64_t addr = image->pebbles[random_next(random) % image->n_pebbles];
            at = addr - image->base + random_next(random) % (IMAGE_HEADER - kind->n_bytes);
        }
        uint64_t style = random_next(random) % 4;
        for (unsigned j = 0; j < kind->n_bytes; j++) {
            uint64_t r = random_next(random);
            image->bytes[at + j] = (unsigned char)(style == 0 ? 0 : style == 1 ? 0xFF : r);
        }
        if (style == 2 && kind->n_bytes >= 8) { /* a pointer into the image */
            uint64_t addr = image->base + (random_next(random) % image->n & ~UINT64_C(15));
            memcpy(image->bytes + at, &addr, sizeof addr);
        }
    }
}

static void test_random_overwrites_end(void **state)
{
    (void)state;
    unsigned n_changed[N_KINDS] = {0}, n_found[N_KINDS] = {0}, n_lost[N_KINDS] = {0};
    struct image image;
    image_open_sample(&image);
    unsigned char *sound = malloc(image.n);
    assert_non_null(sound);
    memcpy(sound, image.bytes, image.n);
    uint64_t random = 20221105;
    for (unsigned i = 0; i < N_MUTATIONS; i++) {
        const struct mutation *kind = &kinds[i % N_KINDS];
        mutate(&image, kind, &random);
        struct pv_snapshot *snapshot = image_walk(&image);
        n_changed[i % N_KINDS] += memcmp(sound, image.bytes, image.n) != 0;
        n_found[i % N_KINDS] += snapshot->n_findings > 0;
        n_lost[i % N_KINDS] += snapshot->n_pebbles < image.n_pebbles;
        assert_true(snapshot->n_pebbles <= image.n / IMAGE_HEADER * 2);
        assert_true(snapshot->n_buckets <= 4);
        image_done(snapshot);
        memcpy(image.bytes, sound, image.n);
    }
    print_message("%-30s %7s %9s\n", "overwritten", "found %", "lost some %");
    for (unsigned k = 0; k < N_KINDS; k++) {
        double all = n_changed[k] / 100.0;
        print_message("%-30s %7.1f %9.1f\n", kinds[k].name, n_found[k] / all, n_lost[k] / all);
        assert_true(n_found[k] > 0);
    }
    free(sound);
    image_close(&image);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_share_found_of_each_class),
        cmocka_unit_test(test_random_overwrites_end),
    };
    return cmocka_run_group_tests_name("inspect/drill", tests, NULL, NULL);
}
