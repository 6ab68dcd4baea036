/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * wt_host_filter: the filter of bpf/ as a plain function, its helpers and maps replaced by plain memory.
 *
 * One CPU, port 80, one ring. Loads beyond the packet fail as the kernel's do.
 */
#include <linux/bpf.h>
#include <string.h>

#include "../../../bpf/http_filter.bpf.c"
#include "wt_host_filter.h"

static struct httpf_cpu wt_cpu;
static struct httpf_unfinished wt_unfinished[HTTPF_UNFINISHED];
static struct httpf_mark wt_mark;
static struct httpf_marked wt_marked;
static struct httpf_frames wt_frames[2];
static struct httpf_answer wt_answers[2];
static struct httpf_sighting wt_sightings[HTTPF_SIGHTINGS];
static struct httpf_opening wt_opening;
static __u32 wt_address;
int wt_host_tail_calls;
static __u32 wt_touched;
static int wt_ring;
static const unsigned char *wt_packet;
static struct wt_host_verdict wt_verdict;
static unsigned char *wt_records;
static unsigned wt_room;

void *wt_host_lookup(const void *map, const __u32 *key)
{
	if (map == &httpf_cpus)
		return &wt_cpu;
	if (map == &httpf_heads) {
		wt_touched = *key;
		return *key < HTTPF_UNFINISHED ? &wt_unfinished[*key] : NULL;
	}
	if (map == &httpf_marks)
		return &wt_mark;
	if (map == &httpf_marked)
		return &wt_marked;
	if (map == &httpf_frames)
		return &wt_frames[*key & 1];
	if (map == &httpf_answers)
		return &wt_answers[*key & 1];
	if (map == &httpf_sightings)
		return *key < HTTPF_SIGHTINGS ? &wt_sightings[*key] : NULL;
	if (map == &httpf_openings)
		return &wt_opening;
	if (map == &httpf_addresses)
		return &wt_address;
	return &wt_ring;
}

int wt_host_load(const struct __sk_buff *skb, __u32 offset, void *to, __u32 size)
{
	if (size == 0 || offset > skb->len || size > skb->len - offset) {
		memset(to, 0, size);
		return -14;
	}
	memcpy(to, wt_packet + offset, size);
	return 0;
}

int wt_host_output(void *ring, const void *data, __u64 size)
{
	(void)ring;
	wt_verdict.records++;
	if (size > wt_room - wt_verdict.size) {
		wt_verdict.lost++;
		return -1;
	}
	memcpy(wt_records + wt_verdict.size, data, size);
	wt_verdict.size += size;
	return 0;
}

void wt_host_reset(void)
{
	memset(&wt_unfinished[wt_touched], 0, sizeof(wt_unfinished[0]));
	memset(&wt_mark, 0, sizeof(wt_mark));
	memset(wt_frames, 0, sizeof(wt_frames));
	memset(wt_answers, 0, sizeof(wt_answers));
	wt_address = 0;
	memset(&wt_cpu.counters, 0, sizeof(wt_cpu.counters));
	memset(&wt_cpu.fragments, 0, sizeof(wt_cpu.fragments));
}

struct wt_host_verdict wt_host_filter(const unsigned char *packet, unsigned size, unsigned short protocol,
				      int depth, unsigned char *records, unsigned room)
{
	struct __sk_buff skb = {.len = size, .protocol = htobe16(protocol), .ifindex = 2};
	struct httpf_counters before = wt_cpu.counters;

	httpf_settings.depth = depth;
	httpf_settings.workers = 1;
	httpf_settings.seed = 1;
	httpf_settings.wakeup_check_bytes = 1 << 16;
	httpf_settings.wakeup_threshold = 1 << 16;
	httpf_settings.ports[80 >> 6] = 1ull << (80 & 63);
	memset(&wt_verdict, 0, sizeof(wt_verdict));
	wt_packet = packet;
	wt_host_tail_calls = 0;
	wt_records = records;
	wt_room = room;
	httpf_filter(&skb);
	wt_verdict.on_port = wt_cpu.counters.on_port - before.on_port;
	wt_verdict.payload = wt_cpu.counters.payload - before.payload;
	wt_verdict.requests = wt_cpu.counters.request_heads - before.request_heads;
	wt_verdict.responses = wt_cpu.counters.response_heads - before.response_heads;
	wt_verdict.http2 = wt_cpu.counters.http2 - before.http2;
	wt_verdict.tls = wt_cpu.counters.tls - before.tls;
	wt_verdict.fragments = wt_cpu.counters.fragments - before.fragments;
	wt_verdict.malformed = wt_cpu.counters.malformed - before.malformed;
	wt_verdict.other_ports = wt_cpu.counters.other_ports - before.other_ports;
	wt_verdict.tail_calls = (unsigned long)wt_host_tail_calls;
	return wt_verdict;
}
