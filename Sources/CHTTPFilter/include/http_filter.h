/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * struct httpf_event: what the filter in the kernel and its reader exchange.
 *
 * Included by bpf/ and by Swift alike, so it holds plain numbers only. Both sides run on the same
 * machine and were built together: there is no version and no byte order to mind, but every size
 * is asserted, because the two sides are built by two compilers.
 */
#ifndef HTTPF_FILTER_H
#define HTTPF_FILTER_H

#include <linux/types.h>

enum {
	/* Most payload bytes in one record; what is longer comes as several records. */
	HTTPF_PIECE = 16384,
	/* The same for the first record of a request's segment: in these its end is searched. */
	HTTPF_HEAD_PIECE = 4096,
	/* Payload bytes copied of a response: its status line and the fields that frame its body. */
	HTTPF_RESPONSE_BYTES = 512,
	/* A head that has not ended after this many bytes is no longer followed. */
	HTTPF_HEAD_LIMIT = 65536,
	/* "HTTP/1.1 200 ": what must have been seen of a response before it is left alone. */
	HTTPF_STATUS_BYTES = 13,
	/* Flows whose unfinished heads are followed at a time; a power of two. */
	HTTPF_UNFINISHED = 65536,
	/* Slots for connections that may be marked at depth auto: one for each value of the hash's top 16
	   bits. */
	HTTPF_MARKS = 65536,
};

/* How much passes; the cases of CaptureDepth. */
enum { HTTPF_HEADS = 0, HTTPF_STREAMS = 1, HTTPF_AUTO = 2 };

/* What a worker wishes of a connection; the values of DepthHint. */
enum { HTTPF_NO_WISH = 0, HTTPF_MARK = 1, HTTPF_CLEAR = 2, HTTPF_LEAVE = 3 };

/*
 * What both sides know of a connection at depth auto. Each word has one writer: the filter, and the one
 * worker to which the slot belongs. Both begin with the connection's tag in the upper half. A wish holds for
 * one generation of the slot: another connection, a new one of the same ports and a new mark each begin the
 * next one.
 */
struct httpf_mark {
	__u64 kernel;	       /* tag << 32 | generation << 2 | whether it is marked */
	__u64 user;	       /* tag << 32 | generation << 2 | HTTPF_MARK, … */
	__u32 acknowledgement; /* of the last segment that began a request */
	__u32 asked;	       /* the number after the last byte that the client was seen to send */
	__u16 seen;    /* when a marked connection last sent something, in HTTPF_SEEN_UNITs; 0 for never */
	__u8 lifetime; /* HTTPF_CLOSED, … in bpf/http_lifetimes.h */
	__u8 zero;
	/* Bytes of the longest segments that were searched and hold one request each: of those without a
	   body, at least 1 after the first request, and of those with one. */
	__u16 bare, loaded;
};
_Static_assert(sizeof(struct httpf_mark) == 32, "one line of a cache");

/* Which slots may have a connection that is marked: a byte each, not 0. */
struct httpf_marked {
	__u8 slots[HTTPF_MARKS];
};

/* Elements of the tables of frames: two a slot of httpf_marks, one for each direction. */
enum { HTTPF_SIDES = 2 * HTTPF_MARKS };

/*
 * Where the frames of one direction of a marked connection stand. Each word is whole in itself and true by
 * itself, as CPUs may race for them: of two writers' words any mixture holds.
 */
struct httpf_frames {
	__u64 owner; /* the connection's httpf_mark.kernel without its last two bits; 0 for none */
	/* base << 32 | done: what matters of the numbers from base to done has passed, or there is nothing.
	 */
	__u64 range;
	/* next << 32 | length << 8 | HTTPF_HEADER_…: the next frame's first byte, and what was seen of its
	   header. */
	__u64 header;
	__u8 question; /* the number of the question for the next frame's first byte; 0 before the first */
	__u8 zero[7];
};
_Static_assert(sizeof(struct httpf_frames) == 32, "half a line of a cache");

/*
 * A worker's answer to such a question, or 0: the sequence number of a frame's first byte << 32 |
 * HTTPF_ANSWER of the connection and the question. One writer, the slot's worker.
 */
struct httpf_answer {
	__u64 word;
};

/* Which question of which connection is answered; `owner` as in httpf_frames. FrameAnswers.swift has the
 * same. */
#define HTTPF_ANSWER(owner, question)                                                                        \
	((((__u32)((owner) >> 32) ^ (__u32)(owner)*0x9e3779b1u) & ~(__u32)0xff) | (question))

/*
 * Why a record was sent; the values of Segment.Kind. A fragment is no segment: the payload is an IP packet,
 * and of the record's head only time, interface, direction, network and length mean something.
 */
enum {
	HTTPF_START = 0,
	HTTPF_CONTINUATION = 1,
	HTTPF_STREAM = 2,
	HTTPF_FRAGMENT = 3,
	HTTPF_HELLO = 4,
	HTTPF_INITIAL = 5
};

/* Which way a packet crossed the interface; the values of Segment.Direction. */
enum { HTTPF_UNKNOWN = 0, HTTPF_INBOUND = 1, HTTPF_OUTBOUND = 2 };

/* Added to it: a FIN after the other direction's, which did not pass. */
enum { HTTPF_ENDS_BOTH = 8 };

/* The same: the checksum of the packet's IPv4 header is wrong. */
enum { HTTPF_IP_WRONG = 4 };

/* Which packets count; the cases of CaptureDirection. */
enum { HTTPF_BOTH = 0, HTTPF_IN = 1, HTTPF_OUT = 2 };

/*
 * The head of every record in the ring; the captured payload bytes follow it to the record's end.
 * Numbers are in host order, addresses as on the wire, IPv4 ones in their IPv4-mapped form.
 */
struct httpf_event {
	__u64 time; /* bpf_ktime_get_ns() */
	__u64 source[2];
	__u64 destination[2];
	__u32 sequence; /* of the first payload byte: 1 is added for a SYN */
	__u32 acknowledgement;
	__u32 payload_length; /* on the wire, from `sequence` on; may exceed what was captured */
	__u32 interface;
	__u16 source_port;
	__u16 destination_port;
	__u8 kind;
	/* HTTPF_INBOUND, …, perhaps with HTTPF_ENDS_BOTH or HTTPF_IP_WRONG; in the upper half the length of
	   the TCP header, in words of 32 bits. */
	__u8 direction;
	__u8 flags;
	__u8 question; /* what is asked by it: where the direction's next frame begins; 0 for nothing */
	/* The sum of the TCP header from its fourth word on, as 16-bit words in memory's order, for the
	   reader to verify the checksum; 0 where that cannot be done, since the record is not the whole
	   segment. */
	__u16 header_sum;
	__u16 checksum; /* the TCP header's, in memory's order */
	__u32 network;	/* the packet's VLANs, 12 bits each, the outermost one's lowest; 0 for none */
};
_Static_assert(sizeof(struct httpf_event) == 72, "the reader expects 72 bytes");

/*
 * What the filter decided: CaptureCounters.counters, in their order. One block a CPU: the first part of
 * struct httpf_cpu in bpf/http_maps.h.
 */
struct httpf_counters {
	__u64 packets;
	__u64 copies;
	__u64 on_port;
	__u64 payload;
	__u64 matched;
	__u64 lost;
	__u64 lost_requests;
	__u64 request_heads;
	__u64 response_heads;
	__u64 continuations;
	__u64 tls;
	__u64 http2;
	__u64 fragments;
	__u64 malformed;
	__u64 other_ports;
	__u64 evicted;
	__u64 overlong;
	__u64 tail_calls_failed; /* the packet's inspection broke off: its head may be missing */
	__u64 h2_data_skipped;	 /* bytes of HTTP/2's DATA that did not pass */
	__u64 fragments_refused; /* of the fragments, those that are too many at once, or too long */
	__u64 hellos;		 /* segments of TLS hellos, on their own ports */
	__u64 lost_hellos;	 /* of those, segments that found the ring full */
	__u64 skipped_hellos;	 /* segments that begin a hello, and were too many */
	__u64 skipped_initials;	 /* datagrams that begin like QUIC's connections, and were too many */
	__u64 clock;		 /* no counter: the kernel's clock, as httpf_clock left it */
	__u64 spare[7];
};
_Static_assert(sizeof(struct httpf_counters) == 256, "whole cache lines");

/* The filter's settings: its only constant data, filled in before it is loaded. */
struct httpf_settings {
	__u32 depth;		  /* HTTPF_HEADS, HTTPF_STREAMS or HTTPF_AUTO */
	__u32 direction;	  /* HTTPF_BOTH, HTTPF_IN or HTTPF_OUT */
	__u32 all;		  /* every interface is watched, so that forwarded packets are seen twice */
	__u32 workers;		  /* rings to spread flows over */
	__u64 seed;		  /* of the flow hash: nobody outside can aim for one slot */
	__u32 wakeup_threshold;	  /* bytes waiting in a ring from which on its reader is woken */
	__u32 wakeup_check_bytes; /* bytes a CPU sends before it asks how full the ring is */
	__u32 bare;		  /* every SYN and FIN passes at depth auto: packets are written down */
	__u32 zero;
	__u64 ports[1024];     /* one bit a port: bit p % 64 of word p / 64 */
	__u64 tls_ports[1024]; /* the same: ports whose hellos pass */
};
_Static_assert(sizeof(struct httpf_settings) == 16424, "the loader fills all of .rodata");

/* The offsets of `ports` and `tls_ports`, for a language without offsetof. */
enum { HTTPF_PORTS_AT = 40, HTTPF_TLS_PORTS_AT = 8232 };
_Static_assert(__builtin_offsetof(struct httpf_settings, ports) == HTTPF_PORTS_AT, "see above");
_Static_assert(__builtin_offsetof(struct httpf_settings, tls_ports) == HTTPF_TLS_PORTS_AT, "see above");

#endif
