/* SPDX-License-Identifier: MIT
 *
 * names.c - see names.h. Two tables of texts: the names as they came, and their readable forms.
 */
#include "traces/names.h"

#include "core/own.h"
#include "core/status.h"
#include "core/text.h"
#include "traces/demangle.h"
#include "traces/event.h"
#include "traces/texts.h"

static const uint32_t AS_IT_IS = UINT32_MAX;

struct pv_names {
    struct pv_texts *raw, *said;
    uint32_t *numbers; /* raw name's number -> number of its readable form */
    size_t n, cap;
    uint64_t cost;
};

static bool is_symbol_byte(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '_' || byte == '.' || byte == '$';
}

/* Where the next symbol begins; NULL: there is none. */
static const char *find_symbol(const char *at, const char *end)
{
    const char *from = at;
    while ((from = memmem(from, (size_t)(end - from), "_Z", 2))) {
        if (from == at || !is_symbol_byte(from[-1])) {
            return from;
        }
        ++from;
    }
    return NULL;
}

/* Appends a text to what is there. */
static size_t append(char *out, size_t cap, size_t at, const char *text, size_t n)
{
    return at + pv_text_clean(out + at, cap - at, text, n);
}

size_t pv_name_readable(char *out, size_t cap, const char *text, size_t n, size_t *ret_cost)
{
    const char *at = text, *end = text + n;
    size_t n_out = 0, cost = 0;
    out[0] = '\0';
    for (const char *symbol; (symbol = find_symbol(at, end));) {
        char name[PV_SYMBOL_MAX + 1], readable[PV_EVENT_NAME_MAX + 1];
        const char *behind = symbol;
        size_t n_whole = 0;
        while (behind < end && is_symbol_byte(*behind)) {
            ++behind;
        }
        size_t n_name = (size_t)(behind - symbol);
        bool fits = n_name < sizeof name;
        memcpy(name, symbol, fits ? n_name : 0);
        name[fits ? n_name : 0] = '\0';
        n_out = append(out, cap, n_out, at, (size_t)(symbol - at));
        if (pv_demangle(name, readable, sizeof readable, &n_whole)) {
            n_out = append(out, cap, n_out, readable, strlen(readable));
        } else {
            n_out = append(out, cap, n_out, symbol, n_name);
        }
        cost += n_whole;
        at = behind;
    }
    if (ret_cost) {
        *ret_cost = cost;
    }
    return append(out, cap, n_out, at, (size_t)(end - at));
}

struct pv_names *pv_names_open(void)
{
    struct pv_names *names = pv_own_calloc(1, sizeof *names);
    if (!names) {
        return NULL;
    }
    names->raw = pv_texts_open();
    names->said = pv_texts_open();
    if (!names->raw || !names->said) {
        pv_names_close(names);
        return NULL;
    }
    return names;
}

void pv_names_close(struct pv_names *names)
{
    if (names) {
        pv_texts_close(names->raw);
        pv_texts_close(names->said);
        pv_own_free(names->numbers);
        pv_own_free(names);
    }
}

/* Makes the readable form of a new name. */
static int add(struct pv_names *names, const char *name, size_t n)
{
    char readable[PV_EVENT_NAME_MAX + 1];
    size_t cost = 0;
    uint32_t *numbers = pv_own_room(names->numbers, names->n, &names->cap, sizeof *numbers);
    if (!numbers) {
        return PV_ENOMEM;
    }
    names->numbers = numbers;
    numbers[names->n] = AS_IT_IS;
    int status = PV_OK;
    if (names->cost <= PV_NAMES_COST) {
        size_t n_readable = pv_name_readable(readable, sizeof readable, name, n, &cost);
        status = pv_texts_number(names->said, readable, n_readable, &numbers[names->n]);
    }
    names->cost += cost;
    names->n++;
    return status == PV_ELIMIT ? PV_OK : status;
}

int pv_names_find(struct pv_names *names, const char *name, const char **ret_name)
{
    size_t n = strlen(name);
    uint32_t number = 0;
    *ret_name = name;
    int status = pv_texts_number(names->raw, name, n, &number);
    if (status) {
        return status == PV_ELIMIT ? PV_OK : status;
    }
    status = number == names->n ? add(names, name, n) : PV_OK;
    if (!status && names->numbers[number] != AS_IT_IS) {
        *ret_name = pv_texts_get(names->said, names->numbers[number], &n);
    }
    return status;
}
