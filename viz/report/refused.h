/* SPDX-License-Identifier: MIT
 *
 * refused.h - the requests that an engine had no room for: which, how much was free then, and
 * why. The report and info print them alike.
 */
#ifndef PV_REPORT_REFUSED_H
#define PV_REPORT_REFUSED_H

#include <stdio.h>

#include "replay/timeline.h"
#include "viz/text/emit.h"

/* A heading and the first ten, a line each; nothing when no request was refused. */
void pv_refused_text(const char *engine, const struct pv_timeline *timeline, FILE *out);

/* The member "refused": those that the timeline kept (PV_REFUSED_MAX), the first ones. */
void pv_refused_json(struct pv_json_out *out, const struct pv_timeline *timeline);

#endif
