/* SPDX-License-Identifier: Apache-2.0 */
/* wt_bpf_log: keeps libbpf's words of the current thread; a system call that older versions of it do not
 * make. */
#define _GNU_SOURCE
#include "wt_bpf.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

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

/* The part of union bpf_attr that is about such links: linux/bpf.h since 6.6. */
struct wt_bpf_uprobes {
	unsigned int program, target, type, flags;
	unsigned long long path, offsets, reference_counters, cookies;
	unsigned int count, return_flags, process, zero;
};
_Static_assert(sizeof(struct wt_bpf_uprobes) == 64, "the kernel expects 64 bytes");

int wt_bpf_link_uprobes(int program, const char *path, const unsigned long long *offsets,
			const unsigned long long *cookies, unsigned int count, int is_return)
{
	struct wt_bpf_uprobes attributes = {
	    .program = program,
	    .type = WT_BPF_UPROBES,
	    .path = (unsigned long)path,
	    .offsets = (unsigned long)offsets,
	    .cookies = (unsigned long)cookies,
	    .count = count,
	    /* BPF_F_UPROBE_MULTI_RETURN. */
	    .return_flags = is_return ? 1 : 0,
	};
	long link = syscall(SYS_bpf, BPF_LINK_CREATE, &attributes, sizeof(attributes));

	return link < 0 ? -errno : (int)link;
}

/* A number out of a file of /sys that is text; -1 when there is none. */
static int wt_bpf_number(const char *path, const char *format)
{
	FILE *file = fopen(path, "re");
	int number = -1;

	if (!file)
		return -1;
	if (fscanf(file, format, &number) != 1)
		number = -1;
	fclose(file);
	return number;
}

/* Runs a program at an event that these attributes describe. The link enables the event and holds it. */
static int wt_bpf_link_event(int program, struct perf_event_attr *attributes, unsigned long long cookie)
{
	LIBBPF_OPTS(bpf_link_create_opts, options, .perf_event.bpf_cookie = cookie);
	int event = (int)syscall(SYS_perf_event_open, attributes, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	int link;

	if (event < 0)
		return -errno;
	link = bpf_link_create(program, event, BPF_PERF_EVENT, &options);
	if (link < 0)
		link = -errno;
	close(event);
	return link;
}

int wt_bpf_link_uprobe_event(int program, const char *path, unsigned long long offset,
			     unsigned long long cookie, int is_return)
{
	struct perf_event_attr attributes = {.size = sizeof(attributes)};
	int type = wt_bpf_number("/sys/bus/event_source/devices/uprobe/type", "%d");
	int bit = wt_bpf_number("/sys/bus/event_source/devices/uprobe/format/retprobe", "config:%d");

	if (type < 0 || bit < 0 || bit > 63)
		return -ENOSYS;
	attributes.type = (unsigned int)type;
	attributes.config = is_return ? 1ull << bit : 0;
	attributes.uprobe_path = (unsigned long)path;
	attributes.probe_offset = offset;
	return wt_bpf_link_event(program, &attributes, cookie);
}

int wt_bpf_link_made_event(int program, unsigned int number, unsigned long long cookie)
{
	struct perf_event_attr attributes = {
	    .size = sizeof(attributes), .type = PERF_TYPE_TRACEPOINT, .config = number};

	return wt_bpf_link_event(program, &attributes, cookie);
}
