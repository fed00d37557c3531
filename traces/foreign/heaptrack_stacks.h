/* SPDX-License-Identifier: MIT
 *
 * heaptrack_stacks.h - the tables of a heaptrack file: texts, instructions, modules and the
 * tree of call stacks. Internal to traces/.
 *
 * All numbers are the file's own and begin at 1; 0 means none. An unknown number is PV_EINVAL,
 * a full table PV_ELIMIT. Costs 4 bytes for each text of the file besides the text itself, 8
 * for each instruction, 4 for each of its frames, 8 for each call stack.
 */
#ifndef PV_HEAPTRACK_STACKS_H
#define PV_HEAPTRACK_STACKS_H

#include <stdbool.h>
#include <stdint.h>

#include "traces/event.h"
#include "traces/lines.h"

struct pv_ht_stacks;

enum { PV_HT_MODULES_MAX = 4096 }; /* loaded at one time */

struct pv_ht_stacks *pv_ht_stacks_open(void);         /* NULL: no memory */
void pv_ht_stacks_close(struct pv_ht_stacks *stacks); /* takes NULL */

/* Adds the next text, as the file has it. PV_ENOMEM, PV_ELIMIT. */
int pv_ht_text_add(struct pv_ht_stacks *stacks, struct pv_cursor text);

/* Adds the next instruction of an interpreted file: begin, its frames, innermost first
 * (function 0: no name), end. Its place becomes its name when no frame has one. PV_EINVAL: an
 * unknown text. */
int pv_ht_instruction_begin(struct pv_ht_stacks *stacks);
int pv_ht_frame_add(struct pv_ht_stacks *stacks, uint64_t function);
int pv_ht_instruction_end(struct pv_ht_stacks *stacks, uint64_t address, uint64_t module);

/* Adds the next call stack: an instruction's number, called from an earlier stack. PV_EINVAL:
 * there is no such instruction; PV_EFORMAT: no such earlier stack. */
int pv_ht_trace_add(struct pv_ht_stacks *stacks, uint64_t instruction, uint64_t caller);

/* The same for a raw file, which has the address of the instruction; it is looked up in the
 * modules loaded at this moment. */
int pv_ht_raw_trace_add(struct pv_ht_stacks *stacks, uint64_t address, uint64_t caller);

/* Adds a module of a raw file: its path, where its addresses begin, and the range that it
 * occupies. */
int pv_ht_module_add(struct pv_ht_stacks *stacks, struct pv_cursor path, uint64_t base,
                     uint64_t first, uint64_t end);
void pv_ht_modules_clear(struct pv_ht_stacks *stacks);

/* Is there a call stack of this number? */
bool pv_ht_stacks_know(const struct pv_ht_stacks *stacks, uint64_t trace);

/* Gets the frames of an existing call stack, innermost first, at most PV_EVENT_STACK_MAX;
 * returns their number. The texts are clean and live as long as the stacks. */
uint32_t pv_ht_stack_get(const struct pv_ht_stacks *stacks, uint32_t trace,
                         const char *frames[PV_EVENT_STACK_MAX]);

#endif
