/* SPDX-License-Identifier: MIT
 *
 * args.c - what the values of options mean: engines, sizes, counts, colour. A command calls it; it
 * knows the table of options and no command.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "replay/engine_buddy.h"
#include "viz/cli/machine_option.h"
#include "viz/cli/near.h"
#include "viz/cli/options.h"
#include "viz/cli/say.h"
#include "viz/text/units.h"

static int one_engine(const char *command, const char *name, size_t n,
                      const struct pv_engine_type **ret_type)
{
    char word[PV_NEAR_WORD + 1];
    size_t kept = n < PV_NEAR_WORD ? n : PV_NEAR_WORD;
    memcpy(word, name, kept);
    word[kept] = '\0';
    bool planned = false;
    *ret_type = pv_engine_find(word, &planned);
    if (*ret_type) {
        return 0;
    }
    if (planned) {
        return pv_say_usage(command, "engine '%s' comes with a later version", word);
    }
    unsigned least = PV_NEAR_WORD;
    const char *best = NULL;
    for (const struct pv_engine_type *const *type = pv_engine_types(); *type; type++) {
        pv_near_consider(word, (*type)->name, &least, &best);
    }
    return pv_say_usage(command, "there is no engine '%s'%s%s%s", word,
                        best ? ", did you mean '" : "", best ? best : "", best ? "'?" : "");
}

static int engines(const struct pv_args *args, size_t engines_max,
                   struct pv_replay_options *options)
{
    const char *command = args->command->name;
    const char *text =
        args->value[PV_OPTION_ENGINE] ? args->value[PV_OPTION_ENGINE] : "first-fit";
    for (;;) {
        size_t n = strcspn(text, ",");
        if (options->n_engines == engines_max) {
            return pv_say_usage(command, "%s takes at most %zu engine%s", command, engines_max,
                                engines_max == 1 ? "" : "s");
        }
        int code = one_engine(command, text, n, &options->engines[options->n_engines]);
        if (code) {
            return code;
        }
        options->n_engines++;
        if (!text[n]) {
            return 0;
        }
        text += n + 1;
    }
}

static int heap_bytes(const struct pv_args *args, enum pv_option_key key, uint64_t *ret_bytes)
{
    const char *text = args->value[key];
    if (text && (!pv_units_parse(text, ret_bytes) || *ret_bytes == 0 ||
                 *ret_bytes > (uint64_t)INT64_MAX)) {
        return pv_say_usage(args->command->name, "--%s wants a size such as 64K, not '%s'",
                            pv_options[key].name, text);
    }
    return 0;
}

/* Options that only the buddy understands; the other engines ignore them. */
static int buddy_options(const struct pv_args *args, struct pv_engine_options *heap)
{
    const char *command = args->command->name;
    heap->high = pv_args_has(args, PV_OPTION_HIGH);
    if (heap->high && pv_args_has(args, PV_OPTION_LOW)) {
        return pv_say_usage(command, "--low and --high exclude each other");
    }
    int code = heap_bytes(args, PV_OPTION_PAGE, &heap->page_bytes);
    if (!code && heap->page_bytes > PV_BUDDY_PAGE_MOST) {
        return pv_say_usage(command, "--page is at most 1M, not '%s'",
                            args->value[PV_OPTION_PAGE]);
    }
    return code;
}

struct pv_reader_wish pv_args_reading(const struct pv_args *args)
{
    return (struct pv_reader_wish){.from = args->value[PV_OPTION_FROM],
                                   .process = args->value[PV_OPTION_PROCESS]};
}

int pv_args_replay(const struct pv_args *args, size_t engines_max,
                   struct pv_replay_options *ret_options)
{
    *ret_options = (struct pv_replay_options){.heap = {.growth = PV_GROWTH_IN_PLACE},
                                              .reading = pv_args_reading(args)};
    const char *growth = args->value[PV_OPTION_GROWTH];
    if (growth && strcmp(growth, "new-bucket") == 0) {
        ret_options->heap.growth = PV_GROWTH_NEW_BUCKET;
    } else if (growth && strcmp(growth, "in-place") != 0) {
        return pv_say_usage(args->command->name,
                            "--growth is 'in-place' or 'new-bucket', not '%s'", growth);
    }
    int code = heap_bytes(args, PV_OPTION_BUCKET_SIZE, &ret_options->heap.first_bucket_bytes);
    if (!code) {
        code = heap_bytes(args, PV_OPTION_HEAP_LIMIT, &ret_options->heap.limit_bytes);
    }
    if (!code) {
        code = buddy_options(args, &ret_options->heap);
    }
    const char *machine = args->value[PV_OPTION_MACHINE];
    if (!code && machine) {
        ret_options->heap.machine = &ret_options->machine;
        code = pv_machine_option(args->command->name, machine, &ret_options->machine);
    }
    code = code ? code : engines(args, engines_max, ret_options);
    for (size_t i = 0; !code && machine && i < ret_options->n_engines; i++) {
        if (ret_options->engines[i]->layout->kind == PV_CATALOG_BUDDY) {
            code = pv_say_usage(args->command->name,
                                "the engine buddy has no machine: its chunk has no holes");
        }
    }
    return code;
}

int pv_args_count(const struct pv_args *args, enum pv_option_key key, uint64_t otherwise,
                  uint64_t *ret_n)
{
    const char *text = args->value[key];
    *ret_n = otherwise;
    if (text && !pv_units_parse_count(text, ret_n)) {
        return pv_say_usage(args->command->name, "--%s wants a number, not '%s'",
                            pv_options[key].name, text);
    }
    return 0;
}

bool pv_args_color(const struct pv_args *args)
{
    const char *when = args->value[PV_OPTION_COLOR];
    if (when && strcmp(when, "auto") != 0) {
        return strcmp(when, "always") == 0;
    }
    const char *none = getenv("NO_COLOR");
    return !(none && *none) && isatty(STDOUT_FILENO);
}
