/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wt_tls_canary: a child that runs a probed function while almost no system call is allowed to it.
 *
 * Kernels of 6.11 and later return from a probed function by a hidden system call, and until that was fixed
 * (6.14, and updates of 6.12) a filter of system calls, which every container has, killed the process for it.
 */
#ifndef WT_TLS_CANARY_H
#define WT_TLS_CANARY_H

/* The function that is probed: its address tells where in this program's file it is. */
int wt_tls_canary_function(int number);

/* How often the child calls it. */
enum { WT_TLS_CANARY_CALLS = 3 };

/*
 * Starts the child and waits for its end, as waitpid(2) tells it; -1 when there is none.
 * With `dies` it makes a forbidden call besides: what a test needs to see it die.
 */
int wt_tls_canary_run(int dies);

#endif
