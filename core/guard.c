/* SPDX-License-Identifier: MIT
 *
 * guard.c - seals, canaries, fills and the queue of freed blocks, above a heap.
 *
 * Every pointer that comes in goes through open_block(): first the heap's own door, which says
 * whether a used pebble's header stands there, then the seals. Where one is broken, and only
 * then, the bucket is walked to find out why.
 *
 * Longer than other files because a kernel takes it whole, or not at all.
 *
 * A queued block is still a used pebble for the heap, so that nothing merges with it, and its
 * name can be told when it turns out to have been written.
 */
#include "core/guard.h"

#include "core/sound.h"
#include "core/spin.h"

enum {
    ALLOC_FILL = 0xA5, /* odd and large, as a pointer, a size or a length */
    FREE_FILL = 0xF5,
    STATE_USED = 0x55534544,
    STATE_QUEUED = 0x46524545,
    NAME_BYTES = PV_NAMES * PV_NAME_BYTES,
};

/* At the very end of a payload. */
struct trailer {
    uint64_t requested;
    uint32_t state;
    uint32_t header_seal;
    uint64_t seal; /* of the three above */
};

_Static_assert(sizeof(struct trailer) == 24, "what guard.h says");

void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memset(void *to, int byte, size_t n);

static unsigned char *payload_of(const struct pv_pebble *pebble)
{
    return pv_pebble_payload(pebble);
}

static struct trailer *trailer_of(const struct pv_pebble *pebble)
{
    return (struct trailer *)(void *)(payload_of(pebble) + pebble->size) - 1;
}

/* Bytes of the payload in front of the trailer. */
static uint64_t room_of(const struct pv_pebble *pebble)
{
    return pebble->size - sizeof(struct trailer);
}

/* What must be asked from the heap for a request of `size` bytes. */
static uint64_t guarded_size(const struct pv_guard *guard, uint64_t size)
{
    return size + (guard->config.canary ? 1 : 0) + sizeof(struct trailer);
}

/* ---- seals ---- */

/* The finaliser of splitmix64 (Steele, Lea, Flood 2014) over a running sum. */
static uint64_t mix(uint64_t sum, uint64_t word)
{
    uint64_t x = sum ^ (word + UINT64_C(0x9E3779B97F4A7C15));
    x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
    return x ^ x >> 31;
}

static uint64_t key_of(const struct pv_guard *guard, const struct pv_pebble *pebble)
{
    return mix(guard->config.secret, addr_of(pebble));
}

/* A checksum of the fields that the heap's door cannot judge. The door judges magic, parent and
 * links itself, and the size says where the trailer is. */
static uint32_t header_seal(const struct pv_guard *guard, const struct pv_pebble *pebble)
{
    uint64_t sum = key_of(guard, pebble);
    if (!guard->config.checksum) {
        return 0;
    }
    sum = mix(sum, pebble->sflags);
    sum = mix(sum, pebble->alignment);
    uint64_t word;
    for (size_t i = 0; i + sizeof word <= NAME_BYTES; i += sizeof word) {
        memcpy(&word, pv_pebble_name(pebble) + i, sizeof word);
        sum = mix(sum, word);
    }
    return (uint32_t)sum;
}

static bool is_header_same(const struct pv_guard *guard, const struct pv_pebble *pebble)
{
    return trailer_of(pebble)->header_seal == header_seal(guard, pebble);
}

static uint64_t trailer_seal(const struct pv_guard *guard, const struct pv_pebble *pebble,
                             const struct trailer *trailer)
{
    uint64_t sum = mix(key_of(guard, pebble), trailer->requested);
    return mix(sum, (uint64_t)trailer->state << 32 | trailer->header_seal);
}

static bool is_sealed(const struct pv_guard *guard, const struct pv_pebble *pebble,
                      uint32_t state)
{
    const struct trailer *trailer = trailer_of(pebble);
    return trailer->seal == trailer_seal(guard, pebble, trailer) && trailer->state == state;
}

/* No byte of it is zero: an end of string written one too far is the commonest overflow. */
static unsigned char canary_byte(uint64_t key, uint64_t at)
{
    return (unsigned char)(key >> (at % 8 * 8)) | 1;
}

static bool is_canary_whole(const struct pv_guard *guard, const struct pv_pebble *pebble)
{
    const unsigned char *payload = payload_of(pebble);
    uint64_t key = key_of(guard, pebble), end = room_of(pebble);
    if (!guard->config.canary) {
        return true;
    }
    for (uint64_t i = trailer_of(pebble)->requested; i < end; i++) {
        if (payload[i] != canary_byte(key, i)) {
            return false;
        }
    }
    return true;
}

/* Writes canary and trailer of a used block. */
static void seal_used(const struct pv_guard *guard, struct pv_pebble *pebble,
                      uint64_t requested)
{
    unsigned char *payload = payload_of(pebble);
    uint64_t key = key_of(guard, pebble), end = room_of(pebble);
    struct trailer *trailer = trailer_of(pebble);
    for (uint64_t i = requested; guard->config.canary && i < end; i++) {
        payload[i] = canary_byte(key, i);
    }
    trailer->requested = requested;
    trailer->state = STATE_USED;
    trailer->header_seal = header_seal(guard, pebble);
    trailer->seal = trailer_seal(guard, pebble, trailer);
}

/* Fills a freed block; its trailer stays sealed. */
static void seal_queued(const struct pv_guard *guard, struct pv_pebble *pebble)
{
    struct trailer *trailer = trailer_of(pebble);
    if (guard->config.fill_on_free) {
        memset(payload_of(pebble), FREE_FILL, (size_t)room_of(pebble));
    }
    trailer->state = STATE_QUEUED;
    trailer->header_seal = header_seal(guard, pebble);
    trailer->seal = trailer_seal(guard, pebble, trailer);
}

static bool is_fill_whole(const struct pv_guard *guard, const struct pv_pebble *pebble)
{
    const unsigned char *payload = payload_of(pebble);
    uint64_t end = guard->config.fill_on_free ? room_of(pebble) : 0;
    for (uint64_t i = 0; i < end; i++) {
        if (payload[i] != FREE_FILL) {
            return false;
        }
    }
    return true;
}

/* ---- telling, locking ---- */

static void tell(struct pv_guard *guard, enum pv_fault fault, const void *ptr,
                 const struct pv_pebble *pebble, uint64_t requested)
{
    guard->n_faults++;
    const struct pv_event event = {.kind = PV_EVENT_FAULT,
                                   .fault = fault,
                                   .ptr = ptr,
                                   .pebble = pebble,
                                   .requested = requested};
    for (struct pv_listener *l = guard->listeners; l; l = l->next) {
        l->event(l->ctx, &event);
    }
}

static void enter(struct pv_guard *guard)
{
    pv_lock_enter(&guard->config.lock, PV_SPINLOCK_OF(guard));
}

static void leave(struct pv_guard *guard)
{
    pv_lock_leave(&guard->config.lock, PV_SPINLOCK_OF(guard));
}

void pv_guard_listen(struct pv_guard *guard, struct pv_listener *listener)
{
    enter(guard);
    struct pv_listener **link = &guard->listeners;
    while (*link) {
        link = &(*link)->next;
    }
    listener->next = NULL;
    *link = listener;
    leave(guard);
}

/* ---- walking buckets that may be damaged ---- */

/* The heap's lock, for what reads other headers than those of used blocks: these are the guard's,
 * but what is free may be trimmed by another thread. */
static void enter_heap(struct pv_guard *guard)
{
    pv_lock_enter(&guard->heap->config.lock, PV_SPINLOCK_OF(guard->heap));
}

static void leave_heap(struct pv_guard *guard)
{
    pv_sound_mend(guard->heap);
    pv_lock_leave(&guard->heap->config.lock, PV_SPINLOCK_OF(guard->heap));
}

/* The first header lies somewhere behind the bucket's own: the gap for an alignment holds no
 * headers, so it is the first sound one. */
static struct pv_pebble *first_of(const struct pv_bucket *bucket)
{
    return pv_sound_from(bucket, addr_of(bucket + 1));
}

static struct pv_pebble *next_of(const struct pv_bucket *bucket, const struct pv_pebble *pebble)
{
    return pv_sound_from(bucket, addr_of(pebble + 1) + pebble->size);
}

/* The pebble whose header or payload holds addr, or NULL. Only after a fault. */
static const struct pv_pebble *pebble_around(struct pv_guard *guard, uint64_t addr)
{
    enter_heap(guard);
    struct pv_bucket *bucket = pv_bucket_first(guard->heap);
    while (bucket && (addr < addr_of(bucket) || addr >= bucket_end(bucket))) {
        bucket = pv_bucket_after(guard->heap, bucket);
    }
    const struct pv_pebble *at = bucket ? first_of(bucket) : NULL;
    while (at && addr_of(at + 1) + at->size <= addr) {
        at = next_of(bucket, at);
    }
    leave_heap(guard);
    return at && addr_of(at) <= addr ? at : NULL;
}

/* ---- the door ---- */

static bool is_in_queue(const struct pv_guard *guard, const struct pv_pebble *pebble)
{
    for (uint32_t i = 0; i < guard->n_queued; i++) {
        if (guard->queue[(guard->queue_at + i) % PV_GUARD_QUEUE_MAX] == pebble) {
            return true;
        }
    }
    return false;
}

/* What is wrong with a used pebble's contents. */
static enum pv_fault fault_of(const struct pv_guard *guard, const struct pv_pebble *pebble)
{
    if (!is_sealed(guard, pebble, STATE_USED)) {
        return PV_GUARD_OVERFLOW;
    }
    if (!is_header_same(guard, pebble)) {
        return PV_GUARD_BAD_CHECKSUM;
    }
    return is_canary_whole(guard, pebble) ? PV_FAULT_NONE : PV_GUARD_OVERFLOW;
}

/* Tells the block in front of a damaged address, if its own bytes show that it overran. */
static void blame(struct pv_guard *guard, const struct pv_pebble *suspect)
{
    enum pv_fault fault = PV_FAULT_NONE;
    if (suspect && !is_in_queue(guard, suspect)) {
        fault = fault_of(guard, suspect);
    }
    if (fault) {
        tell(guard, fault, payload_of(suspect), suspect, 0);
    }
}

static void blame_before(struct pv_guard *guard, const void *ptr)
{
    enter_heap(guard);
    const struct pv_pebble *suspect =
        pv_sound_suspect(guard->heap, addr_of(ptr) - sizeof(struct pv_pebble));
    leave_heap(guard);
    blame(guard, suspect);
}

/* What the heap found overwritten since `n_before`, a free pebble or a bucket's header, is told
 * by the guard as well. */
static void tell_damaged(struct pv_guard *guard, uint64_t n_before)
{
    enter_heap(guard);
    bool found = guard->heap->n_damaged != n_before;
    enum pv_fault damage = guard->heap->damage;
    const struct pv_pebble *suspect = guard->heap->suspect;
    leave_heap(guard);
    if (found) {
        tell(guard, damage, NULL, suspect, 0);
        blame(guard, suspect);
    }
}

static uint64_t n_damaged(struct pv_guard *guard)
{
    enter_heap(guard);
    uint64_t n = guard->heap->n_damaged;
    leave_heap(guard);
    return n;
}

/* The used block at ptr. NULL: nothing may be done with it. Otherwise it may be freed, even if
 * its contents are damaged. Each fault has been told. `if_freed` is the fault for a block that
 * is freed already. */
static struct pv_pebble *open_block(struct pv_guard *guard, void *ptr, enum pv_fault if_freed,
                                    enum pv_fault *ret_fault)
{
    const struct pv_pebble *pebble = pv_heap_pebble(guard->heap, ptr, ret_fault);
    if (pebble) {
        *ret_fault = fault_of(guard, pebble);
    }
    if (!*ret_fault) {
        return pv_pebble_at(addr_of(pebble));
    }
    const struct pv_pebble *around = pebble_around(guard, addr_of(ptr));
    bool usable = false;
    if (*ret_fault == PV_FAULT_DOUBLE_FREE || (pebble && is_in_queue(guard, pebble))) {
        *ret_fault = if_freed;
    } else if (pebble && around && around != pebble) {
        *ret_fault = PV_GUARD_FORGED_HEADER;
    } else {
        usable = *ret_fault == PV_GUARD_OVERFLOW;
    }
    bool sealed = around && around == pebble && is_sealed(guard, pebble, STATE_USED);
    tell(guard, *ret_fault, ptr, around, sealed ? trailer_of(pebble)->requested : 0);
    if (*ret_fault == PV_FAULT_BAD_HEADER || *ret_fault == PV_FAULT_BAD_PARENT) {
        blame_before(guard, ptr);
    }
    return usable ? pv_pebble_at(addr_of(pebble)) : NULL;
}

/* ---- allocating ---- */

static bool is_huge(uint64_t size)
{
    return size > PTRDIFF_MAX;
}

static enum pv_fault release_oldest(struct pv_guard *guard);

static void *alloc(struct pv_guard *guard, const struct pv_request *request)
{
    struct pv_request guarded = *request;
    if (is_huge(request->size)) {
        tell(guard, PV_GUARD_HUGE_REQUEST, NULL, NULL, request->size);
        return NULL;
    }
    guarded.size = guarded_size(guard, request->size);
    uint64_t n_before = n_damaged(guard);
    unsigned char *payload = pv_heap_alloc(guard->heap, &guarded);
    while (!payload && guard->n_queued) {
        release_oldest(guard); /* nothing is refused for the sake of what is freed */
        payload = pv_heap_alloc(guard->heap, &guarded);
    }
    tell_damaged(guard, n_before);
    if (payload) {
        if (guard->config.fill_on_alloc && !(request->flags & PV_FLAG_CLEAR)) {
            memset(payload, ALLOC_FILL, (size_t)request->size);
        }
        seal_used(guard, (struct pv_pebble *)(void *)payload - 1, request->size);
    }
    return payload;
}

void *pv_guard_alloc(struct pv_guard *guard, const struct pv_request *request)
{
    enter(guard);
    void *ptr = alloc(guard, request);
    leave(guard);
    return ptr;
}

void *pv_guard_malloc(struct pv_guard *guard, uint64_t size, const char *name)
{
    return pv_guard_alloc(guard, &(struct pv_request){.size = size, .name = name});
}

void *pv_guard_calloc(struct pv_guard *guard, uint64_t count, uint64_t size, const char *name)
{
    struct pv_request request = {.flags = PV_FLAG_CLEAR, .name = name};
    if (__builtin_mul_overflow(count, size, &request.size)) {
        request.size = UINT64_MAX;
    }
    return pv_guard_alloc(guard, &request);
}

/* ---- freeing ---- */

/* What is wrong with a queued block. */
static enum pv_fault fault_of_queued(const struct pv_guard *guard,
                                     const struct pv_pebble *pebble)
{
    if (!is_sealed(guard, pebble, STATE_QUEUED) || !is_fill_whole(guard, pebble)) {
        return PV_GUARD_WRITE_AFTER_FREE;
    }
    return is_header_same(guard, pebble) ? PV_FAULT_NONE : PV_GUARD_BAD_CHECKSUM;
}

/* The header says free, but the seal shows that the heap never got the block back. */
static bool pretends(const struct pv_guard *guard, const struct pv_pebble *pebble)
{
    return !(pebble->lflags & PV_PEBBLE_USED) &&
           (is_sealed(guard, pebble, STATE_USED) || is_sealed(guard, pebble, STATE_QUEUED));
}

/* The heap would merge with a neighbour that is free, and believe its header. */
static bool is_neighbour(const struct pv_guard *guard, const struct pv_pebble *pebble,
                         uint64_t addr)
{
    return !addr || (pv_sound_header(pv_bucket_at(pebble->parent), addr) &&
                     !pretends(guard, pv_pebble_at(addr)));
}

/* Gives a block whose header is whole back to the heap, if its neighbours are sound. */
static enum pv_fault give_back(struct pv_guard *guard, struct pv_pebble *pebble)
{
    void *payload = payload_of(pebble);
    enter_heap(guard);
    enum pv_fault fault = !is_neighbour(guard, pebble, pebble->next)   ? PV_FAULT_OVERRUN
                          : !is_neighbour(guard, pebble, pebble->prev) ? PV_FAULT_BAD_NEIGHBOUR
                                                                       : PV_FAULT_NONE;
    leave_heap(guard);
    if (fault) {
        tell(guard, fault, payload, pebble, trailer_of(pebble)->requested);
        if (fault == PV_FAULT_BAD_NEIGHBOUR) {
            blame_before(guard, pv_pebble_payload(pv_pebble_at(pebble->prev)));
        }
        return fault;
    }
    trailer_of(pebble)->seal = 0;
    return pv_heap_free(guard->heap, payload);
}

/* Takes the oldest block out of the queue and gives it back to the heap, if it still can. */
static enum pv_fault release_oldest(struct pv_guard *guard)
{
    struct pv_pebble *pebble = guard->queue[guard->queue_at];
    void *payload = payload_of(pebble);
    enum pv_fault fault;
    guard->queue_at = (guard->queue_at + 1) % PV_GUARD_QUEUE_MAX;
    guard->n_queued--;
    if (!pv_heap_pebble(guard->heap, payload, &fault)) {
        tell(guard, fault, payload, NULL, 0);
        return fault;
    }
    fault = fault_of_queued(guard, pebble);
    if (fault) {
        tell(guard, fault, payload, pebble, 0);
    }
    if (is_sealed(guard, pebble, STATE_QUEUED) && !is_header_same(guard, pebble)) {
        return fault;
    }
    return give_back(guard, pebble);
}

/* Puts a block whose header is whole into the queue; the oldest one leaves to make room.
 * Without a queue, returns why the heap did not take the block. */
static enum pv_fault retire(struct pv_guard *guard, struct pv_pebble *pebble)
{
    if (!guard->config.queue_size) {
        return give_back(guard, pebble);
    }
    while (guard->n_queued >= guard->config.queue_size) {
        release_oldest(guard);
    }
    seal_queued(guard, pebble);
    guard->queue[(guard->queue_at + guard->n_queued) % PV_GUARD_QUEUE_MAX] = pebble;
    guard->n_queued++;
    return PV_FAULT_NONE;
}

/* The alignment that the heap uses for a requested one. */
static uint32_t alignment_kept(uint32_t alignment)
{
    uint32_t kept = PV_ALIGN_MIN;
    while (kept < alignment && kept < PV_ALIGN_MAX) {
        kept *= 2;
    }
    return kept;
}

/* What a caller of free says of the block. */
struct claim {
    bool has_size, has_alignment;
    uint32_t alignment;
    uint64_t size;
};

static enum pv_fault free_claimed(struct pv_guard *guard, void *ptr, struct claim claim)
{
    enum pv_fault fault = PV_FAULT_NONE;
    if (!ptr) {
        return fault;
    }
    enter(guard);
    struct pv_pebble *pebble = open_block(guard, ptr, PV_FAULT_DOUBLE_FREE, &fault);
    if (pebble && !fault) {
        uint64_t requested = trailer_of(pebble)->requested;
        if (claim.has_alignment && alignment_kept(claim.alignment) != pebble->alignment) {
            fault = PV_GUARD_ALIGN_MISMATCH;
        } else if (claim.has_size && claim.size != requested) {
            fault = PV_GUARD_SIZE_MISMATCH;
        }
        if (fault) {
            tell(guard, fault, ptr, pebble, requested);
        }
    }
    if (pebble) {
        enum pv_fault kept = retire(guard, pebble);
        fault = fault ? fault : kept;
    }
    leave(guard);
    return fault;
}

enum pv_fault pv_guard_free(struct pv_guard *guard, void *ptr)
{
    return free_claimed(guard, ptr, (struct claim){0});
}

enum pv_fault pv_guard_free_sized(struct pv_guard *guard, void *ptr, uint64_t size)
{
    return free_claimed(guard, ptr, (struct claim){.has_size = true, .size = size});
}

enum pv_fault pv_guard_free_aligned_sized(struct pv_guard *guard, void *ptr, uint32_t alignment,
                                          uint64_t size)
{
    return free_claimed(
        guard, ptr,
        (struct claim){
            .has_size = true, .has_alignment = true, .alignment = alignment, .size = size});
}

/* ---- realloc ---- */

static uint64_t rounded(uint64_t size)
{
    return (size + PV_UNIT_BYTES - 1) & ~(uint64_t)(PV_UNIT_BYTES - 1);
}

/* Records a block's new size, whether it stayed in place or moved. */
static void *keep_place(struct pv_guard *guard, struct pv_pebble *pebble,
                        unsigned char *payload, uint64_t requested, uint64_t size)
{
    if (size > requested && (pebble->sflags & PV_FLAG_CLEAR)) {
        memset(payload + requested, 0, (size_t)(size - requested));
    } else if (size > requested && guard->config.fill_on_alloc) {
        memset(payload + requested, ALLOC_FILL, (size_t)(size - requested));
    }
    seal_used(guard, pebble, size);
    return payload;
}

/* Resizes a sound block. */
static void *resize(struct pv_guard *guard, struct pv_pebble *pebble, uint64_t size)
{
    unsigned char *payload = payload_of(pebble);
    uint64_t requested = trailer_of(pebble)->requested;
    uint64_t kept = requested < size ? requested : size;
    if (rounded(guarded_size(guard, size)) == pebble->size) {
        return keep_place(guard, pebble, payload, requested, size);
    }
    char name[PV_NAME_BYTES + 1] = {0};
    memcpy(name, pv_pebble_name(pebble), NAME_BYTES);
    void *to = alloc(guard, &(struct pv_request){.size = size,
                                                 .flags = pebble->sflags,
                                                 .alignment = pebble->alignment,
                                                 .name = name});
    if (to) {
        memcpy(to, payload, (size_t)kept);
        retire(guard, pebble);
        return to;
    }
    /* There is no room for both. */
    to = pv_heap_realloc(guard->heap, payload, guarded_size(guard, size));
    return to ? keep_place(guard, (struct pv_pebble *)to - 1, to, requested, size) : NULL;
}

void *pv_guard_realloc(struct pv_guard *guard, void *ptr, uint64_t size)
{
    void *to = NULL;
    if (!ptr) {
        return pv_guard_malloc(guard, size, NULL);
    }
    enter(guard);
    if (is_huge(size)) {
        tell(guard, PV_GUARD_HUGE_REQUEST, ptr, NULL, size);
    } else {
        enum pv_fault fault;
        struct pv_pebble *pebble = open_block(guard, ptr, PV_GUARD_REALLOC_FREED, &fault);
        to = pebble && !fault ? resize(guard, pebble, size) : NULL;
    }
    leave(guard);
    return to;
}

/* ---- checking everything ---- */

/* Under the heap's lock. Verifies one pebble of the walk; with `leaks` a sound used one is a fault as well. */
static void check_pebble(struct pv_guard *guard, const struct pv_pebble *pebble, bool leaks)
{
    void *payload = payload_of(pebble);
    enum pv_fault fault = PV_FAULT_NONE;
    const struct pv_pebble *concerned;
    uint64_t requested = 0;
    if (pretends(guard, pebble)) {
        tell(guard, PV_GUARD_BAD_CHECKSUM, payload, pebble, trailer_of(pebble)->requested);
    }
    if (!(pebble->lflags & PV_PEBBLE_USED)) {
        return;
    }
    if (!pv_door_look_up(guard->heap, payload, &fault, &concerned)) {
        tell(guard, fault, payload, pebble, 0);
        return;
    }
    if (is_sealed(guard, pebble, STATE_USED)) {
        requested = trailer_of(pebble)->requested;
    } else if (is_in_queue(guard, pebble)) {
        fault = fault_of_queued(guard, pebble);
        if (fault) {
            tell(guard, fault, payload, pebble, 0);
        }
        return;
    } else if (is_sealed(guard, pebble, STATE_QUEUED)) {
        return; /* left the queue with a damaged header, which was told then */
    }
    fault = fault_of(guard, pebble);
    if (fault) {
        tell(guard, fault, payload, pebble, requested);
    }
    if (leaks) {
        tell(guard, PV_GUARD_LEAK, payload, pebble, requested);
    }
}

/* A damaged header is told by the used pebble in front of it, or else by the gap it leaves. */
static void check_bucket(struct pv_guard *guard, const struct pv_bucket *bucket, bool leaks)
{
    uint64_t expected = 0; /* where the next header should be; 0: the first may lie anywhere */
    bool told = false;
    for (const struct pv_pebble *at = first_of(bucket); at; at = next_of(bucket, at)) {
        bool gap = expected ? addr_of(at) != expected : at->prev != 0;
        if (gap && !told) {
            uint64_t lost = expected ? expected : at->prev;
            tell(guard, PV_FAULT_BAD_HEADER, pv_pebble_payload(pv_pebble_at(lost)), NULL, 0);
        }
        uint64_t n_faults = guard->n_faults;
        check_pebble(guard, at, leaks);
        told = guard->n_faults != n_faults;
        expected = addr_of(at + 1) + at->size;
    }
    if (expected != bucket_end(bucket) && !told) {
        uint64_t lost = expected ? expected : addr_of(bucket + 1);
        tell(guard, PV_FAULT_BAD_HEADER, pv_pebble_payload(pv_pebble_at(lost)), NULL, 0);
    }
}

/* Skips buckets whose headers are damaged. */
static void check_all(struct pv_guard *guard, bool leaks)
{
    uint64_t n_before = n_damaged(guard);
    enter_heap(guard);
    struct pv_bucket *bucket = pv_bucket_first(guard->heap);
    for (; bucket; bucket = pv_bucket_after(guard->heap, bucket)) {
        pv_sound_mend(guard->heap);
        check_bucket(guard, bucket, leaks);
    }
    leave_heap(guard);
    tell_damaged(guard, n_before);
}

uint64_t pv_guard_check(struct pv_guard *guard)
{
    enter(guard);
    uint64_t before = guard->n_faults;
    check_all(guard, false);
    uint64_t found = guard->n_faults - before;
    leave(guard);
    return found;
}

/* ---- a guard's life ---- */

bool pv_guard_init(struct pv_guard *guard, struct pv_heap *heap,
                   const struct pv_guard_config *config)
{
    *guard = (struct pv_guard){.heap = heap, .config = *config};
    if (config->queue_size > PV_GUARD_QUEUE_MAX || heap->config.ignore_payloads) {
        guard->heap = NULL;
        return false;
    }
    return true;
}

uint64_t pv_guard_requested(struct pv_guard *guard, const void *ptr)
{
    enter(guard);
    enum pv_fault fault;
    const struct pv_pebble *pebble = pv_heap_pebble(guard->heap, ptr, &fault);
    uint64_t n =
        pebble && is_sealed(guard, pebble, STATE_USED) ? trailer_of(pebble)->requested : 0;
    leave(guard);
    return n;
}

uint64_t pv_guard_fini(struct pv_guard *guard)
{
    uint64_t n_faults = 0;
    if (guard->heap) {
        enter(guard);
        while (guard->n_queued) {
            release_oldest(guard);
        }
        check_all(guard, true);
        n_faults = guard->n_faults;
        leave(guard);
    }
    *guard = (struct pv_guard){0};
    return n_faults;
}

const char *pv_guard_fault_name(enum pv_fault fault)
{
    static const char *const names[] = {
        "overflow",       "bad-checksum",  "write-after-free", "realloc-freed", "size-mismatch",
        "align-mismatch", "forged-header", "huge-request",     "leak",
    };
    _Static_assert(sizeof names / sizeof *names == PV_GUARD_N_FAULTS - PV_N_FAULTS,
                   "each fault has a name");
    unsigned n = (unsigned)fault;
    return n < PV_N_FAULTS         ? pv_fault_name(fault)
           : n < PV_GUARD_N_FAULTS ? names[n - PV_N_FAULTS]
                                   : "?";
}
