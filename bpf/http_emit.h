/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * httpf_emit: sends a record of a segment through its flow's ring, at either depth.
 *
 * A long payload goes as several records, each as if it were a segment of its own.
 */
#ifndef HTTPF_EMIT_H
#define HTTPF_EMIT_H

#include "http_checksum.h"
#include "http_packet.h"
#include "http_start.h"

enum { HTTPF_FIN = 1, HTTPF_SYN = 2, HTTPF_RST = 4, HTTPF_ACK = 16 };

static __always_inline int httpf_watched(__u16 port)
{
	return httpf_settings.ports[port >> 6] >> (port & 63) & 1;
}

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

/* The slot of a flow's connection in httpf_marks; DepthMarks.swift computes the same. */
static __always_inline __u32 httpf_mark_slot(const struct httpf_flow *flow)
{
	return flow->both >> 48;
}

/* The worker whose ring a connection's records go to, and who alone writes to its slot in httpf_marks. */
static __always_inline __u32 httpf_worker(const struct httpf_flow *flow)
{
	return httpf_mark_slot(flow) * httpf_settings.workers >> 16;
}

/* Notes that the segment's record is sent: its next sighting on its way out is a copy. */
static __always_inline void httpf_note_passed(const struct httpf_headers *h)
{
	struct httpf_sighting *seen = httpf_sighting(h);

	if (!seen)
		return;
	seen->sequence = h->sequence;
	seen->acknowledgement = h->acknowledgement;
	seen->passed = 1;
}

/* A packet's VLANs, the one that the kernel has taken off and those in the data; and a tunnel's networks. */
static __always_inline __u32 httpf_network(struct __sk_buff *skb, const struct httpf_headers *h)
{
	__u32 outer = skb->vlan_present ? skb->vlan_tci & 0xfff : 0;
	__u32 tags = httpf_is_vlan(skb->protocol) ? h->tags : 0;

	if (outer)
		tags = outer | tags << 12;
	return h->prefix == HTTPF_TUNNELLED ? h->networks + tags : tags;
}

/* Fills in a record's head; its kind, lengths and flags change from piece to piece. */
static __always_inline void httpf_describe(struct __sk_buff *skb, struct httpf_cpu *cpu)
{
	const struct httpf_headers *h = &cpu->segment.headers;
	struct httpf_event *event = &cpu->event;

	if (httpf_settings.all)
		httpf_note_passed(h);
	event->time = bpf_ktime_get_ns();
	event->direction = cpu->segment.direction | (h->data_offset & 0xf0);
	if (h->is_ip4) {
		if (httpf_is_ip4_wrong(h))
			event->direction |= HTTPF_IP_WRONG;
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
	event->question = 0;
	event->checksum = h->checksum;
	event->header_sum = httpf_header_sum(skb, h);
	event->network = httpf_network(skb, h);
	cpu->request = cpu->segment.begins == HTTPF_REQUEST;
}

/*
 * Sends the record with the piece's payload; false if its ring is full. A wake-up costs ten times the record,
 * so the reader is woken only when the ring fills, and drains on its own timer otherwise; asking how full the
 * ring is costs too, so that is done once in `wakeup_check_bytes` bytes.
 */
static __always_inline int httpf_output(struct httpf_cpu *cpu)
{
	__u64 size = sizeof(struct httpf_event) + httpf_verifier_reload(&cpu->size);
	__u64 flags = BPF_RB_NO_WAKEUP;
	void *ring = bpf_map_lookup_elem(&httpf_rings, &cpu->worker);

	if (!ring)
		return 1;
	cpu->unchecked += size;
	if (cpu->unchecked >= httpf_settings.wakeup_check_bytes) {
		cpu->unchecked = 0;
		if (bpf_ringbuf_query(ring, BPF_RB_AVAIL_DATA) >= httpf_settings.wakeup_threshold)
			flags = BPF_RB_FORCE_WAKEUP;
	}
	/* Never so; but the verifier must see it, of this very number. */
	asm volatile("" : "+r"(size));
	if (size > sizeof(struct httpf_event) + HTTPF_PIECE)
		return 1;
	return !bpf_ringbuf_output(ring, &cpu->event, size, flags);
}

/* Sends a segment's record so. */
static __always_inline void httpf_emit(struct httpf_cpu *cpu)
{
	HTTPF_COUNT(cpu, matched);
	if (!httpf_output(cpu)) {
		HTTPF_COUNT(cpu, lost);
		cpu->counters.lost_requests += cpu->request;
	}
}

/* Copies the piece, of `cpu->size` bytes from 1 up to HTTPF_PIECE, into the record. */
static __always_inline int httpf_copy(struct __sk_buff *skb, __u32 offset, struct httpf_cpu *cpu)
{
	__u64 size = httpf_verifier_reload(&cpu->size);

	/* Changes no size that may come here; shows the verifier that none other can. */
	asm volatile("" : "+r"(size));
	size = ((size - 1) & (HTTPF_PIECE - 1)) + 1;
	return bpf_skb_load_bytes(skb, offset, cpu->payload, size) == 0;
}

/* Prepares for sending the segment's payload piece by piece. */
static __always_inline void httpf_begin_pieces(struct httpf_cpu *cpu)
{
	cpu->offset = cpu->segment.offset;
	cpu->left = cpu->segment.length;
	cpu->flags = cpu->segment.headers.flags;
}

/* Sends the piece, which answers for `length` bytes of the segment, and steps over these. */
static __always_inline void httpf_emit_piece(struct httpf_cpu *cpu, __u32 length)
{
	/* Only the last piece ends the stream, only the first one opens it. */
	cpu->event.flags = cpu->left > length ? cpu->flags & ~(HTTPF_FIN | HTTPF_RST) : cpu->flags;
	cpu->event.payload_length = length;
	if (cpu->size != cpu->segment.length)
		cpu->event.header_sum = 0;
	httpf_emit(cpu);
	cpu->event.sequence += length;
	cpu->flags &= ~HTTPF_SYN;
	cpu->request = 0;
	cpu->offset += length;
	cpu->left -= length;
}

/* Takes the next `most` bytes of the segment, or all that are left, as the piece; 0 if they cannot be loaded.
 */
static __always_inline int httpf_take_piece(struct __sk_buff *skb, struct httpf_cpu *cpu, __u32 most)
{
	__u32 left = httpf_verifier_reload(&cpu->left);

	cpu->size = left > most ? most : left;
	return httpf_copy(skb, httpf_verifier_reload(&cpu->offset), cpu);
}

#endif
