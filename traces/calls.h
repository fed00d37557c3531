/* SPDX-License-Identifier: MIT
 *
 * calls.h - turns calls that name blocks by address, or by the file's own ids, into events.
 * Internal to traces/.
 *
 * By address: each allocation gets the next number as its id, from 1. A call that failed
 * (returned 0) gives no event. When an allocation returns an address that is still live,
 * another thread logged it before the free that made room for it: the allocation waits for that
 * free. When a second allocation of the same address comes, or the file ends, the free is not
 * in the file and is put in. A free of an unknown address is passed on with an id of its own,
 * unless a rule below says otherwise: the replay then counts it as a mistake. A second free of
 * one address has the id of the block that was freed. A resize of an unknown address allocates.
 * So does a resize of a block that was freed; in a log that is in order this is a mistake of
 * the program too, which is given before as a resize to 0 bytes.
 *
 * Two rules of a log change this. In order: each call was written when it happened, so that a
 * second allocation at a live address does not wait: the free between the two is not in the
 * file, and is put in. Begins late: the file does not show every call, so a free of an unknown
 * address is left out. The account counts what is left out and what is put in.
 *
 * By slot: the same for slots, which only the file knows: events have no addresses.
 *
 * By number: ids stay as they are. A resize of a number that is not live allocates.
 *
 * Costs 24 bytes for each row of the hash table, which is at most half full. A number costs one
 * bit where numbers are dense, and a row of the table where they are not.
 */
#ifndef PV_CALLS_H
#define PV_CALLS_H

#include "traces/account.h"
#include "traces/event.h"

struct pv_call {
    enum pv_op op;
    bool is_null;  /* free or resize of NULL */
    bool if_known; /* free: leave it out when no call has returned this address */
    bool is_sure;  /* free, resize: a mistake if not live, whatever the rules say */
    bool may_wait; /* waits even in order, for the free or resize that is about to come */
    uint64_t addr; /* the address returned, or the one that is freed */
    uint64_t old;  /* resize: the old address */
    uint64_t size, count, align;
    bool has_t, has_thread;
    uint64_t t, thread;
    const char *name;         /* clean, alive as long as the calls; NULL: none */
    const char *const *stack; /* the same */
    uint32_t n_stack;         /* n_stack without a stack is allowed for a free */
};

struct pv_calls;

enum pv_calls_by { PV_CALLS_BY_ADDRESS, PV_CALLS_BY_NUMBER, PV_CALLS_BY_SLOT };

struct pv_calls *pv_calls_open(enum pv_calls_by by); /* NULL: no memory */
void pv_calls_close(struct pv_calls *calls);         /* takes NULL */

struct pv_calls_rules {
    bool in_order;
    bool begins_late;
    struct pv_account *account; /* NULL: nothing is counted */
};

/* The rules hold from the next call on. */
void pv_calls_set_rules(struct pv_calls *calls, const struct pv_calls_rules *rules);

/* Notes that a call gave memory and that the log does not show its address: from now on a
 * second free of an address may be the first free of another block. */
void pv_calls_gave_hidden(struct pv_calls *calls);

/* A call that is left out returned this address: forgets what is known of it. If the call gave
 * memory for `certainly` and a block was live there, its free is put in, with the call's time
 * and thread. PV_ENOMEM. */
int pv_calls_gave_unread(struct pv_calls *calls, const struct pv_call *call, bool certainly);

/* Has a call returned this address? */
bool pv_calls_is_known(const struct pv_calls *calls, uint64_t addr);

/* Is a block live at this address, in this slot, under this number? */
bool pv_calls_is_live(const struct pv_calls *calls, uint64_t addr);

/* Adds a call. PV_ENOMEM. */
int pv_calls_put(struct pv_calls *calls, const struct pv_call *call);

/* There are no more calls: puts those that still wait. PV_ENOMEM. */
int pv_calls_end(struct pv_calls *calls);

/* Takes the next event that the calls have made. false: there is none. */
bool pv_calls_next(struct pv_calls *calls, struct pv_trace_event *ret_event);

#endif
