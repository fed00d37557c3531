/* SPDX-License-Identifier: MIT
 *
 * heaptrack_stacks.h - the tables that a heaptrack file builds up: texts, instructions, modules
 * and the tree of call stacks. Internal to traces/.
 *
 * All numbers are the file's own and begin at 1; 0 stands for nothing. A number that is not
 * there is PV_EINVAL, a table that is full PV_ELIMIT. Costs 4 bytes for each text of the file
 * besides the text itself, 8 and 4 for each frame of an instruction, 8 for each call stack.
 */
#ifndef PV_HEAPTRACK_STACKS_H
#define PV_HEAPTRACK_STACKS_H

#include <stdbool.h>
#include <stdint.h>

#include "traces/event.h"
#include "traces/lines.h"

struct pv_ht_stacks;

enum { PV_HT_MODULES_MAX = 4096 }; /* loaded at a time */

struct pv_ht_stacks *pv_ht_stacks_open(void);         /* NULL: no memory */
void pv_ht_stacks_close(struct pv_ht_stacks *stacks); /* takes NULL */

/* The next text, as the file has it. PV_ENOMEM, PV_ELIMIT. */
int pv_ht_text_add(struct pv_ht_stacks *stacks, struct pv_cursor text);

/* The next instruction of an interpreted file; its frames, innermost first, a function of 0
 * having no name; and where it is, which stands for a name when no frame has one. PV_EINVAL: a
 * text that is not there. */
int pv_ht_instruction_begin(struct pv_ht_stacks *stacks);
int pv_ht_frame_add(struct pv_ht_stacks *stacks, uint64_t function);
int pv_ht_instruction_end(struct pv_ht_stacks *stacks, uint64_t address, uint64_t module);

/* The next call stack: an instruction's number, called from an earlier stack. PV_EINVAL: there
 * is no such instruction; PV_EFORMAT: no such earlier stack. */
int pv_ht_trace_add(struct pv_ht_stacks *stacks, uint64_t instruction, uint64_t caller);

/* The same of a raw file, which says where the instruction is. The modules of now count. */
int pv_ht_raw_trace_add(struct pv_ht_stacks *stacks, uint64_t address, uint64_t caller);

/* A module of a raw file: its path, where its addresses begin, and what it occupies. */
int pv_ht_module_add(struct pv_ht_stacks *stacks, struct pv_cursor path, uint64_t base,
                     uint64_t first, uint64_t end);
void pv_ht_modules_clear(struct pv_ht_stacks *stacks);

/* Is there a call stack of this number? */
bool pv_ht_stacks_know(const struct pv_ht_stacks *stacks, uint64_t trace);

/* The frames of a call stack that is there, innermost first, at most PV_EVENT_STACK_MAX; how
 * many there are. The texts are clean and live as long as the stacks. */
uint32_t pv_ht_stack_get(const struct pv_ht_stacks *stacks, uint32_t trace,
                         const char *frames[PV_EVENT_STACK_MAX]);

#endif
