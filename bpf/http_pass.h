/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * struct httpf_segment: sends a segment's bytes through its flow's ring, at either depth.
 *
 * A long payload goes as several records, each as if it were a segment of its own.
 */
#ifndef HTTPF_PASS_H
#define HTTPF_PASS_H

#include "http_packet.h"
#include "http_scan.h"

enum { HTTPF_FIN = 1, HTTPF_SYN = 2, HTTPF_RST = 4 };

/* The flow as two numbers: one the same for both directions, one for this direction alone. */
struct httpf_flow {
	__u64 both;
	__u64 one;
};

static __always_inline __u64 httpf_mix(__u64 value)
{
	value *= 0x9e3779b97f4a7c15ull;
	return value ^ value >> 32;
}

/* Keyed by the seed; not a cryptographic hash, and a collision costs no more than a head. */
static __always_inline struct httpf_flow httpf_flow(const struct httpf_headers *h)
{
	__u64 source, destination, seed = httpf_settings.seed;
	struct httpf_flow flow;

	if (h->is_ip4) {
		source = h->ip4_source;
		destination = h->ip4_destination;
	} else {
		source = httpf_mix(h->ip6_source[0] ^ seed) + h->ip6_source[1];
		destination = httpf_mix(h->ip6_destination[0] ^ seed) + h->ip6_destination[1];
	}
	source = httpf_mix((source ^ seed) + ((__u64)h->source_port << 40));
	destination = httpf_mix((destination ^ seed) + ((__u64)h->destination_port << 40));
	flow.both = httpf_mix(source + destination);
	flow.one = httpf_mix(source + (destination << 1 | destination >> 63));
	return flow;
}

/* The ring of a flow, the same for both of its directions. */
static __always_inline void *httpf_ring(const struct httpf_flow *flow)
{
	__u32 worker = (flow->both >> 32) * httpf_settings.workers >> 32;

	return bpf_map_lookup_elem(&httpf_rings, &worker);
}

/* Fills in a record's head; its kind, lengths and flags change from piece to piece. */
static __always_inline void httpf_describe(struct httpf_scratch *scratch, struct __sk_buff *skb)
{
	const struct httpf_headers *h = &scratch->segment.headers;
	struct httpf_event *event = &scratch->event;

	event->time = bpf_ktime_get_ns();
	if (h->is_ip4) {
		event->source[0] = 0;
		event->source[1] = bpf_cpu_to_be64(0xffffull << 32 | bpf_ntohl(h->ip4_source));
		event->destination[0] = 0;
		event->destination[1] = bpf_cpu_to_be64(0xffffull << 32 | bpf_ntohl(h->ip4_destination));
	} else {
		event->source[0] = h->ip6_source[0];
		event->source[1] = h->ip6_source[1];
		event->destination[0] = h->ip6_destination[0];
		event->destination[1] = h->ip6_destination[1];
	}
	event->sequence = bpf_ntohl(h->sequence) + (h->flags & HTTPF_SYN ? 1 : 0);
	event->acknowledgement = bpf_ntohl(h->acknowledgement);
	event->interface = skb->ifindex;
	event->source_port = bpf_ntohs(h->source_port);
	event->destination_port = bpf_ntohs(h->destination_port);
	event->direction = scratch->segment.direction;
	event->zero = 0;
}

/*
 * Sends the record with `captured` bytes of payload. A wake-up costs ten times the record, so the
 * reader is woken only when the ring fills, and drains on its own timer otherwise; looking at the
 * ring costs too, so that is done once for every so many bytes. Once for all its callers: see the
 * size in http_filter.bpf.c.
 */
static __noinline int httpf_send(void *ring, struct httpf_scratch *scratch, __u32 captured,
				 struct httpf_counters *counters, int request)
{
	__u64 size = sizeof(struct httpf_event) + captured, flags = BPF_RB_NO_WAKEUP;

	scratch->unchecked += size;
	if (scratch->unchecked >= httpf_settings.interval) {
		scratch->unchecked = 0;
		if (bpf_ringbuf_query(ring, BPF_RB_AVAIL_DATA) >= httpf_settings.mark)
			flags = BPF_RB_FORCE_WAKEUP;
	}
	HTTPF_COUNT(counters, matched);
	/* Never so; but the verifier must see it, of this very number. */
	asm volatile("" : "+r"(size));
	if (size > sizeof(struct httpf_event) + HTTPF_PIECE)
		return 0;
	if (bpf_ringbuf_output(ring, &scratch->event, size, flags)) {
		HTTPF_COUNT(counters, lost);
		counters->lost_requests += request;
	}
	return 0;
}

/* Copies `size` bytes of payload, 1 up to a piece, into the record. */
static __always_inline int httpf_copy(struct __sk_buff *skb, __u32 offset, struct httpf_scratch *scratch,
				      __u64 size)
{
	/* Changes no size that may come here; shows the verifier that none other can. */
	asm volatile("" : "+r"(size));
	size = ((size - 1) & (HTTPF_PIECE - 1)) + 1;
	return bpf_skb_load_bytes(skb, offset, scratch->payload, size) == 0;
}

/* Sets out to send the segment's payload piece by piece. */
static __always_inline void httpf_begin(struct httpf_scratch *scratch, struct __sk_buff *skb)
{
	const struct httpf_segment *segment = &scratch->segment;

	httpf_describe(scratch, skb);
	scratch->offset = segment->offset;
	scratch->left = segment->length;
	scratch->flags = segment->headers.flags;
	scratch->request = segment->begins == HTTPF_REQUEST;
}

/* Sends the piece of `size` bytes that answers for `length` bytes, and goes on behind it. */
static __always_inline void httpf_send_piece(void *ring, struct httpf_scratch *scratch,
					     struct httpf_counters *counters, __u32 size, __u32 length)
{
	/* Only the last piece ends the stream, only the first one opens it. */
	scratch->event.flags =
	    scratch->left > length ? scratch->flags & ~(HTTPF_FIN | HTTPF_RST) : scratch->flags;
	scratch->event.payload_length = length;
	httpf_send(ring, scratch, size, counters, scratch->request);
	scratch->event.sequence += length;
	scratch->flags &= ~HTTPF_SYN;
	scratch->request = 0;
	scratch->offset += length;
	scratch->left -= length;
}

/* One piece of depth streams; whether another one follows. */
static __noinline int httpf_stream_piece(struct __sk_buff *skb, struct httpf_scratch *scratch,
					 struct httpf_counters *counters, void *ring)
{
	__u32 size = scratch->left > HTTPF_PIECE ? HTTPF_PIECE : scratch->left;

	if (!httpf_copy(skb, scratch->offset, scratch, size))
		return 0;
	httpf_send_piece(ring, scratch, counters, size, size);
	return scratch->left != 0;
}

/* Depth streams: every byte, in as many records as it takes. */
static __always_inline int httpf_pass_stream(struct __sk_buff *skb, struct httpf_scratch *scratch,
					     struct httpf_counters *counters)
{
	struct httpf_flow flow = httpf_flow(&scratch->segment.headers);
	void *ring = httpf_ring(&flow);

	if (!ring)
		return 0;
	httpf_begin(scratch, skb);
	scratch->event.kind = HTTPF_STREAM;
	if (scratch->left == 0) {
		httpf_send_piece(ring, scratch, counters, 0, 0);
		return 0;
	}
	/* BIG TCP goes up to 512 KiB: GSO_MAX_SIZE. Unrolled for the reason given in http_scan.h. */
#pragma clang loop unroll(full)
	for (int i = 0; i <= 524288 / HTTPF_PIECE; i++)
		if (!httpf_stream_piece(skb, scratch, counters, ring))
			break;
	return 0;
}

#endif
