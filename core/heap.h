/* SPDX-License-Identifier: MIT
 *
 * heap.h - the Bucket/Pebble heap of the FYSOS specification, sections 20.2 and 20.3.
 *
 * A heap is a list of buckets, each a run of pages; a bucket holds a list of pebbles that tile
 * it without a gap:
 *
 *   bucket                                                             size * 4096 bytes
 *   +--------+--------+-----------------+--------+----------+--------+------------------+
 *   | bucket | pebble | payload         | pebble | payload  | pebble | payload (free)   |
 *   | 48 B   | 80 B   | 64 * k bytes    | 80 B   |          | 80 B   | index node, rest |
 *   +--------+--------+-----------------+--------+----------+--------+------------------+
 *
 * Nothing of ours is stored in the headers. What makes searching fast, a balanced tree over the
 * free pebbles, lies in the payload of the free pebbles themselves and in struct pv_heap
 * (index.h).
 *
 * Decisions, so that every replay gives the same addresses everywhere:
 * - a request is rounded up to a multiple of 64, at least 64;
 * - a bucket holds pebbles of one kind (virtual or physical, persistent or not) and serves
 *   requests of that kind only, so pebbles never move between kinds (20.3.5, 20.3.7);
 * - buckets that were got for a PV_FLAG_LOW… stand behind the others in the list, those with
 *   the lowest limit last, and serve requests with a higher limit or none only when nothing else
 *   can;
 * - buckets are tried in list order, each by its own method (bit 0 of its flags, 20.3.2.2.1):
 *   first fit takes the first free pebble in list order that satisfies the request, best fit
 *   the smallest, of equals the first; recent fit begins at the bucket's First, which moves to
 *   what was freed last, goes on to the end of the list and then from its head to First
 *   (20.3.2.6);
 * - a free pebble is split when the rest holds a header and 64 bytes; the lower part is given;
 * - for an alignment it may be split in three, with a pad of at least 64 bytes in front; in a
 *   new bucket whose gap is too small for a pad the first pebble itself lies further behind
 *   (20.3.4, 20.3.6), so that nothing may assume where it lies;
 * - neighbours that are free are merged at once, so that no two stand side by side;
 * - when no bucket satisfies a request the last bucket of its kind grows in place by whole
 *   pages, at least PV_GROW_PAGES_MIN, by just enough; where that is not wanted or not possible
 *   a new bucket of at least PV_GROW_PAGES_MIN pages is appended;
 * - a request is refused only if there is no lawful place for it: before that, every bucket of
 *   its kind is tried in place and a new bucket asked for with no more pages than needed, wanted
 *   or not (grow.c); a block that is resized may also slide down over its own old place;
 * - an emptied bucket is given back, but for the first one and for persistent ones.
 *
 * Freestanding. Several heaps are independent; a heap with a lock may be used by several
 * threads. Built with PV_WITHOUT_NAMES the name field is left out (20.3.3.6), all else is as it
 * was.
 */
#ifndef PV_HEAP_H
#define PV_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PV_BUCKET_MAGIC    UINT32_C(0x4255434B) /* 20.3.2.1 */
#define PV_PEBBLE_MAGIC    UINT32_C(0x524F434B) /* 20.3.3.1 */
#define PV_BUCKET_BEST_FIT UINT32_C(1) /* bit 0 of a bucket's local flags, 20.3.2.2.1 */
#define PV_PEBBLE_USED     UINT32_C(1) /* bit 0 of a pebble's local flags, 20.3.3.2 */

#ifdef PV_WITHOUT_NAMES
enum { PV_NAMES = 0 };
#else
enum { PV_NAMES = 1 };
#endif

/* A build may set these two; all that uses the heap must be compiled the same way. */
#ifndef PV_UNIT_BYTES
/* Requests are rounded up to multiples of it, and it is the least payload: a power of two, at
 * least 64. */
#define PV_UNIT_BYTES 64
#endif
#ifndef PV_GROW_PAGES_MIN
#define PV_GROW_PAGES_MIN 16 /* at least 1 */
#endif

enum {
    PV_PAGE_BYTES = 4096,
    PV_NAME_BYTES = 32,     /* the name field, final NUL included */
    PV_ALIGN_MIN = 64,      /* 20.3.3.4 */
    PV_ALIGN_MAX = 1 << 20, /* 20.3.3.4 */
};

/* What a caller asks for: Table 20.2.1. VIRTUAL when neither it nor PHYSICAL is set. */
enum pv_flag {
    PV_FLAG_VIRTUAL = 1 << 0,
    PV_FLAG_PHYSICAL = 1 << 1,
    PV_FLAG_CLEAR = 1 << 2,
    PV_FLAG_LOW1MEG = 1 << 3,
    PV_FLAG_LOW16MEG = 1 << 4,
    PV_FLAG_LOW4GIG = 1 << 5,
    PV_FLAG_ANYWHERE = 1 << 6, /* of the author's own code: taken as VIRTUAL */
    PV_FLAG_ALIGNED = 1 << 7,
    PV_FLAG_PERSISTENT = 1 << 8, /* from a bucket that is not given back when it is emptied */
    PV_FLAG_HARDWARE32 = PV_FLAG_LOW4GIG | PV_FLAG_PHYSICAL | PV_FLAG_ALIGNED,
    PV_FLAG_HARDWARE64 = PV_FLAG_PHYSICAL | PV_FLAG_ALIGNED,
};

/* All attributes there are. */
#define PV_FLAGS ((uint32_t)((1 << 9) - 1))

/* The sent flags that make up a pebble's kind. All pebbles of a bucket are of one kind. */
#define PV_KIND ((uint32_t)(PV_FLAG_VIRTUAL | PV_FLAG_PHYSICAL | PV_FLAG_PERSISTENT))

/* Table 20.3.2.1. Pointers are 64 bits wide in memory on every machine. */
struct pv_bucket {
    uint32_t magic;
    uint32_t lflags;
    uint64_t size;    /* pages */
    uint64_t largest; /* payload bytes of the largest free pebble, 0 when none is free */
    uint64_t prev;    /* bucket */
    uint64_t next;    /* bucket */
    uint64_t first;   /* pebble; with recent fit not always the head of the list */
};

/* Table 20.3.3.1. */
struct pv_pebble {
    uint32_t magic;
    uint32_t lflags;
    uint32_t sflags;    /* enum pv_flag as sent; when free, PV_KIND of them */
    uint32_t alignment; /* of the request, at least 64; a promise only with PV_FLAG_ALIGNED */
    uint64_t size;      /* payload bytes, this header not counted */
#ifndef PV_WITHOUT_NAMES
    char name[PV_NAME_BYTES];
#endif
    uint64_t parent; /* bucket */
    uint64_t prev;   /* pebble */
    uint64_t next;   /* pebble */
};

/* Where pages come from: the "mmap() and mmap_free()" of 20.3.2. get and put must be there.
 * Before a request is refused, get and grow are asked for fewer pages than at first, and pages
 * that do not lie right may be put back at once. */
struct pv_pages {
    void *ctx;
    /* n_pages contiguous pages, page-aligned, or NULL. `flags` has PV_FLAG_VIRTUAL or
     * PV_FLAG_PHYSICAL (then they are contiguous in physical memory and pointers are physical
     * addresses), and the PV_FLAG_LOW… that every byte must keep. */
    void *(*get)(void *ctx, uint64_t n_pages, uint32_t flags);
    /* Makes the run of n_pages at start longer by n_more, in place. false: nothing changed.
     * May be NULL: never in place. */
    bool (*grow)(void *ctx, void *start, uint64_t n_pages, uint64_t n_more);
    /* Takes back the last n_less of the n_pages of a run. May be NULL: never. */
    void (*shrink)(void *ctx, void *start, uint64_t n_pages, uint64_t n_less);
    /* Takes back a whole run. */
    void (*put)(void *ctx, void *start, uint64_t n_pages);
    /* As get, and the second page of the run begins on a multiple of `alignment`, a power of
     * two greater than a page. Asked before a request with such an alignment is refused: these
     * are the fewest pages that serve it. May be NULL: then get is asked for that many and one
     * more after the other, and what lies right by chance is kept. */
    void *(*get_aligned)(void *ctx, uint64_t n_pages, uint32_t flags, uint64_t alignment);
};

/* 20.3.8. Held during each call below; listeners run under it, pages come and go under it. With
 * neither function set, `spins` makes the heap use a spinlock of its own, unless that is left
 * out of the build (PV_WITHOUT_SPINLOCK: a machine without atomic exchange, such as Cortex-M0). */
struct pv_lock {
    void *ctx;
    void (*lock)(void *ctx);
    void (*unlock)(void *ctx);
#ifndef PV_WITHOUT_SPINLOCK
    bool spins;
#endif
};

/* What a heap tells its listeners. */
enum pv_event_kind {
    PV_EVENT_ALLOC,         /* pebble handed out */
    PV_EVENT_FREE,          /* pebble taken back; told before it merges */
    PV_EVENT_RESIZE,        /* same pebble, other payload size or requested bytes */
    PV_EVENT_SPLIT,         /* pebble keeps the lower part; other is the new upper one */
    PV_EVENT_MERGE,         /* pebble absorbs other, whose header is gone after this */
    PV_EVENT_BUCKET_ADD,    /* bucket */
    PV_EVENT_BUCKET_GROW,   /* bucket, in place; n_pages is what it had */
    PV_EVENT_BUCKET_SHRINK, /* bucket, in place; n_pages is what it had */
    PV_EVENT_BUCKET_FIRST,  /* bucket's First is another pebble now */
    PV_EVENT_BUCKET_REMOVE, /* bucket, still readable */
    /* fault says what is wrong; ptr is the caller's pointer; pebble is the one that it points
     * into, or NULL */
    PV_EVENT_FAULT,
    PV_EVENT_BUCKET_FIT, /* bucket is searched by another method now */
    /* a request, or a resize (pebble is its block), finds no place. Valid: requested, flags,
     * name, why; largest and free_bytes count what is of its kind and below its limit. A guard
     * that empties its queue tries again, and each refusal is an event */
    PV_EVENT_REFUSED
};

/* Why a request was refused. */
enum pv_why {
    PV_WHY_NO_MEMORY,     /* the provider gives no more pages */
    PV_WHY_FRAGMENTATION, /* so many bytes are free, but not in one place, or not a lawful one */
    PV_WHY_LIMIT,         /* it would take more pages than limit_pages allows */
    PV_WHY_RANGE,         /* no heap serves it: size, alignment or flags */
    PV_N_WHYS
};

enum pv_fault {
    PV_FAULT_NONE,
    PV_FAULT_DOUBLE_FREE,     /* the pebble is free already, or was freed and absorbed since */
    PV_FAULT_FOREIGN_POINTER, /* in none of this heap's buckets: wild, or another heap's */
    PV_FAULT_INTERIOR,        /* inside a bucket, but no payload begins there */
    PV_FAULT_BAD_HEADER,      /* its own header is damaged */
    PV_FAULT_BAD_PARENT,      /* its Parent is not the bucket that it lies in */
    PV_FAULT_OVERRUN,         /* the header behind it is damaged: its payload was overrun */
    PV_FAULT_BAD_NEIGHBOUR,   /* the header before it is damaged */
    PV_FAULT_UNKNOWN_FLAGS,   /* a request has attributes that Table 20.2.1 does not know */
    PV_FAULT_BAD_FREE,        /* a free pebble was overwritten; it is used no more */
    PV_FAULT_BAD_BUCKET,      /* a bucket's header was overwritten; it is left alone for good */
    PV_FAULT_BAD_PAGES,       /* the provider gave NULL's page, or none that begins on one */
    PV_N_FAULTS,
    PV_FAULTS_MAX = 255 /* a layer above numbers its own on from PV_N_FAULTS to here */
};

struct pv_event {
    enum pv_event_kind kind;
    enum pv_fault fault;
    const struct pv_bucket *bucket;
    const struct pv_pebble *pebble;
    const struct pv_pebble *other;
    const void *ptr;
    /* Of a FAULT about overwritten memory: the used block in front of it, which has probably
     * overrun into it; NULL: not known. With BAD_FREE and BAD_BUCKET, `pebble` is the same
     * block. */
    const struct pv_pebble *suspect;
    uint64_t requested; /* ALLOC, RESIZE: bytes that the caller asked for */
    uint64_t old_size;  /* RESIZE: payload bytes before */
    uint64_t n_pages;   /* BUCKET_GROW, BUCKET_SHRINK: pages before */
    /* REFUSED: */
    enum pv_why why;
    uint32_t flags;      /* as they were sent */
    const char *name;    /* NULL: none */
    uint64_t largest;    /* what could have been asked for, as pv_heap_largest_of */
    uint64_t free_bytes; /* payloads of free pebbles */
};

/* Called for every event, in the order of registration, in the middle of the operation. It may
 * read the heap, but must not call it or remove itself. Storage is the caller's. */
struct pv_listener {
    void (*event)(void *ctx, const struct pv_event *event);
    void *ctx;
    struct pv_listener *next; /* the heap's */
};

enum pv_growth { PV_GROWTH_IN_PLACE, PV_GROWTH_NEW_BUCKET };

/* A bucket has one bit for its method: BEST or not. All buckets that are not BEST have the same
 * method: RECENT in a heap whose fit is RECENT, else FIRST. */
enum pv_fit { PV_FIT_FIRST, PV_FIT_BEST, PV_FIT_RECENT };

struct pv_heap_config {
    struct pv_pages pages;
    struct pv_lock lock;
    uint64_t first_pages; /* of the first bucket, at least 1 */
    enum pv_growth growth;
    enum pv_fit fit; /* of every bucket the heap makes, unless fit_of says otherwise */
    bool
        ignore_payloads; /* a replay: payloads of used pebbles are neither cleared nor copied */
    uint64_t limit_pages; /* of all buckets together; 0: none */
    uint64_t bias; /* added to a pointer to get the address that PV_FLAG_LOW… speak of */
    /* Chooses the method of each new bucket, the first one included, from its pages and the
     * flags of the request that it is made for. BEST, or anything else for the heap's other
     * method (see enum pv_fit). Called under the lock, so it must not call the heap. NULL:
     * every bucket gets `fit`. */
    enum pv_fit (*fit_of)(void *ctx, uint64_t n_pages, uint32_t flags);
    void *fit_ctx;
};

enum {
    PV_HEAP_CACHE = 64,
    PV_HEAP_KINDS = 4,
    PV_HEAP_LIMITS = 3,
    PV_HEAP_WAITING = 16, /* 24 and 32 measured the same, 8 a tenth slower on a large heap */
};

/* A free pebble that is not yet in the index's tree, see index.c. */
struct pv_waiting {
    struct pv_pebble *pebble;
    uint64_t size, parent; /* the pebble's */
    struct pv_pebble *up;  /* on its way into the tree: how far it has come */
};

/* The caller's storage; the fields are the heap's own. */
struct pv_heap {
    struct pv_heap_config config;
    struct pv_bucket *first, *last;
    uint64_t n_pages;
    uint64_t n_buckets;
    struct pv_pebble *tree; /* root of the free pebbles of all buckets but those that wait */
    struct pv_waiting waiting[PV_HEAP_WAITING];
    uint32_t n_waiting;
    uint64_t waiting_largest; /* size */
    struct {
        struct pv_bucket *bucket; /* the last of its kind, NULL: none, or to be looked up */
        struct pv_pebble *tail;   /* its last pebble, NULL: to be looked up */
    } ends[PV_HEAP_KINDS];        /* of the buckets that are kept for no limit */
    /* In the list, the first bucket that was got for a limit of 4 GiB or less, 16 MiB or less,
     * 1 MiB; NULL: none. */
    struct pv_bucket *kept[PV_HEAP_LIMITS];
    uint64_t n_free, free_bytes;
    const void *damaged;             /* a free pebble or bucket found overwritten; NULL: none */
    const struct pv_pebble *suspect; /* the block in front of the last that was */
    enum pv_fault damage;            /* and what that was: BAD_FREE or BAD_BUCKET */
    uint64_t n_damaged;              /* how many were, ever */
    struct pv_listener *listeners;
    struct pv_bucket *cache[PV_HEAP_CACHE]; /* buckets that hold lately used addresses */
    uint64_t n_visited;                     /* tree nodes looked at, ever */
#ifndef PV_WITHOUT_SPINLOCK
    unsigned char spinlock;
#endif
};

struct pv_request {
    uint64_t size;
    uint32_t flags;     /* enum pv_flag */
    uint32_t alignment; /* with PV_FLAG_ALIGNED; 1 to 1 MiB, rounded up to a power of two */
    const char *name;   /* at most 31 bytes of it are kept; NULL: none */
};

/* Makes a heap of one bucket with one free pebble, virtual. false: the pages are refused, or
 * first_pages is 0 or beyond limit_pages; the heap may be given to
 * pv_heap_fini all the same. */
bool pv_heap_init(struct pv_heap *heap, const struct pv_heap_config *config);

/* Gives every bucket back. No events. Takes a zeroed heap. */
void pv_heap_fini(struct pv_heap *heap);

void pv_heap_listen(struct pv_heap *heap, struct pv_listener *listener);

/* The payload, at least `size` bytes, or NULL: no memory, size or alignment out of range, flags
 * that contradict each other (VIRTUAL and PHYSICAL, 20.2), or, with a FAULT event, unknown
 * ones. A REFUSED event says which.
 * O(log n) in the free pebbles for each bucket that could satisfy it; with an alignment or a
 * PV_FLAG_LOW…, as many searches more as there are free pebbles that are large enough but do
 * not lie right. */
void *pv_heap_alloc(struct pv_heap *heap, const struct pv_request *request);

void *pv_heap_malloc(struct pv_heap *heap, uint64_t size, const char *name);

/* NULL when count * size overflows. */
void *pv_heap_calloc(struct pv_heap *heap, uint64_t count, uint64_t size, const char *name);

/* The block with room for `size` bytes, its name, flags and alignment kept. Stays in place if
 * the rounded size still fits (the tail is given back if it can be split off), else grows into
 * the next pebble if that is free and large enough, else moves to a free pebble, else, as the
 * last of its bucket, grows with it in place, else moves to new pages; and before it is refused
 * it slides down into a free pebble in front of it. The flags hold in all of these.
 * NULL: nothing changed, the old block is as it was. ptr NULL: malloc without a name. size 0:
 * 64 bytes, as for malloc. With PV_FLAG_CLEAR all payload bytes behind the lesser of the old
 * payload and the new size are cleared, so that what comes back into use is zero. */
void *pv_heap_realloc(struct pv_heap *heap, void *ptr, uint64_t size);

/* NULL does nothing. A pointer that is not a used payload of this heap is told as a FAULT
 * event, and nothing else changes. Returns the fault, PV_FAULT_NONE when the block was
 * freed. */
enum pv_fault pv_heap_free(struct pv_heap *heap, void *ptr);

/* The pebble whose payload begins at ptr, or NULL with the reason. Safe for any pointer value:
 * reads only inside the heap's own buckets. The one door from a pointer to metadata. */
const struct pv_pebble *pv_heap_pebble(struct pv_heap *heap, const void *ptr,
                                       enum pv_fault *ret_fault);

/* Gives back the whole free pages at the end of each bucket, where the provider takes them. The
 * free pebble there keeps at least 64 bytes. Returns the number of pages given back. */
uint64_t pv_heap_trim(struct pv_heap *heap);

/* Changes the method of the bucket that holds the address; `at` NULL: of all buckets, and of
 * those to come whatever fit_of was. false, with nothing changed: no bucket holds the address,
 * or the method is one that a single bucket cannot have (see enum pv_fit). O(n log n) in all
 * free pebbles. */
bool pv_heap_set_fit(struct pv_heap *heap, const void *at, enum pv_fit fit);

/* Changes the pages that all buckets together may have; 0: any number. A heap that has more
 * keeps them, and gets no new ones until it has fewer (20.3, "resizing as needed"). */
void pv_heap_set_limit(struct pv_heap *heap, uint64_t limit_pages);

/* The most bytes that a request with these flags can ask for and be served from what is free,
 * without more pages: a multiple of 64. O(buckets); with a PV_FLAG_LOW… O(pebbles).
 * PV_FLAG_ALIGNED is ignored. 0: nothing is free, or the flags contradict each other. */
uint64_t pv_heap_largest_of(struct pv_heap *heap, uint32_t flags);

/* The same of plain virtual memory: what pv_heap_malloc can be asked for. */
uint64_t pv_heap_largest(struct pv_heap *heap);

/* Payload bytes of the largest free pebble of any kind, which may be a little more than what
 * can be asked for: requests are rounded up. O(1). */
uint64_t pv_heap_largest_pebble(struct pv_heap *heap);

static inline struct pv_bucket *pv_bucket_at(uint64_t addr)
{
    return (struct pv_bucket *)(uintptr_t)addr;
}

static inline struct pv_pebble *pv_pebble_at(uint64_t addr)
{
    return (struct pv_pebble *)(uintptr_t)addr;
}

static inline void *pv_pebble_payload(const struct pv_pebble *pebble)
{
    return (void *)(uintptr_t)(pebble + 1);
}

/* Where memory with these flags must end, 20.2.4 to 20.2.6; 0: anywhere. */
static inline uint64_t pv_flags_limit(uint32_t flags)
{
    return flags & PV_FLAG_LOW1MEG    ? UINT64_C(1) << 20
           : flags & PV_FLAG_LOW16MEG ? UINT64_C(1) << 24
           : flags & PV_FLAG_LOW4GIG  ? UINT64_C(1) << 32
                                      : 0;
}

/* The name, not always with a final NUL, or "". At most PV_NAME_BYTES bytes. */
static inline const char *pv_pebble_name(const struct pv_pebble *pebble)
{
#ifdef PV_WITHOUT_NAMES
    (void)pebble;
    return "";
#else
    return pebble->name;
#endif
}

/* One word for a fault, for people and JSON: "double-free". */
const char *pv_fault_name(enum pv_fault fault);

/* A word or two for a reason: "no memory". */
const char *pv_why_name(enum pv_why why);

#ifdef __cplusplus
}
#endif

#endif
