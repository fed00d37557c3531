/* SPDX-License-Identifier: MIT
 *
 * engine_bucket.h - the Bucket/Pebble heap as an engine, once for each fit.
 */
#ifndef PV_ENGINE_BUCKET_H
#define PV_ENGINE_BUCKET_H

#include "replay/engine.h"

extern const struct pv_engine_type pv_engine_first_fit;
extern const struct pv_engine_type pv_engine_best_fit;
extern const struct pv_engine_type pv_engine_recent_fit;

#endif
