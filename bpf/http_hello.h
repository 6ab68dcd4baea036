/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * httpf_hello: tells and sends what a client says first on a port of TLS: its ClientHello, for the coverage
 * report.
 *
 * Nothing else of such a connection passes; of a hello that lies in several segments the second one does, and
 * no more: hellos with keys against quantum computers have 1,700 bytes.
 */
#ifndef HTTPF_HELLO_H
#define HTTPF_HELLO_H

#include "http_emit.h"

enum {
	/* Bytes of a segment that are sent; a power of two. */
	HTTPF_HELLO_BYTES = 4096,
};

/* A record of the handshake, of any version, and in it a ClientHello: RFC 8446, sections 5.1 and 4. */
static __always_inline int httpf_is_hello(const struct httpf_first *first, __u32 count)
{
	return count > 5 && (first->words[0] & 0xff000000ffffull) == 0x010000000316ull;
}

/* Bytes of that record, with its header. */
static __always_inline __u32 httpf_hello_length(const struct httpf_first *first)
{
	return 5 + ((__u32)(first->words[0] >> 24 & 0xff) << 8 | (__u32)(first->words[0] >> 32 & 0xff));
}

/* Whether the segment is to be sent: a hello, or what follows the beginning of one. */
static __always_inline int httpf_passes_hello(struct httpf_cpu *cpu, const struct httpf_first *first)
{
	__u32 length = httpf_verifier_reload(&cpu->segment.length);
	__u32 sequence = bpf_ntohl(cpu->segment.headers.sequence);
	int is_hello = httpf_is_hello(first, length);
	struct httpf_opening *opening;
	__u32 slot, tag;

	/* Nothing of another record is the rest of a hello. */
	if (!is_hello && httpf_begins_record(first))
		return 0;
	/* Nor does the rest of one that is skipped pass: `httpf_openings` knows nothing of it. */
	if (is_hello && !httpf_admits(&cpu->hellos, bpf_ktime_get_ns(), HTTPF_HELLOS)) {
		HTTPF_COUNT(cpu, skipped_hellos);
		return 0;
	}
	cpu->flow = httpf_flow(&cpu->segment.headers);
	slot = cpu->flow.one >> 54;
	tag = (__u32)cpu->flow.one | 1;
	opening = bpf_map_lookup_elem(&httpf_openings, &slot);
	if (!opening)
		return is_hello;
	if (is_hello) {
		opening->tag = httpf_hello_length(first) > length ? tag : 0;
		opening->next = sequence + length;
		return 1;
	}
	if (opening->tag != tag || opening->next != sequence)
		return 0;
	opening->tag = 0;
	return 1;
}

/* Sends the beginning of the segment, which stands for all of it. */
static __always_inline void httpf_emit_hello(struct __sk_buff *skb, struct httpf_cpu *cpu, const __u32 kind)
{
	cpu->worker = httpf_worker(&cpu->flow);
	cpu->segment.begins = HTTPF_NOTHING;
	httpf_describe(skb, cpu);
	httpf_begin_pieces(cpu);
	if (!httpf_take_piece(skb, cpu, HTTPF_HELLO_BYTES))
		return;
	cpu->event.kind = kind;
	cpu->event.flags = cpu->flags;
	cpu->event.payload_length = cpu->left;
	if (kind == HTTPF_INITIAL || cpu->size != cpu->segment.length)
		cpu->event.header_sum = 0;
	HTTPF_COUNT(cpu, hellos);
	if (!httpf_output(cpu))
		HTTPF_COUNT(cpu, lost_hellos);
}

/* Sends a segment to a port of TLS if a client says its first words in it. */
static __always_inline void httpf_take_hello(struct __sk_buff *skb, struct httpf_cpu *cpu)
{
	struct httpf_segment *segment = &cpu->segment;
	__u32 header = (segment->headers.data_offset >> 4) * 4;
	__u32 offset = httpf_verifier_reload(&segment->headers.offset) + header;
	struct httpf_first first;

	if (header < 20 || offset >= httpf_verifier_reload(&segment->headers.end))
		return;
	segment->offset = offset;
	segment->length = segment->headers.end - offset;
	if (httpf_load_first(skb, segment, &first) && httpf_passes_hello(cpu, &first))
		httpf_emit_hello(skb, cpu, HTTPF_HELLO);
}

/* Sends a datagram whose UDP header is at `tunnel.at`. */
static __always_inline void httpf_take_initial(struct __sk_buff *skb, struct httpf_cpu *cpu)
{
	__u32 offset = httpf_verifier_reload(&cpu->tunnel.at) + 8;
	struct httpf_segment *segment = &cpu->segment;

	if (offset >= skb->len)
		return;
	segment->offset = offset;
	segment->length = skb->len - offset;
	segment->headers.is_ip4 = skb->protocol == bpf_htons(ETH_P_IP);
	segment->headers.prefix = HTTPF_UNVERIFIABLE;
	/* What stands there is no TCP header. */
	segment->headers.sequence = segment->headers.acknowledgement = 0;
	segment->headers.data_offset = segment->headers.flags = 0;
	cpu->flow = httpf_flow(&segment->headers);
	httpf_emit_hello(skb, cpu, HTTPF_INITIAL);
}

#endif
