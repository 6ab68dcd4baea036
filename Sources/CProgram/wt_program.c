/* SPDX-License-Identifier: Apache-2.0 */
#include "wt_program.h"

#include <stdint.h>
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
