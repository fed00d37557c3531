/* SPDX-License-Identifier: MIT
 *
 * feed.c - asks the reader for one event after the other and shows progress between them. When
 * the reader fails, its place and text become one line on stderr, and its status an exit code.
 */
#include "viz/cli/feed.h"

#include <inttypes.h>

#include "core/status.h"

enum { WHERE_TEXT = 64, LOST_TEXT = 160, ACCOUNT_TEXT = 256, ACCOUNT_LINES = 6 };

static const char *where(char *buf, const struct pv_place *place)
{
    buf[0] = '\0';
    if (place->line) {
        snprintf(buf, WHERE_TEXT, ":%" PRIu64 ":%" PRIu64, place->line, place->column);
    } else if (place->byte) {
        snprintf(buf, WHERE_TEXT, ": byte %" PRIu64, place->byte);
    }
    return buf;
}

/* How much of a damaged trace was good, and how much was lost. */
static const char *lost(char *buf, const struct pv_feed *feed)
{
    buf[0] = '\0';
    if (feed->unused) {
        snprintf(buf, LOST_TEXT, "; %s", feed->unused);
        return buf;
    }
    if (!feed->n_events) {
        return buf;
    }
    int n =
        snprintf(buf, LOST_TEXT, "; the %" PRIu64 " event%s before it %s used", feed->n_events,
                 feed->n_events == 1 ? "" : "s", feed->n_events == 1 ? "is" : "are");
    const struct pv_trace_header *header = pv_reader_header(feed->reader);
    const struct pv_place *place = pv_reader_place(feed->reader);
    uint64_t total = 0;
    pv_reader_bytes_read(feed->reader, &total);
    if (!*header->packing && total && place->byte == total) {
        return buf; /* the file was cut off: nobody knows how much there was */
    }
    if (!*header->packing && total && place->byte < total) {
        snprintf(buf + n, LOST_TEXT - (size_t)n, ", %" PRIu64 " of %" PRIu64 " bytes are lost",
                 total - place->byte, total);
    } else {
        snprintf(buf + n, LOST_TEXT - (size_t)n, ", the rest is lost");
    }
    return buf;
}

static int failed(struct pv_feed *feed, int status)
{
    pv_progress_end(&feed->progress);
    if (status == PV_ENOMEM || !feed->reader) {
        return pv_say_no_memory();
    }
    char place_text[WHERE_TEXT];
    char lost_text[LOST_TEXT];
    const struct pv_place *place = pv_reader_place(feed->reader);
    pv_say("%s%s: %s%s", feed->path, where(place_text, place), place->text,
           status == PV_EFORMAT ? lost(lost_text, feed) : "");
    if (status == PV_EINVAL) {
        return PV_EXIT_USAGE;
    }
    return status == PV_EIO ? PV_EXIT_RESOURCES : PV_EXIT_DAMAGED;
}

/* What was left out or guessed: the first few, a line each. */
static void tell_account(const struct pv_feed *feed)
{
    const struct pv_account *account = pv_reader_account(feed->reader);
    char text[ACCOUNT_TEXT];
    for (size_t i = 0; i < account->n_rows && i < ACCOUNT_LINES; i++) {
        pv_account_text(&account->rows[i], text, sizeof text);
        pv_say("%s: %s", feed->path, text);
    }
    if (account->n_rows > ACCOUNT_LINES) {
        pv_say("%s: %zu more lines of this kind are listed by `pebbleviz info`", feed->path,
               account->n_rows - ACCOUNT_LINES);
    }
}

int pv_feed_open(struct pv_feed *feed, const char *path, const struct pv_reader_wish *wish)
{
    *feed = (struct pv_feed){.code = 0};
    pv_path_text(feed->path, path);
    pv_progress_begin(&feed->progress, "reading");
    int status = pv_reader_open_wish(&feed->reader, path, wish);
    feed->code = status ? failed(feed, status) : 0;
    return feed->code;
}

bool pv_feed_take(struct pv_feed *feed, struct pv_trace_event *ret_event)
{
    feed->status = pv_reader_next(feed->reader, ret_event);
    if (feed->status) {
        return false;
    }
    feed->n_events++;
    if (pv_progress_due(&feed->progress)) {
        uint64_t total = 0;
        uint64_t done = pv_reader_bytes_read(feed->reader, &total);
        pv_progress_draw(&feed->progress, done, total, feed->n_events);
    }
    return true;
}

void pv_feed_end(struct pv_feed *feed)
{
    pv_progress_end(&feed->progress);
    if (!feed->is_silent || (!feed->n_events && feed->status >= 0)) {
        tell_account(feed);
    }
    if (feed->status < 0) {
        feed->code = failed(feed, feed->status);
    } else if (!feed->n_events) {
        pv_say("%s: the trace holds no events", feed->path);
        feed->code = PV_EXIT_NOTHING;
    }
}

bool pv_feed_next(struct pv_feed *feed, struct pv_trace_event *ret_event)
{
    bool taken = pv_feed_take(feed, ret_event);
    if (!taken) {
        pv_feed_end(feed);
    }
    return taken;
}

void pv_feed_complain(struct pv_feed *feed, const char *text)
{
    char place_text[WHERE_TEXT];
    pv_progress_end(&feed->progress);
    pv_say("%s%s: %s", feed->path, where(place_text, pv_reader_place(feed->reader)), text);
}

void pv_feed_close(struct pv_feed *feed)
{
    pv_progress_end(&feed->progress);
    pv_reader_close(feed->reader);
    feed->reader = NULL;
}
