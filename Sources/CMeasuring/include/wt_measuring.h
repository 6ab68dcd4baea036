/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that Swift's view of the C library lacks: they are declared for _GNU_SOURCE alone, or in the kernel's
 * own headers.
 */
#ifndef WT_MEASURING_H
#define WT_MEASURING_H

#include <sys/uio.h>

/* Moves the caller into a new network namespace, in a new user namespace if asked; 0, or an errno. */
int wt_measuring_unshare(int with_user);

/* A raw packet socket that sends through an interface and receives nothing; below 0 is an errno's negative.
 */
int wt_measuring_open(const char *interface);

/* Sends up to 64 frames; how many were sent, or an errno's negative. */
int wt_measuring_send(int descriptor, const struct iovec *frames, int count);

#endif
