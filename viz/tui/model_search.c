/* SPDX-License-Identifier: MIT
 *
 * model_search.c - search by tag: in the present snapshot first, then in time.
 *
 * A search is a set of tags. While it lasts the views grey what is not in it.
 */
#include <string.h>

#include "core/own.h"
#include "core/status.h"
#include "viz/tui/model.h"

static int clear_matches(struct pv_model *model)
{
    size_t n = pv_tags_count(pv_timeline_tags(model->timeline));

    if (n > model->cap_match) {
        bool *match = pv_own_resize(model->match, n, sizeof *match);
        if (!match) {
            return PV_ENOMEM;
        }
        model->match = match;
        model->cap_match = n;
    }
    memset(model->match, 0, model->cap_match);
    model->searching = false;
    return PV_OK;
}

static bool matches(const struct pv_model *model, uint32_t tag)
{
    return tag < model->cap_match && model->match[tag];
}

void pv_search_end(struct pv_model *model)
{
    model->searching = false;
}

/* The next event after the cursor, or before it, that made a block of a searched tag. */
static int64_t find_event(const struct pv_model *model, bool forward)
{
    int64_t by = forward ? 1 : -1;

    for (int64_t event = model->cursor + by; event >= 0 && event <= model->last; event += by) {
        struct pv_placement made;
        if (pv_timeline_made(model->timeline, event, &made) && matches(model, made.tag)) {
            return event;
        }
    }
    return PV_START;
}

static int go_in_time(struct pv_model *model, bool forward)
{
    int64_t event = find_event(model, forward);

    if (event == PV_START) {
        event = find_event(model, !forward);
    }
    if (event == PV_START) {
        pv_model_say(model, "no pebble of %s lives now, and none is made at another event",
                     model->search);
        return PV_OK;
    }
    pv_model_say(model, "no pebble of %s lived then: event %lld makes one", model->search,
                 (long long)event);
    model->follow = true;
    pv_model_go(model, event);
    return pv_model_refresh(model);
}

int pv_search_next(struct pv_model *model, bool forward)
{
    if (!model->searching) {
        pv_model_say(model, "nothing to search for yet: / asks for a tag");
        return PV_OK;
    }
    int status = pv_model_refresh(model);
    if (status) {
        return status;
    }
    const struct pv_snapshot *snapshot = model->snapshot;
    size_t n = snapshot->n_pebbles;
    size_t from = model->selected == PV_NONE ? 0 : model->selected;
    for (size_t i = 1; i <= n; i++) {
        size_t at = forward ? (from + i) % n : (from + n - i % n) % n;
        const struct pv_pebble_row *pebble = &snapshot->pebbles[at];
        if (!pv_pebble_row_used(pebble) || !matches(model, pebble->tag)) {
            continue;
        }
        if (forward ? at < from : at > from) {
            pv_model_say(model, "the search went on from the heap's other end");
        }
        model->tag = pebble->tag;
        pv_model_select(model, pebble->addr);
        return PV_OK;
    }
    return go_in_time(model, forward);
}

/* A selection that is in the search already stays. */
static int begin(struct pv_model *model)
{
    const struct pv_pebble_row *pebble = pv_model_pebble(model);

    model->searching = true;
    if (pebble && pv_pebble_row_used(pebble) && matches(model, pebble->tag)) {
        model->tag = pebble->tag;
        return PV_OK;
    }
    int status = pv_search_next(model, true);
    if (!status && !model->stale && !model->follow) {
        model->message[0] = '\0'; /* where a search begins does not matter */
    }
    return status;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool holds(const char *text, const char *part)
{
    for (; *text; text++) {
        size_t i = 0;
        while (part[i] && lower(text[i]) == lower(part[i])) {
            i++;
        }
        if (!part[i]) {
            return true;
        }
    }
    return false;
}

static void remember(struct pv_model *model, const char *text)
{
    size_t n = strlen(text);

    if (n >= sizeof model->search) {
        n = sizeof model->search - 1;
    }
    memmove(model->search, text, n);
    model->search[n] = '\0';
}

int pv_search_begin(struct pv_model *model, const char *text)
{
    uint32_t n = pv_tags_count(pv_timeline_tags(model->timeline)), n_matches = 0;
    int status = clear_matches(model);

    if (status || !*text) {
        return status;
    }
    for (uint32_t tag = 0; tag < n; tag++) {
        model->match[tag] = holds(pv_model_tag_text(model, tag), text);
        n_matches += model->match[tag];
    }
    remember(model, text);
    if (n_matches == 0) {
        pv_model_say(model, "no tag of this trace holds \"%s\"", text);
        return PV_OK;
    }
    return begin(model);
}

int pv_search_tag(struct pv_model *model, uint32_t tag)
{
    int status = clear_matches(model);

    if (status || tag >= model->cap_match) {
        return status;
    }
    model->match[tag] = true;
    model->tag = tag;
    const char *text = pv_model_tag_text(model, tag);
    remember(model, *text ? text : "(no name)");
    return begin(model);
}
