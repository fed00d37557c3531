/* SPDX-License-Identifier: MIT
 *
 * granted.h - calls a foreign library so that each of its requests for memory is granted, or
 * the call is abandoned. Such libraries (ncurses, Graphviz) go on without what they did not
 * get: they end the process, write through NULL or leave a part of the picture out without a
 * word.
 */
#ifndef PV_TEXT_GRANTED_H
#define PV_TEXT_GRANTED_H

/* Calls work(ctx). PV_ENOMEM: malloc, calloc, realloc or an aligned one of these had no memory for
 * this thread, and `work` was left at that point, as by longjmp: its locals are gone, what it held
 * is still held, and the library may not be called any more. It must hold nothing of ours and
 * may not wait for other threads that ask for memory. Calls may stand inside one another: the
 * innermost is left. */
int pv_granted(void (*work)(void *ctx), void *ctx);

/* For a child process: from now on a refusal outside pv_granted, to whichever thread, ends the
 * process with this code, at once and as _exit does. */
void pv_granted_or_exit(int code);

#endif
