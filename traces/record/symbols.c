/* SPDX-License-Identifier: MIT
 *
 * symbols.c - reads the names of the functions in an ELF file, and what kind of program it is.
 * The one file here that knows ELF.
 *
 * The bytes are not trusted: every offset is checked against the file's size before it is used,
 * and tables beyond TABLE_MAX are refused. Only the two tables are read, never the whole file.
 */
#include "traces/record/symbols.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "core/own.h"
#include "core/status.h"

enum {
    TABLE_MAX = 256 << 20,
    HEAD_BYTES = 4096,
    SCRIPTS_MAX = 4 /* the kernel's own limit of nested scripts */
};

struct symbol {
    uint64_t addr, size;
    const char *name;
};

struct pv_symbols {
    struct symbol *rows; /* sorted by address */
    size_t n;
    char *names; /* ended by a NUL */
};

struct file {
    int fd;
    uint64_t size;
};

static int read_part(const struct file *file, uint64_t offset, void *ret, uint64_t n)
{
    if (offset > file->size || n > file->size - offset) {
        return PV_EFORMAT;
    }
    for (uint64_t done = 0; done < n;) {
        ssize_t got =
            pread(file->fd, (char *)ret + done, (size_t)(n - done), (off_t)(offset + done));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            errno = got < 0 ? errno : EIO; /* the file has become shorter */
            return PV_EIO;
        }
        done += (uint64_t)got;
    }
    return PV_OK;
}

/* Reads n bytes and appends a NUL, so that text in them always ends. */
static int read_table(const struct file *file, uint64_t offset, uint64_t n, char **ret_bytes)
{
    if (n > TABLE_MAX) {
        errno = EFBIG;
        return PV_ELIMIT;
    }
    char *bytes = pv_own_calloc((size_t)n + 1, 1);
    if (!bytes) {
        return PV_ENOMEM;
    }
    int status = read_part(file, offset, bytes, n);
    if (status) {
        pv_own_free(bytes);
        return status;
    }
    *ret_bytes = bytes;
    return PV_OK;
}

static const Elf64_Shdr *section_of(const Elf64_Shdr *sections, unsigned n, uint32_t type)
{
    for (unsigned i = 0; i < n; i++) {
        if (sections[i].sh_type == type && sections[i].sh_entsize == sizeof(Elf64_Sym) &&
            sections[i].sh_link < n && sections[i].sh_size) {
            return &sections[i];
        }
    }
    return NULL;
}

static size_t underscores(const char *name)
{
    return strspn(name, "_");
}

static int plainer(const char *a, const char *b)
{
    size_t a_score = underscores(a), b_score = underscores(b);
    if (a_score == b_score) {
        a_score = strlen(a);
        b_score = strlen(b);
    }
    return a_score != b_score ? (a_score < b_score ? -1 : 1) : strcmp(a, b);
}

static int by_address(const void *a, const void *b)
{
    const struct symbol *x = a, *y = b;
    if (x->addr != y->addr) {
        return x->addr < y->addr ? -1 : 1;
    }
    return plainer(x->name, y->name);
}

static void keep_functions(struct pv_symbols *symbols, const Elf64_Sym *from, size_t n,
                           uint64_t names_bytes)
{
    for (size_t i = 0; i < n; i++) {
        unsigned type = ELF64_ST_TYPE(from[i].st_info);
        if ((type == STT_FUNC || type == STT_GNU_IFUNC) && from[i].st_shndx != SHN_UNDEF &&
            from[i].st_name < names_bytes && symbols->names[from[i].st_name]) {
            symbols->rows[symbols->n++] = (struct symbol){
                .addr = from[i].st_value,
                .size = from[i].st_size,
                .name = symbols->names + from[i].st_name,
            };
        }
    }
    if (symbols->n) {
        qsort(symbols->rows, symbols->n, sizeof symbols->rows[0], by_address);
    }
}

static int read_symbols(const struct file *file, struct pv_symbols *symbols)
{
    Elf64_Ehdr head;
    int status = read_part(file, 0, &head, sizeof head);
    if (status) {
        return status;
    }
    if (memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 || head.e_ident[EI_CLASS] != ELFCLASS64 ||
        head.e_ident[EI_DATA] != ELFDATA2LSB || head.e_shentsize != sizeof(Elf64_Shdr)) {
        return PV_EFORMAT;
    }
    char *sections = NULL, *table = NULL;
    status = read_table(file, head.e_shoff, head.e_shnum * sizeof(Elf64_Shdr), &sections);
    if (status) {
        return status;
    }
    const Elf64_Shdr *rows = (const Elf64_Shdr *)(void *)sections;
    const Elf64_Shdr *found = section_of(rows, head.e_shnum, SHT_SYMTAB);
    if (!found) {
        found = section_of(rows, head.e_shnum, SHT_DYNSYM);
    }
    if (!found) {
        status = PV_EFORMAT;
        goto out;
    }
    uint64_t names_bytes = rows[found->sh_link].sh_size;
    status = read_table(file, rows[found->sh_link].sh_offset, names_bytes, &symbols->names);
    if (status) {
        goto out;
    }
    status = read_table(file, found->sh_offset, found->sh_size, &table);
    if (status) {
        goto out;
    }
    size_t n = (size_t)found->sh_size / sizeof(Elf64_Sym);
    symbols->rows = pv_own_calloc(n, sizeof symbols->rows[0]);
    if (!symbols->rows) {
        status = PV_ENOMEM;
        goto out;
    }
    keep_functions(symbols, (const Elf64_Sym *)(void *)table, n, names_bytes);
out:
    pv_own_free(table);
    pv_own_free(sections);
    return status;
}

int pv_symbols_open(struct pv_symbols **ret_symbols, const char *path)
{
    struct stat about;
    struct file file = {.fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    if (file.fd < 0) {
        return PV_EIO;
    }
    int status = PV_EIO;
    struct pv_symbols *symbols = NULL;
    bool is_known = fstat(file.fd, &about) == 0;
    if (is_known && !S_ISREG(about.st_mode)) {
        errno = EINVAL;
    } else if (is_known) {
        file.size = (uint64_t)about.st_size;
        symbols = pv_own_calloc(1, sizeof *symbols);
        status = symbols ? read_symbols(&file, symbols) : PV_ENOMEM;
    }
    int error = errno;
    close(file.fd);
    if (status) {
        pv_symbols_close(symbols);
        errno = error;
        return status;
    }
    *ret_symbols = symbols;
    return PV_OK;
}

void pv_symbols_close(struct pv_symbols *symbols)
{
    if (symbols) {
        pv_own_free(symbols->rows);
        pv_own_free(symbols->names);
        pv_own_free(symbols);
    }
}

const char *pv_symbols_find(const struct pv_symbols *symbols, uint64_t addr)
{
    size_t low = 0, high = symbols->n; /* rows below `low` begin at or before addr */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (symbols->rows[middle].addr <= addr) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (!low) {
        return NULL;
    }
    size_t at = low - 1;
    while (at && symbols->rows[at - 1].addr == symbols->rows[at].addr) {
        at--;
    }
    const struct symbol *row = &symbols->rows[at];
    uint64_t size = row->size ? row->size : 1;
    return addr - row->addr < size ? row->name : NULL;
}

/* ---- kinds of programs ---- */

union head {
    Elf64_Ehdr elf;
    char bytes[HEAD_BYTES];
};

/* *ret_n: how many bytes of the head there are. */
static bool read_head(const char *path, union head *head, size_t *ret_n, mode_t *ret_mode)
{
    struct stat about;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return false;
    }
    ssize_t n = -1;
    if (fstat(fd, &about) == 0 && S_ISREG(about.st_mode)) {
        n = pread(fd, head->bytes, HEAD_BYTES, 0);
    }
    close(fd);
    *ret_n = n > 0 ? (size_t)n : 0;
    *ret_mode = n > 0 ? about.st_mode : 0;
    return n > 0;
}

/* The interpreter after "#!", in place. */
static const char *interpreter_of(union head *head, size_t n)
{
    head->bytes[n < HEAD_BYTES ? n : HEAD_BYTES - 1] = 0;
    char *word = head->bytes + 2;
    word += strspn(word, " \t");
    word[strcspn(word, " \t\r\n")] = 0;
    return word;
}

static bool has_interpreter(const union head *head, size_t n)
{
    for (unsigned i = 0; i < head->elf.e_phnum; i++) {
        Elf64_Phdr part;
        size_t at = i * sizeof part;
        if (head->elf.e_phoff > n || n - head->elf.e_phoff < at + sizeof part) {
            return true; /* the program headers are further on than in a static program */
        }
        memcpy(&part, head->bytes + head->elf.e_phoff + at, sizeof part);
        if (part.p_type == PT_INTERP) {
            return true;
        }
    }
    return false;
}

enum pv_reach pv_reach(const char *path)
{
    union head head, own;
    char script[HEAD_BYTES];
    size_t n, n_own;
    mode_t mode, own_mode;
    if (!read_head(path, &head, &n, &mode)) {
        return PV_REACH_UNKNOWN;
    }
    for (int i = 0; i < SCRIPTS_MAX && n > 2 && memcmp(head.bytes, "#!", 2) == 0; i++) {
        const char *word = interpreter_of(&head, n);
        memcpy(script, word, strlen(word) + 1);
        path = script;
        if (!read_head(path, &head, &n, &mode)) {
            return PV_REACH_UNKNOWN;
        }
    }
    if (n < sizeof head.elf || memcmp(head.elf.e_ident, ELFMAG, SELFMAG) != 0) {
        return PV_REACH_UNKNOWN;
    }
    if ((mode & (S_ISUID | S_ISGID)) || getxattr(path, "security.capability", NULL, 0) > 0) {
        return PV_REACH_SETUID;
    }
    if (read_head("/proc/self/exe", &own, &n_own, &own_mode) && n_own >= sizeof own.elf &&
        (own.elf.e_ident[EI_CLASS] != head.elf.e_ident[EI_CLASS] ||
         own.elf.e_machine != head.elf.e_machine)) {
        return PV_REACH_MACHINE;
    }
    return has_interpreter(&head, n) ? PV_REACH_YES : PV_REACH_STATIC;
}
