/* SPDX-License-Identifier: Apache-2.0 */
/* A pipe that no program inherits. Swift cannot make it: the C library declares the call for GNU programs
 * only. */
#ifndef WT_PIPE_H
#define WT_PIPE_H

/*
 * Makes a pipe both of whose ends are closed on exec(2), from the first moment on: another thread may start a
 * program at any time. `blocks` is 0 for ends that never wait. Fills the reading end, then the writing one;
 * returns 0, or -1 with errno.
 */
int wt_pipe(int ends[2], int blocks);

#endif
