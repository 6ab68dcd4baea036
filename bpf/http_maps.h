/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * httpf_settings and the maps: all that the filter keeps or reads besides the packet itself.
 *
 * Everything per CPU is a plain array indexed by CPU: its lookup is inlined by every JIT, while a
 * per-CPU array's is a call on older kernels. The loader sets `max_entries` to the CPUs that there
 * can be. A CPU's block is written by that CPU alone: taps run with bottom halves disabled, so no
 * second packet can be filtered on it meanwhile.
 */
#ifndef HTTPF_MAPS_H
#define HTTPF_MAPS_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

#include "../Sources/CHTTPFilter/include/http_filter.h"
#include "http_begins.h"
#include "http_quota.h"

#ifdef __bpf__
/* Read-only and frozen before the load: the verifier drops the branches that cannot be taken. */
const volatile struct httpf_settings httpf_settings = {0};
#else
/* Built for this machine, where sanitizers and the fuzzer reach it: Tests/Fuzzing/CFilter. */
static struct httpf_settings httpf_settings;
#endif

/*
 * Adds one to a counter. The empty assembly differs from counter to counter, so that the compiler
 * cannot make one addition of several at a computed address: without CAP_PERFMON that is refused.
 */
#define HTTPF_COUNT(cpu, field)                                                                              \
	do {                                                                                                 \
		(cpu)->counters.field++;                                                                     \
		asm volatile("" : : "i"(__builtin_offsetof(struct httpf_counters, field)));                  \
	} while (0)

/*
 * A number that is kept in memory so that it is the same to the verifier on every path, whatever the path
 * made of it: it would follow each of them separately otherwise. Without CAP_PERFMON it also wants the
 * number that a load's address is computed from to have the same bounds on every path to it.
 */
static __always_inline __u32 httpf_verifier_reload(const __u32 *number)
{
	return *(volatile const __u32 *)number;
}

/* Bytes of one load from the TCP header on: with timestamps it has 32, then come the payload's first 24. */
enum { HTTPF_TRANSPORT_BYTES = 56 };

/* Whether the bytes after the TCP header came with it; or, without them, that it cannot be verified, in a
 * tunnel too. */
enum { HTTPF_NO_PREFIX, HTTPF_HAS_PREFIX, HTTPF_UNVERIFIABLE, HTTPF_TUNNELLED };

/*
 * One buffer for both families: the TCP header is always at 40, after an IPv6 header at 0 or an IPv4
 * header without options at 20, so that one load brings both, and of a segment that is long enough the
 * beginning of its payload.
 */
struct httpf_headers {
	union {
		__u8 bytes[40 + HTTPF_TRANSPORT_BYTES];
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
	__u32 offset;	/* of the TCP header; before it is found, of the header to read next */
	__u32 next;	/* the type of the IPv6 header at `offset` */
	__u32 prefix;	/* HTTPF_NO_PREFIX, … */
	__u32 tags;	/* of a packet of a VLAN's type: the VLANs in its data, 12 bits each */
	__u32 inner;	/* the version of IP at `offset`, in a tunnel; 0 of the outermost header */
	__u32 networks; /* in a tunnel: httpf_tunnel.network */
	__u32 first;	/* of a fragment: the offset of its TCP header; 0 if it has none */
} __attribute__((aligned(8)));
_Static_assert(__builtin_offsetof(struct httpf_headers, ip4_source) == 32, "IPv4 at 20");
_Static_assert(__builtin_offsetof(struct httpf_headers, source_port) == 40, "TCP at 40");

/* A TCP segment on a watched port, and what is known about it so far. */
struct httpf_segment {
	struct httpf_headers headers;
	__u32 offset;	 /* of the payload in the packet */
	__u32 length;	 /* of the payload, bytes */
	__u32 direction; /* HTTPF_INBOUND, … */
	__u32 forwarded; /* whether it leaves by a device after it came in by another one */
	__u32 begins;	 /* HTTPF_REQUEST, … */
	__u32 final;	 /* of a response's beginning: HTTPF_ANSWERED unless its status is interim, or 0 */
};

/* One direction of a flow, as the table of unfinished heads knows it, and what a segment does to it. */
struct httpf_progress {
	__u32 slot;	 /* index in httpf_heads */
	__u32 tag;	 /* the flow's, never 0 */
	__u32 sequence;	 /* of the segment's first payload byte */
	__u32 end;	 /* of the byte after its last one */
	__u8 continues;	 /* whether it has bytes of the unfinished head in that slot */
	__u8 unfinished; /* whether a head continues after the last piece */
	__u8 tail;	 /* HTTPF_TAIL_…: how that piece ended */
};

/* The search for empty lines in a piece, from chunk to chunk and from program to program. */
struct httpf_search {
	__u64 after_lf; /* what the last byte of a chunk was, as masks */
	__u64 after_lf_cr;
	__u32 at;	  /* where in the piece the search stands */
	__u32 after;	  /* where the last empty line of the piece ended */
	__u32 ends_blank; /* whether the segment ends with an empty line: nothing is to be searched */
	__u32 thorough;	  /* whether all of the piece is searched: several heads mark the connection */
	__u32 bare;	  /* bytes from which on a request's segment may hold several: without a body, */
	__u32 loaded;	  /* and with one */
	__u32 several;	  /* whether more than one empty line was found */
	__u32 body;	  /* where the last empty line of the piece ended, whatever follows */
};

/* The walk through the frames of a segment, from program to program. */
struct httpf_walk {
	__u32 at;	/* of the next frame's header in the payload; may lie after its end */
	__u32 calls;	/* of httpf_walk_frames for this segment, and of httpf_tunnel before them */
	__u32 is_data;	/* whether the frame before it is DATA */
	__u32 base;	/* as in httpf_frames.range */
	__u32 header;	/* httpf_frames.header's low half, as the segment before it left it */
	__be32 bytes;	/* of a header that continues in the next segment */
	__u32 question; /* what the segment's records ask */
	__u64 owner;	/* as in httpf_frames */
};

/* The way through the headers of a tunnel, from program to program. */
struct httpf_tunnel {
	__u32 layer;   /* what is at `at`: HTTPF_LAYER_… */
	__u32 at;      /* in the packet */
	__u32 depth;   /* headers read so far */
	__u32 network; /* the virtual networks that the packet is in, as one number */
	__u8 bytes[40];
};

/* The flow as two numbers: one the same for both directions, one for this direction alone. */
struct httpf_flow {
	__u64 both;
	__u64 one;
};

/*
 * What one CPU counts, and where it inspects a packet and puts its records together. All of it is here
 * and not on the stack: the programs that a packet passes share it, and the verifier sees one state after
 * every path through the headers. Sending from here (bpf_ringbuf_output) costs a second copy out of the
 * first-level cache, and saves what reserving costs: a constant size, and with it either many variants of
 * the program or a ring full of padding.
 *
 * The reader maps it, so that counting continues once no bpf() call is allowed any more. The kernel starts
 * the array on a page (array_map_alloc, BPF_F_MMAPABLE), so blocks of whole pairs of cache lines are what
 * keeps CPUs from writing to one another's: processors fetch lines in pairs.
 */
struct httpf_cpu {
	struct httpf_counters counters;
	struct httpf_segment segment;
	struct httpf_start start;
	struct httpf_flow flow; /* the segment's */
	struct httpf_progress progress;
	struct httpf_search search;
	struct httpf_walk walk;
	struct httpf_tunnel tunnel;
	struct httpf_quota fragments;
	struct httpf_quota hellos;
	struct httpf_quota initials;
	__u64 unchecked; /* bytes sent since the ring's fill was last checked */
	__u32 worker;	 /* whose ring the flow's records go to */
	/* The piece that is sent next. */
	__u32 offset; /* in the packet */
	__u32 left;   /* bytes of the segment from there on */
	__u32 size;   /* of the piece */
	__u8 flags;   /* TCP flags of the pieces to come */
	__u8 request; /* whether the piece begins a request */
	struct httpf_event event;
	__u8 payload[HTTPF_PIECE];
	__u64 end[8]; /* space to read whole chunks past the last payload byte */
} __attribute__((aligned(128)));
_Static_assert(sizeof(struct httpf_cpu) % 128 == 0, "no two CPUs share a pair of cache lines");
_Static_assert(__builtin_offsetof(struct httpf_cpu, counters) == 0, "where the reader looks for them");
_Static_assert(__builtin_offsetof(struct httpf_cpu, payload) ==
		   __builtin_offsetof(struct httpf_cpu, event) + sizeof(struct httpf_event),
	       "one record in one piece");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct httpf_cpu);
} httpf_cpus SEC(".maps");

/* The block of the CPU that this runs on; never null where the loader has done its work. */
static __always_inline struct httpf_cpu *httpf_this_cpu(void)
{
	__u32 cpu = bpf_get_smp_processor_id();

	return bpf_map_lookup_elem(&httpf_cpus, &cpu);
}

/* A segment that was seen a moment ago: the machine may forward it. */
struct httpf_sighting {
	__be32 sequence, acknowledgement;
	__be16 source_port, destination_port;
	__u32 passed; /* whether a record of it was sent */
};
enum { HTTPF_SIGHTINGS = 64 };

/*
 * The last segments that each CPU has seen, HTTPF_SIGHTINGS of them, direct-mapped by their numbers: a packet
 * is forwarded on the CPU that it came in on, in the batch that it came in with. One that is not found any
 * more passes twice, and the reader leaves its second sighting out.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE); /* starts on a page: no two CPUs share a pair of cache lines */
	__uint(max_entries, HTTPF_SIGHTINGS);
	__type(key, __u32);
	__type(value, struct httpf_sighting);
} httpf_sightings SEC(".maps");

/* The slot of a segment's numbers among those of the CPU that this runs on. */
static __always_inline struct httpf_sighting *httpf_sighting(const struct httpf_headers *h)
{
	__u32 mixed = (h->sequence ^ h->acknowledgement) * 0x9e3779b1u;
	__u32 slot = bpf_get_smp_processor_id() * HTTPF_SIGHTINGS + (mixed >> 26);

	return bpf_map_lookup_elem(&httpf_sightings, &slot);
}

/* One direction of a flow whose head has not ended: the bytes from `next` up to `limit` pass. */
struct httpf_unfinished {
	__u32 tag; /* the flow, 0 for none */
	__u32 next;
	__u32 limit;
	__u8 response; /* its end is not searched: `limit` is it */
	__u8 tail;     /* HTTPF_TAIL_…: how the bytes before `next` ended */
	__u16 zero;
};

/*
 * Direct-mapped by flow hash: a segment of body costs one inlined lookup of one slot. A flow that
 * falls on another one's slot takes it (counted as evicted). CPUs may race for a slot: the worst
 * that follows is a continuation too many or one too few, never an access out of bounds.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, HTTPF_UNFINISHED);
	__type(key, __u32);
	__type(value, struct httpf_unfinished);
} httpf_heads SEC(".maps");

/*
 * Direct-mapped by connection. The loader maps it into the reader, which writes its wishes there without a
 * system call; nothing that it could write there moves the filter out of bounds.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, HTTPF_MARKS);
	__type(key, __u32);
	__type(value, struct httpf_mark);
} httpf_marks SEC(".maps");

/*
 * One byte a slot of httpf_marks, set by either side when its connection may pass whole: all that a segment
 * of a response's body has to look at, in memory that fits a processor's cache. Set too often, it costs time
 * alone.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct httpf_marked);
} httpf_marked SEC(".maps");

/* The addresses whose SYN has passed: the reader learns by it that they fill checksums in. Direct-mapped. */
enum { HTTPF_ADDRESSES = 65536 };
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, HTTPF_ADDRESSES);
	__type(key, __u32);
	__type(value, __u32);
} httpf_addresses SEC(".maps");

/* By connection and direction: httpf_side. The filter's alone. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, HTTPF_SIDES);
	__type(key, __u32);
	__type(value, struct httpf_frames);
} httpf_frames SEC(".maps");

/* What workers answer, by the same index; mapped as httpf_marks is. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, HTTPF_SIDES);
	__type(key, __u32);
	__type(value, struct httpf_answer);
} httpf_answers SEC(".maps");

/* The client's side of a connection whose hello continues after its first segment. */
struct httpf_opening {
	__u32 tag;  /* the flow, 0 for none */
	__u32 next; /* the sequence number that follows */
};
enum { HTTPF_OPENINGS = 1024 };

/* Direct-mapped by flow hash: a hello's segments follow each other at once. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, HTTPF_OPENINGS);
	__type(key, __u32);
	__type(value, struct httpf_opening);
} httpf_openings SEC(".maps");

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
