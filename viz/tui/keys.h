/* SPDX-License-Identifier: MIT
 *
 * keys.h - what a user can press: a character of Unicode, or one of the codes below.
 */
#ifndef PV_KEYS_H
#define PV_KEYS_H

#include <stdint.h>

enum pv_key {
    PV_KEY_CONTROL_C = 3,
    PV_KEY_CONTROL_D = 4,
    PV_KEY_TAB = 9,
    PV_KEY_ENTER = 13,
    PV_KEY_CONTROL_U = 21,
    PV_KEY_ESCAPE = 27,
    PV_KEY_SPACE = 32,
    PV_KEY_BACKSPACE = 127,
    PV_KEY_LEFT = 0x110000, /* the first code beyond Unicode */
    PV_KEY_RIGHT,
    PV_KEY_UP,
    PV_KEY_DOWN,
    PV_KEY_PAGE_UP,
    PV_KEY_PAGE_DOWN,
    PV_KEY_HOME,
    PV_KEY_END,
    PV_KEY_BACK_TAB,
    PV_KEY_F1
};

enum pv_mouse_kind { PV_MOUSE_CLICK, PV_MOUSE_WHEEL_UP, PV_MOUSE_WHEEL_DOWN };

struct pv_mouse {
    enum pv_mouse_kind kind;
    int column, line;
};

/* Takes the next key off a text as `--keys` has it: a character stands for itself, <Left> and
 * the like for the keys without one, any other '<' for itself. 0: *ret_key is a key and *text
 * moved on; 1: the text is at its end; PV_EINVAL: an unknown <Name>, *text points at it. */
int pv_keys_next(const char **text, uint32_t *ret_key);

/* "a", "Home", "Ctrl-C": what stands on a key, as `--keys` has it between < and >. buf has
 * PV_KEY_NAME bytes. Returns buf. */
enum { PV_KEY_NAME = 16 };
const char *pv_key_name(char *buf, uint32_t key);

#endif
