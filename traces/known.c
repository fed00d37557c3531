/* SPDX-License-Identifier: MIT
 *
 * known.c - a table of first bytes, and checks for what first bytes do not show: UTF-16 without
 * a mark, tar, the kind of an ELF file, and reports of other tools in JSON and text.
 */
#include "traces/known.h"

#include <stdbool.h>
#include <string.h>

#define MAGIC(bytes) (bytes), sizeof(bytes) - 1

static const struct {
    const char *magic;
    size_t n;
    const char *is;
} magics[] = {
    {MAGIC("BZh"), "this is packed with bzip2: bunzip2 -c FILE | pebbleviz -"},
    {MAGIC("7z\xbc\xaf\x27\x1c"), "this is a 7-Zip archive: unpack it and open what is in it"},
    {MAGIC("Rar!\x1a\x07"), "this is a RAR archive: unpack it and open what is in it"},
    {MAGIC("\x04\x22\x4d\x18"), "this is packed with lz4: lz4 -dc FILE | pebbleviz -"},
    {MAGIC("\x1f\x9d"), "this is packed with compress: gunzip -c FILE | pebbleviz -"},
    {MAGIC("LZIP"), "this is packed with lzip: lzip -dc FILE | pebbleviz -"},
    {MAGIC("]\0\0\x80\0"), "this is packed with lzma: xz -dc FILE | pebbleviz -"},
    {MAGIC("\x89PNG\r\n\x1a\n"), "this is a PNG picture, no trace"},
    {MAGIC("GIF8"), "this is a GIF picture, no trace"},
    {MAGIC("\xff\xd8\xff"), "this is a JPEG picture, no trace"},
    {MAGIC("%PDF-"), "this is a PDF document, no trace"},
    {MAGIC("MZ\x90"), "this is a Windows program, no trace"},
    {MAGIC("MDMP"), "this is a Windows minidump: it holds one moment and no calls"},
    {MAGIC("\xcf\xfa\xed\xfe"), "this is a macOS program or core file, no trace"},
    {MAGIC("\xca\xfe\xba\xbe"), "this is a Java class or a macOS program, no trace"},
    {MAGIC("!<arch>\n"), "this is a library of object files, no trace"},
    {MAGIC("SQLite format 3"), "this is an SQLite database, no trace"},
    {MAGIC("PERFILE2"),
     "this is a recording of perf: perf script >FILE makes text of it; of its events those of "
     "kmem are read"},
    {MAGIC("\x17\x08\x44tracing"),
     "this is a recording of trace-cmd: trace-cmd report -i FILE >LOG makes text of it; of its "
     "events those of kmem are read"},
    {MAGIC("\xc1\x1f\xfc\xc1"), "this is a part of an LTTng trace: babeltrace2 FOLDER >LOG"},
    {MAGIC("\x75\xd1\x1d\x57"), "this is a part of an LTTng trace: babeltrace2 FOLDER >LOG"},
    {MAGIC("/* CTF 1.8 */"), "this is a part of an LTTng trace: babeltrace2 FOLDER >LOG"},
    {MAGIC("memray\0"),
     "this is a recording of memray, which is not read; its samples have no calls"},
    {MAGIC("JAVA PROFILE 1.0."), "this is a Java heap dump: it holds one moment and no calls"},
    {MAGIC("heap profile: "),
     "this is a heap profile of gperftools: it holds sums and no calls"},
    {MAGIC("heap_v2/"), "this is a heap profile of jemalloc: it holds sums and no calls"},
    {MAGIC("desc: --"), "this is a report of Massif: it holds sums and no calls; run Valgrind "
                        "with --tool=memcheck --trace-malloc=yes"},
    {MAGIC("# callgrind format"),
     "this is a report of Callgrind: it holds no calls for memory"},
    {MAGIC("{\"dhatFileVersion\":"),
     "this is a report of DHAT: it holds sums and no calls; run Valgrind with --tool=memcheck "
     "--trace-malloc=yes"},
    {MAGIC("{\"traceEvents\":"),
     "this is a trace for Chrome or Perfetto: it holds no calls for "
     "memory that are read here"},
    {MAGIC("\x80\x02}"),
     "this is a Python pickle: write the object as JSON (json.dump); of PyTorch's snapshots that is "
     "read"},
    {MAGIC("\x80\x03}"),
     "this is a Python pickle: write the object as JSON (json.dump); of PyTorch's snapshots that is "
     "read"},
    {MAGIC("\x80\x04\x95"),
     "this is a Python pickle: write the object as JSON (json.dump); of PyTorch's snapshots that is "
     "read"},
    {MAGIC("\x80\x05\x95"),
     "this is a Python pickle: write the object as JSON (json.dump); of PyTorch's snapshots that is "
     "read"},
    {MAGIC("<!DOCTYPE html"), "this is a web page: save the log itself, not the page about it"},
    {MAGIC("<!doctype html"), "this is a web page: save the log itself, not the page about it"},
    {MAGIC("<html"), "this is a web page: save the log itself, not the page about it"},
    {MAGIC("version https://git-lfs.github.com/spec/"),
     "this stands for a file that Git LFS keeps: git lfs pull fetches it"},
};

static const char *elf(const unsigned char *head, size_t n)
{
    enum { AT_ORDER = 5, AT_KIND = 16, BIG = 2, KIND_CORE = 4, ELF_BYTES = 18 };
    if (n < ELF_BYTES || memcmp(head,
                                "\x7f"
                                "ELF",
                                4) != 0) {
        return NULL;
    }
    unsigned kind = head[AT_ORDER] == BIG ? head[AT_KIND + 1] : head[AT_KIND];
    return kind == KIND_CORE
               ? "this is a core file: it holds one moment and no calls"
               : "this is a program or library, no trace: pebbleviz record -- PROGRAM makes one";
}

/* With its byte order mark, or recognised by the zeros between letters. */
static const char *utf16(const unsigned char *head, size_t n)
{
    enum { PAIRS = 8 };
    static const char text[] =
        "this is text in UTF-16, as Windows writes it: iconv -f UTF-16 -t "
        "UTF-8 FILE | pebbleviz -";
    if (n >= 2 && (memcmp(head, "\xff\xfe", 2) == 0 || memcmp(head, "\xfe\xff", 2) == 0)) {
        return text;
    }
    for (size_t zero = 0; zero < 2 && n >= 2 * (size_t)PAIRS; ++zero) {
        size_t n_letters = 0;
        while (
            n_letters < PAIRS && head[2 * n_letters + zero] == 0 &&
            ((head[2 * n_letters + 1 - zero] >= ' ' && head[2 * n_letters + 1 - zero] < 0x7f) ||
             memchr("\t\r\n", head[2 * n_letters + 1 - zero], 3))) {
            ++n_letters;
        }
        if (n_letters == PAIRS) {
            return zero ? "this is text in UTF-16 without its mark: iconv -f UTF-16LE -t UTF-8 "
                          "FILE | pebbleviz -"
                        : "this is text in UTF-16 without its mark: iconv -f UTF-16BE -t UTF-8 "
                          "FILE | pebbleviz -";
        }
    }
    return NULL;
}

static const char *tar(const unsigned char *head, size_t n)
{
    enum { AT_MAGIC = 257 };
    return n >= AT_MAGIC + 5 && memcmp(head + AT_MAGIC, "ustar", 5) == 0
               ? "this is a tar archive: tar -xOf FILE MEMBER | pebbleviz -"
               : NULL;
}

/* A log of Valgrind that was not asked to write the calls. */
static const char *memcheck(const unsigned char *head, size_t n)
{
    size_t at = 2;
    if (n < 4 || memcmp(head, "==", 2) != 0) {
        return NULL;
    }
    while (at < n && head[at] >= '0' && head[at] <= '9') {
        ++at;
    }
    return at > 2 && n - at > 3 && memcmp(head + at, "== ", 3) == 0
               ? "this is a log of Valgrind, and its first 128 KiB have no call: run it with --trace-malloc=yes, "
                 "or read it with --from valgrind if calls follow"
               : NULL;
}

const char *pv_known_find(const unsigned char *head, size_t n)
{
    for (size_t i = 0; i < sizeof magics / sizeof magics[0]; ++i) {
        if (n >= magics[i].n && memcmp(head, magics[i].magic, magics[i].n) == 0) {
            return magics[i].is;
        }
    }
    const char *is = elf(head, n);
    is = is ? is : utf16(head, n);
    is = is ? is : tar(head, n);
    return is ? is : memcheck(head, n);
}
