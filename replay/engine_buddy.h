/* SPDX-License-Identifier: MIT
 *
 * engine_buddy.h - the buddy allocator (core/buddy.h) as an engine, in a chunk that doubles.
 */
#ifndef PV_ENGINE_BUDDY_H
#define PV_ENGINE_BUDDY_H

#include "replay/engine.h"

enum {
    PV_BUDDY_PAGE_BYTES = 64,         /* unless the options say otherwise */
    PV_BUDDY_PAGE_MOST = 1024 * 1024, /* larger ones are refused */
};

extern const struct pv_engine_type pv_engine_buddy;

#endif
