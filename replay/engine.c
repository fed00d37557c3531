/* SPDX-License-Identifier: MIT
 *
 * engine.c - the table of engines. A new engine is added here.
 */
#include "replay/engine.h"

#include <string.h>

#include "replay/engine_bucket.h"
#include "replay/engine_buddy.h"

static const struct pv_engine_type *const engine_types[] = {
    &pv_engine_first_fit, &pv_engine_best_fit, &pv_engine_recent_fit, &pv_engine_buddy, NULL,
};

static const char *const planned_engines[] = {"recorded"};

const struct pv_engine_type *const *pv_engine_types(void)
{
    return engine_types;
}

const struct pv_engine_type *pv_engine_find(const char *name, bool *ret_planned)
{
    const struct pv_engine_type *found = NULL;
    for (size_t i = 0; engine_types[i] && !found; i++) {
        found = strcmp(engine_types[i]->name, name) == 0 ? engine_types[i] : NULL;
    }
    if (ret_planned) {
        *ret_planned = false;
        for (size_t i = 0; i < sizeof planned_engines / sizeof *planned_engines; i++) {
            *ret_planned |= strcmp(planned_engines[i], name) == 0;
        }
    }
    return found;
}
