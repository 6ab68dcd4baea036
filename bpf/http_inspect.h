/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * httpf_inspect: decides about a TCP segment, once its header has been found, by its ports and the first
 * bytes of its payload.
 */
#ifndef HTTPF_INSPECT_H
#define HTTPF_INSPECT_H

#include "http_heads.h"
#include "http_hello.h"

/* Counts what begins with the segment's payload, and sends it if it is to be sent. */
static __always_inline int httpf_decide(struct __sk_buff *skb, struct httpf_cpu *cpu, __u32 begins)
{
	/* A client begins so; in a server's body anybody may have put it. */
	if (begins == HTTPF_PREFACE && !httpf_watched(bpf_ntohs(cpu->segment.headers.destination_port)))
		begins = HTTPF_NOTHING;
	cpu->segment.begins = begins == HTTPF_SWITCH   ? HTTPF_RESPONSE
			      : begins >= HTTPF_FRAMES ? HTTPF_NOTHING
						       : begins;
	if (begins == HTTPF_REQUEST)
		HTTPF_COUNT(cpu, request_heads);
	else if (begins == HTTPF_RESPONSE || begins == HTTPF_SWITCH)
		HTTPF_COUNT(cpu, response_heads);
	else if (begins == HTTPF_PREFACE)
		HTTPF_COUNT(cpu, http2);
	if (httpf_settings.depth == HTTPF_STREAMS)
		return httpf_tail_call(skb, cpu, HTTPF_AT_STREAM);
	if (httpf_settings.depth == HTTPF_AUTO) {
		int passing = httpf_passing(cpu, begins);

		if (passing == HTTPF_PASS_NOTHING)
			return 0;
		if (passing == HTTPF_PASS_WHOLE)
			return httpf_tail_call(skb, cpu, HTTPF_AT_FRAMES);
	}
	return httpf_emit_heads(skb, cpu);
}

/* The payload of a TCP segment on a watched port. */
static __always_inline int httpf_inspect_payload(struct __sk_buff *skb, struct httpf_cpu *cpu)
{
	struct httpf_segment *segment = &cpu->segment;
	struct httpf_first first;
	__u32 count = segment->length, begins = HTTPF_NOTHING;
	int is_line_end;

	if (!httpf_load_first(skb, segment, &first))
		return 0;
	is_line_end = httpf_is_line_end(first.words[0]);
	if (is_line_end || !httpf_cannot_begin(first.words[0], count)) {
		begins = is_line_end ? HTTPF_UNDECIDED : httpf_begins_fast(&first, count);
		if (begins == HTTPF_UNDECIDED)
			goto undecided;
		if (httpf_settings.depth == HTTPF_AUTO && begins == HTTPF_RESPONSE) {
			segment->final = httpf_is_final(&first) ? HTTPF_ANSWERED : 0;
			if (httpf_is_switch(&first))
				begins = HTTPF_SWITCH;
		}
	} else if (httpf_settings.depth == HTTPF_AUTO && (__u8)first.words[0] == 0 &&
		   httpf_begins_frames(&first, count)) {
		begins = HTTPF_FRAMES;
	} else if (httpf_begins_record(&first) ||
		   (httpf_settings.depth == HTTPF_AUTO && httpf_may_be_stray(&first))) {
		goto undecided;
	}
	return httpf_decide(skb, cpu, begins);
undecided:
	cpu->start.first = first;
	cpu->start.count = count;
	return httpf_tail_call(skb, cpu, HTTPF_AT_METHODS);
}

/*
 * Whether a segment that leaves the machine passed when it came in, or was decided about by the same ports.
 * With other ports it was not, or not as what it is now: address translation (nf_nat_manip_pkt) changes them
 * on the way, and with them on which side the segment is on a watched port. It keeps the numbers.
 */
static __always_inline int httpf_passed_before(const struct httpf_headers *h, struct httpf_cpu *cpu)
{
	struct httpf_sighting *seen = httpf_sighting(h);

	if (!seen)
		return 0;
	if (!cpu->segment.forwarded) {
		seen->sequence = h->sequence;
		seen->acknowledgement = h->acknowledgement;
		seen->source_port = h->source_port;
		seen->destination_port = h->destination_port;
		seen->passed = 0;
		return 0;
	}
	return seen->sequence == h->sequence && seen->acknowledgement == h->acknowledgement &&
	       (seen->passed ||
		(seen->source_port == h->source_port && seen->destination_port == h->destination_port));
}

/* A TCP segment whose header is in `segment.headers`. */
static __always_inline int httpf_inspect(struct __sk_buff *skb, struct httpf_cpu *cpu)
{
	struct httpf_segment *segment = &cpu->segment;
	struct httpf_headers *h = &segment->headers;
	__u32 offset, header;

	if (httpf_settings.all && httpf_passed_before(h, cpu)) {
		HTTPF_COUNT(cpu, copies);
		return 0;
	}
	if (!httpf_watched(bpf_ntohs(h->source_port)) && !httpf_watched(bpf_ntohs(h->destination_port))) {
		HTTPF_COUNT(cpu, other_ports);
		if (httpf_is_tls_port(bpf_ntohs(h->destination_port)))
			return httpf_tail_call(skb, cpu, HTTPF_AT_HELLO);
		return 0;
	}
	HTTPF_COUNT(cpu, on_port);
	header = (h->data_offset >> 4) * 4;
	offset = httpf_verifier_reload(&h->offset) + header;
	if (header < 20 || offset > httpf_verifier_reload(&h->end)) {
		HTTPF_COUNT(cpu, malformed);
		return 0;
	}
	segment->offset = offset;
	segment->length = h->end - offset;
	if (httpf_verifier_reload(&segment->length) == 0) {
		/* A bare record: what begins and ends connections. */
		if (!(h->flags & (HTTPF_FIN | HTTPF_SYN | HTTPF_RST)))
			return 0;
		return httpf_tail_call(skb, cpu, HTTPF_AT_STREAM);
	}
	HTTPF_COUNT(cpu, payload);
	return httpf_inspect_payload(skb, cpu);
}

/* What became of the search for a TCP header, and of the segment if there is one. */
static __always_inline int httpf_inspect_located(struct __sk_buff *skb, struct httpf_cpu *cpu, int located)
{
	if (located == HTTPF_TCP)
		return httpf_inspect(skb, cpu);
	if (located == HTTPF_MALFORMED)
		HTTPF_COUNT(cpu, malformed);
	return 0;
}

#endif
