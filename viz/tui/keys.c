/* SPDX-License-Identifier: MIT
 *
 * keys.c - the names of keys. "<" begins a name only when a letter follows and a ">" ends it,
 * so that `<` and `>` can be typed as the keys that they are.
 */
#include "viz/tui/keys.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "core/status.h"
#include "viz/tui/grid.h"

static const struct {
    const char *name;
    uint32_t key;
} names[] = {
    {"<Right>", PV_KEY_RIGHT},
    {"<Left>", PV_KEY_LEFT},
    {"<Up>", PV_KEY_UP},
    {"<Down>", PV_KEY_DOWN},
    {"<PgUp>", PV_KEY_PAGE_UP},
    {"<PgDn>", PV_KEY_PAGE_DOWN},
    {"<Home>", PV_KEY_HOME},
    {"<End>", PV_KEY_END},
    {"<Enter>", PV_KEY_ENTER},
    {"<Esc>", PV_KEY_ESCAPE},
    {"<Tab>", PV_KEY_TAB},
    {"<Shift-Tab>", PV_KEY_BACK_TAB},
    {"<BTab>", PV_KEY_BACK_TAB},
    {"<Space>", PV_KEY_SPACE},
    {"<Backspace>", PV_KEY_BACKSPACE},
    {"<BS>", PV_KEY_BACKSPACE},
    {"<F1>", PV_KEY_F1},
    {"<Ctrl-C>", PV_KEY_CONTROL_C},
    {"<Ctrl-D>", PV_KEY_CONTROL_D},
    {"<Ctrl-U>", PV_KEY_CONTROL_U},
};

static int is_name(const char *text)
{
    if (!((text[1] >= 'a' && text[1] <= 'z') || (text[1] >= 'A' && text[1] <= 'Z'))) {
        return 0;
    }
    text +=
        strspn(text + 1, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") + 1;
    return *text == '>';
}

int pv_keys_next(const char **text, uint32_t *ret_key)
{
    if (**text == '\0') {
        return 1;
    }
    if (**text == '<' && is_name(*text)) {
        for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
            size_t n = strlen(names[i].name);
            if (strncmp(*text, names[i].name, n) == 0) {
                *text += n;
                *ret_key = names[i].key;
                return 0;
            }
        }
        return PV_EINVAL;
    }
    *ret_key = pv_width_next(text);
    if (*ret_key == '\n') {
        *ret_key = PV_KEY_ENTER;
    }
    return 0;
}

const char *pv_key_name(char *buf, uint32_t key)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (names[i].key == key) {
            snprintf(buf, PV_KEY_NAME, "%.*s", (int)strlen(names[i].name) - 2,
                     names[i].name + 1);
            return buf;
        }
    }
    snprintf(buf, PV_KEY_NAME, "%c", key > 0x20 && key < 0x7F ? (char)key : '?');
    return buf;
}
