/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * httpf_mark.lifetime: depth auto. What is known of the lifetime of a slot's connection, by which the
 * segments without payload pass that tell the reader something.
 *
 * A SYN matters as the first one of its sender's address, and where the reader may know a connection of the
 * same ports: the slot's own, or one that has lost the slot to it without being closed. A FIN matters while a
 * request waits for its answer; where none does it is the second one, after which the reader forgets the
 * connection. Whatever is not certain passes.
 */
#ifndef HTTPF_LIFETIMES_H
#define HTTPF_LIFETIMES_H

#include "http_emit.h"

enum {
	/* The directions whose FIN was seen, as httpf_side numbers them. */
	HTTPF_CLOSED = 3,
	/* A final answer followed the last request. */
	HTTPF_ANSWERED = 4,
	/* A request was sent before the answer to the one before it, or may have been; or a FIN with a
	   payload. */
	HTTPF_UNEVEN = 8,
	/* When the slot was last taken from a connection that was not closed, 1 to 15; 0 for never. */
	HTTPF_SHARED = 0xf0,
	/* Nanoseconds, as a shift: 69 seconds. */
	HTTPF_SHARED_UNIT = 36,
	/* After this number of them the reader counts as having forgotten the connection. */
	HTTPF_SHARED_UNITS = 8,
};

static __always_inline __u32 httpf_shared_time(void)
{
	return (bpf_ktime_get_ns() >> HTTPF_SHARED_UNIT) % 15 + 1;
}

/* The lifetime of a slot that another connection has now, which the reader may know as well. */
static __always_inline __u32 httpf_shared_now(void)
{
	return httpf_shared_time() << 4;
}

/* The lifetime of a connection after a request, the first one or one after others. */
static __always_inline __u32 httpf_lifetime_asked(__u32 lifetime, int is_first)
{
	__u32 next = lifetime & (HTTPF_SHARED | HTTPF_UNEVEN);

	return is_first || lifetime & HTTPF_ANSWERED ? next : next | HTTPF_UNEVEN;
}

/* The direction of a segment, as HTTPF_CLOSED has it. */
static __always_inline __u32 httpf_lifetime_side(const struct httpf_cpu *cpu)
{
	const struct httpf_headers *h = &cpu->segment.headers;

	return bpf_ntohs(h->source_port) < bpf_ntohs(h->destination_port) ? 2 : 1;
}

/* What becomes of a segment without payload. */
enum { HTTPF_BARE_LEFT_OUT, HTTPF_BARE_PASSES, HTTPF_BARE_ENDS_BOTH };

/* A FIN without payload, or a RST, of the slot's own connection, which does not pass whole. */
static __always_inline int httpf_pass_end(const struct httpf_cpu *cpu, struct httpf_mark *mark)
{
	__u32 lifetime = mark->lifetime, side = httpf_lifetime_side(cpu);
	int is_at_rest = (lifetime & (HTTPF_ANSWERED | HTTPF_UNEVEN)) == HTTPF_ANSWERED;

	if (cpu->segment.headers.flags & HTTPF_RST) {
		mark->lifetime = lifetime | HTTPF_CLOSED;
		return HTTPF_BARE_PASSES;
	}
	mark->lifetime = lifetime | side;
	if (!is_at_rest)
		return HTTPF_BARE_PASSES;
	return (lifetime & HTTPF_CLOSED) == (HTTPF_CLOSED ^ side) ? HTTPF_BARE_ENDS_BOTH
								  : HTTPF_BARE_LEFT_OUT;
}

/* Whether no SYN of its sender's has passed lately; notes that one does. */
static __always_inline int httpf_is_new_address(const struct httpf_cpu *cpu)
{
	const struct httpf_headers *h = &cpu->segment.headers;
	__u64 address = h->is_ip4 ? h->ip4_source : httpf_mix(h->ip6_source[0]) + h->ip6_source[1];
	__u64 mixed = httpf_mix(address ^ httpf_settings.seed);
	__u32 slot = mixed >> 48, tag = (__u32)mixed | 1;
	__u32 *known = bpf_map_lookup_elem(&httpf_addresses, &slot);

	if (!known || *known == tag)
		return 0;
	*known = tag;
	return 1;
}

/* A SYN of a connection that has no slot: whether the reader may know one of its ports. */
static __always_inline int httpf_pass_opening(const struct httpf_cpu *cpu, const struct httpf_mark *mark)
{
	__u32 then = mark->lifetime >> 4, age;

	if (httpf_is_new_address(cpu))
		return HTTPF_BARE_PASSES;
	if (!then)
		return HTTPF_BARE_LEFT_OUT;
	age = httpf_shared_time() + 15 - then;
	return (age >= 15 ? age - 15 : age) < HTTPF_SHARED_UNITS ? HTTPF_BARE_PASSES : HTTPF_BARE_LEFT_OUT;
}

#endif
