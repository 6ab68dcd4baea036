/* SPDX-License-Identifier: Apache-2.0 */
#include "wt_program.h"

#include <stdint.h>
#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <sys/mman.h>
#include <unistd.h>

/* Where the linker puts the first byte of the program's file, and the end of its code (ld(1), end(3)). */
extern const char __executable_start[], etext[];

int wt_program_release(void)
{
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	const uintptr_t start = ((uintptr_t)__executable_start + page - 1) & ~(page - 1);
	const uintptr_t end = (uintptr_t)etext & ~(page - 1);

	return end > start ? madvise((void *)start, end - start, MADV_DONTNEED) : 0;
}

#ifdef __GLIBC__
void wt_program_bound_heap(void)
{
	/* Any value that is set stays. */
	mallopt(M_MMAP_THRESHOLD, 128 << 10);
	mallopt(M_TRIM_THRESHOLD, 128 << 10);
}

void wt_program_trim_heap(void)
{
	malloc_trim(0);
}
#else
void wt_program_bound_heap(void)
{
}

void wt_program_trim_heap(void)
{
}
#endif
