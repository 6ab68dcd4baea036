/* SPDX-License-Identifier: Apache-2.0 */
/* wt_rescue: the terminal as it was, when the program dies without a chance to put it back itself. */
#ifndef WT_RESCUE_H
#define WT_RESCUE_H

#include <stddef.h>
#include <termios.h>

/*
 * Takes over SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE, SIGABRT and SIGQUIT: the text is written to the
 * terminal and its mode is put back, then the signal does what it would have done. A signal handler may only
 * call what is async-signal-safe, which Swift cannot promise. Also starts a child that waits for the end of
 * this process and does the same after a SIGKILL, which nobody can catch; a child of fork(2) may call no more
 * than a handler. Returns 0, or -1 when there is no child: then SIGKILL alone is not covered.
 */
int wt_rescue_begin(int terminal, const struct termios *mode, const char *text, size_t length);

/* The terminal has been put back by other means: nothing is done at the end any more. */
void wt_rescue_end(void);

#endif
