/* SPDX-License-Identifier: MIT
 *
 * functions.c - see functions.h. C's names are in a table; those of C++ are recognised by
 * rules, mangled or not:
 *
 *   _Zn[wa][jm]     [St11align_val_t] [RKSt9nothrow_t]    operator new, new[] (unsigned)
 *   _Zd[la]Pv [jm]  [St11align_val_t] [RKSt9nothrow_t]    operator delete, delete[] (void*)
 */
#include "traces/functions.h"

#include <string.h>

struct function {
    const char *name;
    unsigned char n;
    unsigned char form;
};

#define ROW(text, form)                                                                        \
    {                                                                                          \
        text, sizeof(text) - 1, form                                                           \
    }

/* The common ones first. */
static const struct function functions[] = {
    ROW("malloc", PV_FORM_SIZE),
    ROW("free", PV_FORM_OLD),
    ROW("calloc", PV_FORM_COUNT_SIZE),
    ROW("realloc", PV_FORM_OLD_SIZE),
    ROW("reallocarray", PV_FORM_OLD_COUNT_SIZE),
    ROW("memalign", PV_FORM_ALIGN_SIZE),
    ROW("aligned_alloc", PV_FORM_ALIGN_SIZE),
    ROW("posix_memalign", PV_FORM_OUT_ALIGN),
    ROW("valloc", PV_FORM_SIZE),
    ROW("pvalloc", PV_FORM_SIZE),
    ROW("cfree", PV_FORM_OLD),
    ROW("free_sized", PV_FORM_OLD),
    ROW("free_aligned_sized", PV_FORM_OLD),
    ROW("__libc_malloc", PV_FORM_SIZE),
    ROW("__libc_free", PV_FORM_OLD),
    ROW("__libc_cfree", PV_FORM_OLD),
    ROW("__libc_calloc", PV_FORM_COUNT_SIZE),
    ROW("__libc_realloc", PV_FORM_OLD_SIZE),
    ROW("__libc_reallocarray", PV_FORM_OLD_COUNT_SIZE),
    ROW("__libc_memalign", PV_FORM_ALIGN_SIZE),
    ROW("__libc_valloc", PV_FORM_SIZE),
    ROW("__libc_pvalloc", PV_FORM_SIZE),
    ROW("__posix_memalign", PV_FORM_OUT_ALIGN),
    ROW("__builtin_new", PV_FORM_SIZE),
    ROW("__builtin_vec_new", PV_FORM_SIZE),
    ROW("__builtin_delete", PV_FORM_OLD),
    ROW("__builtin_vec_delete", PV_FORM_OLD),
    ROW("strdup", PV_FORM_TEXT),
    ROW("__strdup", PV_FORM_TEXT),
    ROW("strndup", PV_FORM_TEXT_SIZE),
    ROW("__strndup", PV_FORM_TEXT_SIZE),
    ROW("wcsdup", PV_FORM_LOOKS),
    ROW("realpath", PV_FORM_IF_NULL_2),
    ROW("__realpath_chk", PV_FORM_IF_NULL_2),
    ROW("canonicalize_file_name", PV_FORM_LOOKS),
    ROW("getcwd", PV_FORM_IF_NULL_1),
    ROW("__getcwd_chk", PV_FORM_IF_NULL_1),
    ROW("get_current_dir_name", PV_FORM_LOOKS),
    ROW("tempnam", PV_FORM_LOOKS),
    ROW("asprintf", PV_FORM_HIDDEN),
    ROW("vasprintf", PV_FORM_HIDDEN),
    ROW("__asprintf", PV_FORM_HIDDEN),
    ROW("__asprintf_chk", PV_FORM_HIDDEN),
    ROW("__vasprintf_chk", PV_FORM_HIDDEN),
    ROW("getline", PV_FORM_HIDDEN),
    ROW("getdelim", PV_FORM_HIDDEN),
    ROW("__getdelim", PV_FORM_HIDDEN),
    ROW("scandir", PV_FORM_HIDDEN),
    ROW("scandir64", PV_FORM_HIDDEN),
    ROW("scandirat", PV_FORM_HIDDEN),
    ROW("open_memstream", PV_FORM_HIDDEN),
    ROW("open_wmemstream", PV_FORM_HIDDEN),
    ROW("argz_create", PV_FORM_HIDDEN),
    ROW("argz_add", PV_FORM_HIDDEN),
    ROW("argz_append", PV_FORM_HIDDEN),
    ROW("getaddrinfo", PV_FORM_HIDDEN),
    ROW("getifaddrs", PV_FORM_HIDDEN),
    ROW("glob", PV_FORM_HIDDEN),
    ROW("glob64", PV_FORM_HIDDEN),
    ROW("fopen", PV_FORM_LOOKS),
    ROW("fopen64", PV_FORM_LOOKS),
    ROW("fdopen", PV_FORM_LOOKS),
    ROW("tmpfile", PV_FORM_LOOKS),
    ROW("tmpfile64", PV_FORM_LOOKS),
    ROW("fmemopen", PV_FORM_LOOKS),
    ROW("popen", PV_FORM_LOOKS),
    ROW("opendir", PV_FORM_LOOKS),
    ROW("fdopendir", PV_FORM_LOOKS),
    /* These concern memory, but neither give nor take any. */
    ROW("malloc_usable_size", PV_FORM_NONE),
    ROW("malloc_trim", PV_FORM_NONE),
    ROW("malloc_stats", PV_FORM_NONE),
    ROW("malloc_info", PV_FORM_NONE),
    ROW("freopen", PV_FORM_NONE),
    ROW("freopen64", PV_FORM_NONE),
    ROW("freelocale", PV_FORM_NONE),
};

static bool is_end(const struct pv_cursor *rest)
{
    return rest->at == rest->end;
}

/* The form of a mangled operator, by the rules above. */
static enum pv_call_form operator_form(const char *name, size_t n)
{
    struct pv_cursor rest = {.at = name, .end = name + n};
    bool gives = pv_cursor_word(&rest, "_Znw") || pv_cursor_word(&rest, "_Zna");
    if (!gives && !pv_cursor_word(&rest, "_ZdlPv") && !pv_cursor_word(&rest, "_ZdaPv")) {
        return PV_FORM_NONE;
    }
    bool sized = pv_cursor_byte(&rest, 'm') || pv_cursor_byte(&rest, 'j');
    bool aligned = pv_cursor_word(&rest, "St11align_val_t");
    pv_cursor_word(&rest, "RKSt9nothrow_t");
    if (!is_end(&rest) || (gives && !sized)) {
        return PV_FORM_LOOKS;
    }
    return !gives ? PV_FORM_OLD : aligned ? PV_FORM_SIZE_ALIGN : PV_FORM_SIZE;
}

/* Does a name speak of memory: …alloc…, …free…, …dup? */
static bool speaks_of_memory(const char *name, size_t n)
{
    for (size_t i = 0; i + 4 <= n; ++i) {
        if ((name[i] == 'l' && memcmp(name + i, "lloc", 4) == 0) ||
            (name[i] == 'f' && memcmp(name + i, "free", 4) == 0)) {
            return true;
        }
    }
    return n > 4 && memcmp(name + n - 3, "dup", 3) == 0;
}

enum pv_call_form pv_function_form(const char *name, size_t n)
{
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; ++i) {
        if (functions[i].n == n && functions[i].name[0] == name[0] &&
            memcmp(functions[i].name, name, n) == 0) {
            return functions[i].form;
        }
    }
    if (n > 4 && name[0] == '_' && name[1] == 'Z') {
        enum pv_call_form form = operator_form(name, n);
        if (form) {
            return form;
        }
    }
    return speaks_of_memory(name, n) ? PV_FORM_LOOKS : PV_FORM_NONE;
}

static bool is_name_byte(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '_' || byte == '.' || byte == '$';
}

/* Are these the argument types of the C++ library's own operators: unsigned long,
 * std::align_val_t, std::nothrow_t const&? A placement operator (its second argument is a void*
 * or a type of the program) neither gives nor takes memory. */
static bool are_operator_types(struct pv_cursor types, bool gives)
{
    static const char *const first[] = {"unsigned long", "unsigned int", "unsigned"};
    static const char *const more[] = {"unsigned long", "unsigned int", "std::align_val_t",
                                       "std::nothrow_t const&"};
    bool known = !gives && pv_cursor_word(&types, "void*");
    for (size_t i = 0; gives && !known && i < sizeof first / sizeof first[0]; ++i) {
        known = pv_cursor_word(&types, first[i]);
    }
    while (known && !pv_cursor_done(&types)) {
        known = pv_cursor_byte(&types, ',');
        pv_cursor_blanks(&types);
        bool is = false;
        for (size_t i = gives ? 2 : 0; known && !is && i < sizeof more / sizeof more[0]; ++i) {
            is = pv_cursor_word(&types, more[i]);
        }
        known = is;
    }
    return known;
}

/* Takes operator new[](unsigned long, std::align_val_t), up to the ) of the types. */
static enum pv_call_form take_operator(struct pv_cursor *cursor)
{
    struct pv_cursor tried = *cursor;
    bool gives = pv_cursor_word(&tried, "operator new");
    if (!gives && !pv_cursor_word(&tried, "operator delete")) {
        return PV_FORM_NONE;
    }
    pv_cursor_word(&tried, "[]");
    if (!pv_cursor_byte(&tried, '(')) {
        return PV_FORM_NONE;
    }
    const char *types = tried.at;
    while (!pv_cursor_done(&tried) && *tried.at != ')') {
        ++tried.at;
    }
    size_t n = (size_t)(tried.at - types);
    if (!pv_cursor_byte(&tried, ')')) {
        return PV_FORM_NONE;
    }
    bool known = are_operator_types((struct pv_cursor){.at = types, .end = types + n}, gives);
    bool aligned = memmem(types, n, "align_val_t", 11) != NULL;
    *cursor = tried;
    return !known    ? PV_FORM_LOOKS
           : !gives  ? PV_FORM_OLD
           : aligned ? PV_FORM_SIZE_ALIGN
                     : PV_FORM_SIZE;
}

enum pv_call_form pv_function_take(struct pv_cursor *cursor, struct pv_cursor *ret_name)
{
    struct pv_cursor tried = *cursor;
    enum pv_call_form form = PV_FORM_NONE;
    if (tried.end - tried.at > 12 && *tried.at == 'o') {
        form = take_operator(&tried);
    }
    if (!form) {
        while (tried.at < tried.end && is_name_byte(*tried.at)) {
            ++tried.at;
        }
    }
    *ret_name = (struct pv_cursor){.at = cursor->at, .end = tried.at};
    if (pv_cursor_byte(&tried, '@')) {
        while (tried.at < tried.end && (is_name_byte(*tried.at) || strchr("@-+", *tried.at))) {
            ++tried.at;
        }
    }
    if (ret_name->at == ret_name->end || pv_cursor_done(&tried) || *tried.at != '(') {
        return PV_FORM_NONE;
    }
    if (!form) {
        form = pv_function_form(ret_name->at, (size_t)(ret_name->end - ret_name->at));
    }
    *cursor = form ? tried : *cursor;
    return form;
}

enum pv_op pv_function_op(enum pv_call_form form)
{
    static const enum pv_op ops[] = {
        [PV_FORM_NONE] = PV_OP_MARK,
        [PV_FORM_SIZE] = PV_OP_MALLOC,
        [PV_FORM_COUNT_SIZE] = PV_OP_CALLOC,
        [PV_FORM_OLD_SIZE] = PV_OP_REALLOC,
        [PV_FORM_OLD_COUNT_SIZE] = PV_OP_REALLOC,
        [PV_FORM_ALIGN_SIZE] = PV_OP_ALIGNED,
        [PV_FORM_SIZE_ALIGN] = PV_OP_ALIGNED,
        [PV_FORM_OUT_ALIGN] = PV_OP_ALIGNED,
        [PV_FORM_OLD] = PV_OP_FREE,
        [PV_FORM_TEXT] = PV_OP_MALLOC,
        [PV_FORM_TEXT_SIZE] = PV_OP_MALLOC,
        [PV_FORM_IF_NULL_2] = PV_OP_MARK,
        [PV_FORM_IF_NULL_1] = PV_OP_MARK,
        [PV_FORM_HIDDEN] = PV_OP_MARK,
        [PV_FORM_LOOKS] = PV_OP_MARK,
    };
    return ops[form];
}

unsigned pv_function_n_arguments(enum pv_call_form form)
{
    static const unsigned char wanted[] = {
        [PV_FORM_NONE] = 0,       [PV_FORM_SIZE] = 1,           [PV_FORM_COUNT_SIZE] = 2,
        [PV_FORM_OLD_SIZE] = 2,   [PV_FORM_OLD_COUNT_SIZE] = 3, [PV_FORM_ALIGN_SIZE] = 2,
        [PV_FORM_SIZE_ALIGN] = 2, [PV_FORM_OUT_ALIGN] = 2,      [PV_FORM_OLD] = 1,
        [PV_FORM_TEXT] = 1,       [PV_FORM_TEXT_SIZE] = 2,      [PV_FORM_IF_NULL_2] = 2,
        [PV_FORM_IF_NULL_1] = 1,  [PV_FORM_HIDDEN] = 0,         [PV_FORM_LOOKS] = 0,
    };
    return wanted[form];
}
