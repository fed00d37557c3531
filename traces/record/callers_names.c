/* SPDX-License-Identifier: MIT
 *
 * callers_names.c - what is known of names: wrappers, run-time libraries, modules, functions.
 * Pure functions over tables; a new wrapper is added here and nowhere else.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "traces/names.h"
#include "traces/record/callers.h"

/* A star at the end matches any rest. */
static const char *const wrappers[] = {
    "malloc",
    "calloc",
    "realloc",
    "xmalloc*",
    "xcalloc*",
    "xrealloc*",
    "xstrdup*",
    "xstrndup*",
    "xzalloc*",
    "x2realloc*",
    "x2nrealloc*",
    "xnmalloc*",
    "xmemdup*",
    "xreallocarray*",
    "xpalloc",
    "xcharalloc",
    "concat",
    "x_malloc",
    "my_malloc",
    "safe_malloc",
    /* glib */
    "g_malloc*",
    "g_try_malloc*",
    "g_realloc*",
    "g_try_realloc*",
    "g_slice_*",
    "g_strdup*",
    "g_strndup",
    "g_memdup*",
    "g_aligned_alloc*",
    /* sqlite */
    "sqlite3_malloc*",
    "sqlite3_realloc*",
    "sqlite3Malloc*",
    "sqlite3MemMalloc",
    "sqlite3MemRealloc",
    "sqlite3Realloc*",
    "sqlite3DbMalloc*",
    "sqlite3DbRealloc*",
    "sqlite3DbStrDup",
    "sqlite3DbStrNDup",
    "dbMallocRawFinish",
    "dbReallocFinish",
    "dbMallocRawNN",
    "sqlite3_str_*",
    "sqlite3_mprintf",
    "sqlite3_vmprintf",
    /* Python */
    "PyMem_*",
    "_PyMem_*",
    "PyObject_Malloc",
    "PyObject_Calloc",
    "PyObject_Realloc",
    "_PyObject_Malloc",
    "_PyObject_Calloc",
    "_PyObject_Realloc",
    "_PyObject_GC_*",
    "_PyObject_New*",
    "PyObject_GC_*",
    "PyType_GenericAlloc",
    "_PyObject_Init*",
    "_PyObject_DebugMalloc*",
    /* graphviz */
    "gv_alloc*",
    "gv_calloc*",
    "gv_realloc*",
    "gv_recalloc*",
    "gmalloc",
    "gcalloc",
    "grealloc",
    "zmalloc",
    "zrealloc",
    "agalloc",
    "agrealloc",
    "memmalloc",
    "dtmemory",
    "gv_strdup",
    /* C++ */
    "_Znwm*",
    "_Znam*",
    "_ZnwmSt*",
    "_ZnamSt*",
    "operator new*",
    /* others */
    "CRYPTO_malloc",
    "CRYPTO_zalloc",
    "CRYPTO_realloc",
    "CRYPTO_strdup",
    "FT_Alloc*",
    "ft_mem_*",
    "FT_Realloc*",
    "ft_alloc",
    "ft_realloc",
    "cairo_malloc*",
    "_cairo_malloc*",
    "XML_MemMalloc",
    "XML_MemRealloc",
    "ggc_internal_alloc*",
    "ggc_internal_cleared_alloc*",
    "_obstack_begin*",
    "_obstack_newchunk",
    "_obstack_allocate*",
    "json_malloc",
    "apr_palloc",
    "av_malloc*",
    "av_realloc*",
    "av_mallocz*",
    "Perl_safesysmalloc",
    "Perl_safesyscalloc",
    "Perl_safesysrealloc",
    "pool_alloc*",
};

static const char *const runtimes[] = {
    "libc.so*",      "ld-linux*", "libc-2.*",          "libpthread*",
    "libstdc++.so*", "libgcc_s*", "libpebbleviz-pre*", "linux-vdso*",
    "ld64.so*",      "ld-musl*",  "libdl.so*",         "libc.musl*",
};

static bool matches(const char *name, const char *pattern)
{
    size_t n = strlen(pattern);
    if (n && pattern[n - 1] == '*') {
        return strncmp(name, pattern, n - 1) == 0;
    }
    return strcmp(name, pattern) == 0;
}

bool pv_caller_is_wrapper(const char *name)
{
    for (size_t i = 0; i < sizeof wrappers / sizeof wrappers[0]; i++) {
        if (matches(name, wrappers[i])) {
            return true;
        }
    }
    return false;
}

static const char *file_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

bool pv_caller_is_runtime(const char *path)
{
    for (size_t i = 0; i < sizeof runtimes / sizeof runtimes[0]; i++) {
        if (matches(file_of(path), runtimes[i])) {
            return true;
        }
    }
    return false;
}

/* The length of a name without the version at its end: digits with at least one dot, and a dash
 * before them. "python3.11" is cut at 6, "glib-2.0" at 4, "sqlite3" has none. */
static size_t without_version(const char *name, size_t n)
{
    size_t at = n;
    bool dotted = false;
    while (at && (isdigit((unsigned char)name[at - 1]) || name[at - 1] == '.')) {
        dotted = dotted || name[at - 1] == '.';
        at--;
    }
    if (!dotted || !at) {
        return n;
    }
    return at > 1 && name[at - 1] == '-' ? at - 1 : at;
}

void pv_caller_module(const char *path, char *out, unsigned cap)
{
    const char *file = file_of(path);
    size_t n = strlen(file);
    const char *so = strstr(file, ".so");
    if (so && so != file && (so[3] == '.' || !so[3])) {
        n = (size_t)(so - file);
        const char *abi = strstr(file, ".cpython-");
        if (abi && abi < so) {
            n = (size_t)(abi - file);
        }
        if (n > 3 && strncmp(file, "lib", 3) == 0 && strncmp(file, "libc.", 5) != 0) {
            file += 3;
            n -= 3;
        }
    }
    n = without_version(file, n);
    snprintf(out, cap, "%.*s", (int)n, file);
}

void pv_caller_function(const char *symbol, char *out, unsigned cap)
{
    char bare[PV_CALLER_SYMBOL];
    size_t n = strcspn(symbol, "@");
    const char *const clones[] = {".cold", ".part.", ".constprop.", ".isra.", ".lto_priv."};
    for (size_t i = 0; i < sizeof clones / sizeof clones[0]; i++) {
        const char *found = strstr(symbol, clones[i]);
        if (found && found != symbol && (size_t)(found - symbol) < n) {
            n = (size_t)(found - symbol);
        }
    }
    snprintf(bare, sizeof bare, "%.*s", n < sizeof bare ? (int)n : (int)sizeof bare, symbol);
    pv_name_readable(out, cap, bare, strlen(bare), NULL);
}
