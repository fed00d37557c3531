/* SPDX-License-Identifier: MIT
 *
 * status.h - what an int result means, everywhere in pebbleviz.
 *
 * 0 is "done". A negative value is "could not", is one of these, and is passed on unchanged.
 * A positive value is an answer that the function's own comment names; it is never forwarded.
 * A `ret_x` out-parameter is set only when the result is 0 (or a documented positive answer).
 * The detail text lives in the object that failed. A library never prints and never exits.
 */
#ifndef PV_STATUS_H
#define PV_STATUS_H

enum pv_status {
    PV_OK = 0,
    PV_ENOMEM = -1,  /* out of memory: exit 5 */
    PV_EIO = -2,     /* the system failed to read or write: exit 5 */
    PV_EFORMAT = -3, /* the input's bytes are damaged: exit 4 */
    PV_ELIMIT = -4,  /* a documented bound was reached: exit 5 */
    PV_EINVAL = -5,  /* the caller asked for something that cannot be: exit 2 */
    PV_EFAULT = -6,  /* the memory asked for cannot be read */
    PV_ENOTSUP = -7, /* not built or not present here: exit 2 */
    PV_ENOFILE = -8  /* a named input is not there, is no file, or may not be read: exit 4 */
};

#endif
