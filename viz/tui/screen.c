/* SPDX-License-Identifier: MIT
 *
 * screen.c - the TUI's screen once, as text: the same model, the same views, no terminal.
 */
#include "viz/tui/screen.h"
#include "core/status.h"
#include "viz/tui/view.h"

/* Applies all keys; a key that leaves ends them. */
static int apply(struct pv_model *model, const char *keys, const char **ret_bad_key)
{
    uint32_t key;

    while (keys) {
        int status = pv_keys_next(&keys, &key);
        if (status == 1) {
            break;
        }
        if (status < 0) {
            *ret_bad_key = keys;
            return status;
        }
        status = pv_model_key(model, key);
        while (status == 0 && model->engines.working) {
            status = pv_engines_work(model);
        }
        if (status < 0) {
            return status;
        }
        if (status == PV_MODEL_QUIT) {
            break;
        }
    }
    return pv_model_refresh(model);
}

int pv_tui_screen(struct pv_timeline *timeline, const struct pv_tui_options *options,
                  int columns, int lines, const char *keys, FILE *out, const char **ret_bad_key)
{
    /* Text has no colours: letters tell the tags. */
    struct pv_theme theme = {
        .level = PV_LEVEL_MONO,
        .ascii = options->ascii,
    };
    struct pv_model model = {0};
    struct pv_grid grid = {0};
    int status =
        pv_model_init(&model, timeline, options->title, options->at, theme, columns, lines);

    model.engines.source = options->engines;
    if (status == 0) {
        /* Keys may ask for the geometry before the first picture. */
        status = pv_model_refresh(&model);
    }
    if (status == 0) {
        status = apply(&model, keys, ret_bad_key);
    }
    if (status == 0) {
        status = pv_grid_init(&grid, columns, lines, options->ascii);
    }
    if (status == 0) {
        status = pv_view_draw(&model, &grid);
    }
    if (status == 0) {
        status = pv_grid_write(&grid, out);
    }
    pv_grid_fini(&grid);
    pv_model_fini(&model);
    return status;
}
