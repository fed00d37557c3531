/* SPDX-License-Identifier: MIT
 *
 * calls.h - calls that name blocks by address, or by what the file has for it, become events.
 * Internal to traces/.
 *
 * By address: every allocation gets the next number as its id, from 1. A call that failed
 * (answered 0) gives no event. An allocation at an address that is still live was logged before
 * the free that made room for it, by another thread: it waits for that free. When a second one
 * comes for the same address, or the file ends, the free is not in the file and is put in. A
 * free of an address that is not known is passed on with an id of its own: the replay counts it
 * as the mistake that it may be, unless the caller knows better; a second free of one address
 * has that block's id. A resize of an address that is not known allocates. So does one of a
 * block that was freed; in a log that is in order it is a mistake of the program as well, given
 * before as a resize to 0 bytes.
 *
 * Two rules of a log change this. In order: each call was written when it happened, so that a
 * second allocation at a live address needs no waiting: the free between them is not in the
 * file, and is put in there. Begins late: the file does not show every call, so that a free of
 * an address that is not known is left out. What is left out and put in is counted in the
 * account.
 *
 * By slot: the same, of places that only the file knows: events have no addresses.
 *
 * By number: ids stay as they are. A resize of a number that is not live allocates.
 *
 * Costs 24 bytes for each different address, half of the table being free. A number costs a bit
 * where numbers are dense, and as much as an address where they are wild.
 */
#ifndef PV_CALLS_H
#define PV_CALLS_H

#include "traces/account.h"
#include "traces/event.h"

struct pv_call {
    enum pv_op op;
    bool is_null;  /* free or resize of NULL */
    bool if_known; /* free: says nothing of an address that no call has answered */
    bool is_sure;  /* free, resize: a mistake if it is one, whatever the log does not show */
    bool may_wait; /* in order all the same: for the free or resize that is about to come */
    uint64_t addr; /* what it answered, or what is freed */
    uint64_t old;  /* resize: what is resized */
    uint64_t size, count, align;
    bool has_t, has_thread;
    uint64_t t, thread;
    const char *name;         /* clean, alive as long as the calls; NULL: none */
    const char *const *stack; /* the same */
    uint32_t n_stack;         /* both only passed on, but for a free: with NULL any number is */
};

struct pv_calls;

enum pv_calls_by { PV_CALLS_BY_ADDRESS, PV_CALLS_BY_NUMBER, PV_CALLS_BY_SLOT };

struct pv_calls *pv_calls_open(enum pv_calls_by by); /* NULL: no memory */
void pv_calls_close(struct pv_calls *calls);         /* takes NULL */

struct pv_calls_rules {
    bool in_order;
    bool begins_late;
    struct pv_account *account; /* NULL: nobody wants to know */
};

/* From the next call on. */
void pv_calls_set_rules(struct pv_calls *calls, const struct pv_calls_rules *rules);

/* A call that the log shows without its address gave memory: a second free of an address may
 * from now on be the first of another block. */
void pv_calls_gave_hidden(struct pv_calls *calls);

/* A call that is left out answered this address: nothing is known of it any more. When it gave
 * memory for certain and a block was live there, its free is put in, with the call's time and
 * thread. PV_ENOMEM. */
int pv_calls_gave_unread(struct pv_calls *calls, const struct pv_call *call, bool certainly);

/* Has a call answered this address? */
bool pv_calls_is_known(const struct pv_calls *calls, uint64_t addr);

/* Is there a block at this address, in this slot, of this number? */
bool pv_calls_is_live(const struct pv_calls *calls, uint64_t addr);

/* Adds a call. PV_ENOMEM. */
int pv_calls_put(struct pv_calls *calls, const struct pv_call *call);

/* There are no more calls: what waits is let go. PV_ENOMEM. */
int pv_calls_end(struct pv_calls *calls);

/* true: the next event that the calls have made. */
bool pv_calls_next(struct pv_calls *calls, struct pv_trace_event *ret_event);

#endif
