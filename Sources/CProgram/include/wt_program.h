/* SPDX-License-Identifier: Apache-2.0 */
/* The program's own pages. Swift cannot name the symbols that say where they lie. */
#ifndef WT_PROGRAM_H
#define WT_PROGRAM_H

/*
 * Gives up the pages of the program's code and constants: what is used again is mapped again from the page
 * cache, and what the start alone has used is not. They are the file's own, as nothing writes to them (ld.so
 * relocates in the segment that can be written, which comes after them), so nothing is lost. Returns 0, or -1
 * with errno.
 */
int wt_program_release(void);

/*
 * Has large blocks of memory be given back at once when they are freed, and not kept for the next ones:
 * malloc(3) learns otherwise from the first that is freed. For a process that reads large tables now and
 * then.
 */
void wt_program_bound_heap(void);

/* Gives back what is free in the heap. */
void wt_program_trim_heap(void);

#endif
