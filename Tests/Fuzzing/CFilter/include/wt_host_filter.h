/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The kernel's filter on this side of the kernel, so that sanitizers and the fuzzer reach it. */
#ifndef WT_HOST_FILTER_H
#define WT_HOST_FILTER_H

/* What the filter counted and sent. */
struct wt_host_verdict {
	unsigned long on_port, payload, requests, responses, http2, tls, fragments, malformed, other_ports;
	unsigned long records, lost, tail_calls;
	/* Bytes of all records one after the other: each is the filter's own (struct httpf_event). */
	unsigned long size;
};

/* Forgets all unfinished heads and counts. */
void wt_host_reset(void);

/*
 * Filters a packet of `size` bytes that starts at its network header, whose EtherType is `protocol`, and
 * puts up to `room` bytes of records into `records`.
 */
struct wt_host_verdict wt_host_filter(const unsigned char *packet, unsigned size, unsigned short protocol,
				      int depth, unsigned char *records, unsigned room);

#endif
