/* SPDX-License-Identifier: MIT
 *
 * pack.h - a packing: how bytes are compressed and decompressed. Each packing is one constant,
 * in the one file that includes its library. Internal to traces/.
 */
#ifndef PV_PACK_H
#define PV_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The input and the room for output of one step, which moves the pointers and lowers the
 * counts. */
struct pv_pack_io {
    const unsigned char *in;
    size_t n_in;
    unsigned char *out;
    size_t n_out;
};

struct pv_packing {
    const char *name;   /* "gzip" */
    const char *ending; /* ".gz" */

    /* Do these first bytes of a file (at least 4, unless it is shorter) begin this packing? */
    bool (*probe)(const unsigned char *head, size_t n);

    void *(*unpack_open)(void); /* NULL: no memory */
    /* One step. *ret_whole: every member or frame that was begun has ended, so the file may end
     * here; then no output is left inside. PV_EFORMAT: the input is damaged, and *ret_why says
     * how; what was unpacked before the damage is in the output. PV_EINVAL: the input is sound
     * but not read, and *ret_why says why. PV_ENOMEM. */
    int (*unpack)(void *state, struct pv_pack_io *io, bool *ret_whole, const char **ret_why);
    void (*unpack_close)(void *state); /* takes NULL */

    void *(*pack_open)(void); /* NULL: this packing is only unpacked */
    /* One step; with `finish` call it again with no input until *ret_done. PV_ENOMEM. */
    int (*pack)(void *state, struct pv_pack_io *io, bool finish, bool *ret_done);
    void (*pack_close)(void *state); /* takes NULL */
};

extern const struct pv_packing pv_packing_gzip;
extern const struct pv_packing pv_packing_zstd;
extern const struct pv_packing pv_packing_xz;
extern const struct pv_packing pv_packing_zip; /* only unpacked */

/* zlib's inflate of bare deflated data, for archives. */
struct pv_inflate;

struct pv_inflate *pv_inflate_open(void);          /* NULL: no memory */
void pv_inflate_again(struct pv_inflate *inflate); /* for the next data */
/* One step, as unpack of a packing; *ret_ended: the data has ended. */
int pv_inflate_step(struct pv_inflate *inflate, struct pv_pack_io *io, bool *ret_ended,
                    const char **ret_why);
void pv_inflate_close(struct pv_inflate *inflate); /* takes NULL */

/* zstd level 1, one piece per call, for formats with blocks of their own. */
struct pv_zstd;

struct pv_zstd *pv_zstd_open(void);       /* NULL: no memory; packs and unpacks */
void pv_zstd_close(struct pv_zstd *zstd); /* takes NULL */
/* The packed length, or 0 when packing would not make it shorter than cap. */
size_t pv_zstd_pack(struct pv_zstd *zstd, void *out, size_t cap, const void *in, size_t n);
/* Does the header of these packed bytes allow for n_out bytes? Called before room is made for
 * them. */
bool pv_zstd_holds(const void *in, size_t n, size_t n_out);
/* true: out holds exactly n_out bytes. */
bool pv_zstd_unpack(struct pv_zstd *zstd, void *out, size_t n_out, const void *in, size_t n);

/* CRC-32 as in gzip; goes on from `crc`, which is 0 at first. */
uint32_t pv_crc32(uint32_t crc, const void *bytes, size_t n);

/* All packings, ended by NULL. */
extern const struct pv_packing *const pv_packings[];

#endif
