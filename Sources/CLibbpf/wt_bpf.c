/* SPDX-License-Identifier: Apache-2.0 */
/* wt_bpf_log: keeps libbpf's words of the current thread. */
#define _GNU_SOURCE
#include "wt_bpf.h"

#include <stdio.h>
#include <string.h>

static _Thread_local char wt_bpf_text[8192];
static _Thread_local size_t wt_bpf_used;

static int wt_bpf_print(enum libbpf_print_level level, const char *format, va_list arguments)
{
	int size;

	if (level == LIBBPF_DEBUG)
		return 0;
	/* The last words say why: the first ones give way. */
	if (wt_bpf_used > sizeof(wt_bpf_text) / 2) {
		size_t half = wt_bpf_used / 2;

		memmove(wt_bpf_text, wt_bpf_text + half, wt_bpf_used - half + 1);
		wt_bpf_used -= half;
	}
	size = vsnprintf(wt_bpf_text + wt_bpf_used, sizeof(wt_bpf_text) - wt_bpf_used, format, arguments);
	if (size > 0)
		wt_bpf_used += strlen(wt_bpf_text + wt_bpf_used);
	return size;
}

void wt_bpf_log_begin(void)
{
	wt_bpf_used = 0;
	wt_bpf_text[0] = 0;
	libbpf_set_print(wt_bpf_print);
}

const char *wt_bpf_log(void)
{
	return wt_bpf_text;
}

const char *wt_bpf_fault(int code)
{
	return strerrordesc_np(code);
}
