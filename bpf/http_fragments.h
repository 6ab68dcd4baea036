/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * httpf_take_fragment, httpf_send_fragment: IP fragments go to user space as they are, since a later one does
 * not say what it continues, and may come first.
 *
 * A datagram's connection is not known before it is put together, so each worker gets every fragment, puts
 * datagrams together and reads the segments of its own connections (FragmentReader.swift). How many there may
 * be in a second is limited.
 */
#ifndef HTTPF_FRAGMENTS_H
#define HTTPF_FRAGMENTS_H

#include "http_marks.h"

/*
 * Depth auto: marks the connection of a segment that comes in fragments. What follows on it may come whole,
 * and the filter does not know whether it continues a head.
 */
static __always_inline void httpf_mark_fragment(struct __sk_buff *skb, struct httpf_cpu *cpu)
{
	struct httpf_headers *h = &cpu->segment.headers;
	struct httpf_mark *mark;

	if (!httpf_verifier_reload(&h->first) ||
	    bpf_skb_load_bytes(skb, httpf_verifier_reload(&h->first), &h->source_port, 20))
		return;
	if (!httpf_watched(bpf_ntohs(h->source_port)) && !httpf_watched(bpf_ntohs(h->destination_port)))
		return;
	cpu->flow = httpf_flow(h);
	mark = httpf_mark_of(cpu);
	if (!mark)
		return;
	if (mark->kernel >> 32 != httpf_mark_tag(cpu)) {
		if (!httpf_may_take(mark))
			return;
		httpf_claim(cpu, mark);
		mark->lifetime = httpf_shared_now();
	}
	/* What it holds may be requests. */
	mark->lifetime |= HTTPF_UNEVEN;
	httpf_set_mark(cpu, mark);
	if (httpf_is_marked(mark))
		httpf_see(mark);
}

/*
 * Prepares a record of the fragment whose IP header is at `offset` of the headers: its payload is the packet
 * from there on. False if it is not sent.
 */
static __always_inline int httpf_take_fragment(struct __sk_buff *skb, struct httpf_cpu *cpu)
{
	const struct httpf_headers *h = &cpu->segment.headers;
	__u32 base = httpf_verifier_reload(&h->offset), size = h->end - base;
	struct httpf_event *event = &cpu->event;

	HTTPF_COUNT(cpu, fragments);
	if (httpf_settings.depth == HTTPF_AUTO)
		httpf_mark_fragment(skb, cpu);
	event->time = bpf_ktime_get_ns();
	if (size - 1 >= HTTPF_PIECE || !httpf_admits(&cpu->fragments, event->time, HTTPF_FRAGMENTS)) {
		HTTPF_COUNT(cpu, fragments_refused);
		return 0;
	}
	cpu->size = size;
	if (!httpf_copy(skb, base, cpu))
		return 0;
	event->source[0] = event->source[1] = event->destination[0] = event->destination[1] = 0;
	event->sequence = event->acknowledgement = 0;
	event->payload_length = size;
	event->interface = skb->ifindex;
	event->source_port = event->destination_port = 0;
	event->kind = HTTPF_FRAGMENT;
	event->direction = cpu->segment.direction;
	event->flags = event->question = 0;
	event->header_sum = event->checksum = 0;
	event->network = httpf_network(skb, h);
	cpu->request = 0;
	cpu->worker = 0;
	return 1;
}

/* Sends it to the next worker; whether there is another one. What is read in it is counted where it is read.
 */
static __always_inline int httpf_send_fragment(struct httpf_cpu *cpu)
{
	if (!httpf_output(cpu)) {
		HTTPF_COUNT(cpu, matched);
		HTTPF_COUNT(cpu, lost);
	}
	return ++cpu->worker < httpf_settings.workers;
}

#endif
