/* SPDX-License-Identifier: Apache-2.0 */
/* wt_bpf_log: keeps libbpf's words of the current thread. */
#define _GNU_SOURCE
#include "wt_bpf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Thread_local char wt_bpf_text[8192];
static _Thread_local size_t wt_bpf_used;

/* Adds text behind what is there. The last words say why: the first ones give way. */
static void wt_bpf_add(const char *text, size_t size)
{
	const size_t room = sizeof(wt_bpf_text) - 1;
	size_t kept;

	if (size > room) {
		text += size - room;
		size = room;
	}
	kept = wt_bpf_used < room - size ? wt_bpf_used : room - size;
	memmove(wt_bpf_text, wt_bpf_text + wt_bpf_used - kept, kept);
	memcpy(wt_bpf_text + kept, text, size);
	wt_bpf_used = kept + size;
	wt_bpf_text[wt_bpf_used] = 0;
}

/* A verifier's log comes in one piece of up to megabytes, its verdict at the very end. */
static int wt_bpf_print(enum libbpf_print_level level, const char *format, va_list arguments)
{
	char *text = NULL;
	int size;

	if (level == LIBBPF_DEBUG)
		return 0;
	size = vasprintf(&text, format, arguments);
	if (size < 0)
		return size;
	wt_bpf_add(text, size);
	free(text);
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
