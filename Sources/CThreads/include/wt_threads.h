/* SPDX-License-Identifier: Apache-2.0 */
/* The name of a thread. Swift cannot set it: the C library declares the call for GNU programs only. */
#ifndef WT_THREADS_H
#define WT_THREADS_H

/* Names the calling thread; the text is copied. Returns 0, or a positive error number: more than 15 bytes are
 * ERANGE. */
int wt_threads_name(const char *name);

#endif
