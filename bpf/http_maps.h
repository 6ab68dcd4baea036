/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * httpf_settings and the maps: all that the filter keeps or reads besides the packet itself.
 *
 * Everything per CPU is a plain array indexed by CPU: its lookup is inlined by every JIT, while a
 * per-CPU array's is a call on older kernels. The loader sets `max_entries` to the CPUs that there
 * can be. A CPU's slot is written by that CPU alone: taps run with bottom halves disabled, so no
 * second packet can be filtered on it meanwhile.
 */
#ifndef HTTPF_MAPS_H
#define HTTPF_MAPS_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

#include "../Sources/CHTTPFilter/include/http_filter.h"

#ifdef __bpf__
/* Read-only and frozen before the load: the verifier drops the branches that cannot be taken. */
const volatile struct httpf_settings httpf_settings = {0};
#else
/* Built for this machine, where sanitizers and the fuzzer reach it: Tests/Fuzzing/CFilter. */
static struct httpf_settings httpf_settings;
#endif

/* Mapped by the reader, so that counting goes on once no bpf() call is allowed any more. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct httpf_counters);
} httpf_counts SEC(".maps");

/*
 * Adds one to a counter. The empty assembly differs from counter to counter, so that the compiler
 * cannot make one addition of several at a computed place: without CAP_PERFMON that is refused.
 */
#define HTTPF_COUNT(counters, field)                                                                         \
	do {                                                                                                 \
		(counters)->field++;                                                                         \
		asm volatile("" : : "i"(__builtin_offsetof(struct httpf_counters, field)));                  \
	} while (0)

/* What one load brings from the TCP header on: with timestamps it has 32 bytes, then the payload's first 24.
 */
enum { HTTPF_NEAR = 56 };

/*
 * One buffer for both families: the TCP header is always at 40, right behind an IPv6 header at 0 or
 * an IPv4 header without options at 20, so that one load brings both, and of a segment that is long
 * enough the beginning of its payload.
 */
struct httpf_headers {
	union {
		__u8 bytes[40 + HTTPF_NEAR];
		struct {
			__be32 ip6_first;
			__be16 ip6_length;
			__u8 ip6_next, ip6_hops;
			__u64 ip6_source[2], ip6_destination[2];
		};
		struct {
			__u8 before_ip4[20];
			__u8 ip4_first, ip4_service;
			__be16 ip4_length, ip4_id, ip4_fragment;
			__u8 ip4_ttl, ip4_protocol;
			__be16 ip4_checksum;
			__be32 ip4_source, ip4_destination;
			__be16 source_port, destination_port;
			__be32 sequence, acknowledgement;
			__u8 data_offset, flags;
			__be16 window, checksum, urgent;
		};
	};
	__u32 end; /* of the IP packet: what follows is padding */
	__u32 is_ip4;
	__u32 offset;  /* of the TCP header; before it is found, of what is looked at */
	__u32 next;    /* the type of the IPv6 header at `offset` */
	__u32 is_near; /* whether the bytes behind the TCP header are here too */
} __attribute__((aligned(8)));
_Static_assert(__builtin_offsetof(struct httpf_headers, ip4_source) == 32, "IPv4 at 20");
_Static_assert(__builtin_offsetof(struct httpf_headers, source_port) == 40, "TCP at 40");

/* A TCP segment on a watched port, and what is known about it so far. */
struct httpf_segment {
	struct httpf_headers headers;
	__u32 offset;	 /* of the payload in the packet */
	__u32 length;	 /* of the payload */
	__u32 direction; /* HTTPF_INBOUND, … */
	__u32 begins;	 /* HTTPF_REQUEST, … */
};

/*
 * Where a CPU looks at a packet and puts its record together. All of it stands here and not on the
 * stack, so that the verifier sees one state behind every way through the headers. Sending from
 * here (bpf_ringbuf_output) costs a second copy out of the first-level cache, and saves what
 * reserving costs: a constant size, and with it either many variants of the program or a ring full
 * of padding.
 */
struct httpf_scratch {
	struct httpf_segment segment;
	struct httpf_event event;
	__u8 payload[HTTPF_PIECE];
	__u64 end[8];	 /* room to read whole chunks past the last payload byte */
	__u64 unchecked; /* bytes sent since the ring was last looked at */
	__u64 after_lf;	 /* httpf_scan: what the last byte of a chunk was, as masks */
	__u64 after_lf_cr;
	/* What the loops over pieces carry from turn to turn, here for the same reason. */
	__u32 offset;	 /* of the next piece in the packet */
	__u32 left;	 /* bytes from there on */
	__u32 size;	 /* of the piece */
	__u32 at;	 /* where in it the search for its end stands */
	__u32 after;	 /* where the last empty line of the piece ended */
	__u8 flags;	 /* TCP flags of the pieces to come */
	__u8 request;	 /* whether the next piece begins a request */
	__u8 unfinished; /* whether a head goes on behind the last piece */
	__u8 tail;	 /* HTTPF_TAIL_…: how it ended */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct httpf_scratch);
} httpf_scratches SEC(".maps");

/* One direction of a flow whose head has not ended: the bytes from `next` up to `limit` pass. */
struct httpf_unfinished {
	__u32 tag; /* the flow, 0 for none */
	__u32 next;
	__u32 limit;
	__u8 response; /* its end is not looked for: `limit` is it */
	__u8 tail;     /* HTTPF_TAIL_…: how the bytes before `next` ended */
	__u16 zero;
};

/*
 * Direct-mapped by flow hash: a segment of body costs one inlined look at one slot. A flow that
 * falls on another one's slot takes it (counted as evicted). CPUs may race for a slot: the worst
 * that follows is a continuation too many or one too few, never an access out of bounds.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, HTTPF_UNFINISHED);
	__type(key, __u32);
	__type(value, struct httpf_unfinished);
} httpf_heads SEC(".maps");

/* One ring a worker; the loader makes them, in the size there is memory for. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(
	    values, struct {
		    __uint(type, BPF_MAP_TYPE_RINGBUF);
		    __uint(max_entries, 4096);
	    });
} httpf_rings SEC(".maps");

#endif
