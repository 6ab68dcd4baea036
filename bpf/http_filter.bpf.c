/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * httpf_filter: a socket filter that sends the HTTP/1 heads it sees through a ring buffer.
 *
 * It never lets a packet into its socket: the socket is only the hook. It needs nothing of the
 * kernel but the stable context and the packet's bytes. It does by itself what an ordinary packet takes;
 * the other programs take over for what is rare:
 *
 *     httpf_filter ──▶ httpf_headers: tags, options, extension headers
 *          │   ▼           ▲
 *          │   httpf_tunnel ⟲: packets in packets
 *          │                 ├──▶ httpf_fragment ⟲: of IP packets
 *          ├─────────────────┴──▶ httpf_methods: a start that a few comparisons cannot tell
 *          │                           │
 *          ├──▶ httpf_hello: TLS       │    httpf_tunnel ──▶ httpf_initial: QUIC
 *          ├───────────────────────────┼──▶ httpf_single ⟲: whether a head is alone
 *          │                           │         ▼
 *          ├───────────────────────────┼──▶ httpf_search ⟲: where a head ends ───────┐
 *          │                           │                                             ▼
 *          ├───────────────────────────┼──▶ httpf_follow_frames ──▶ httpf_walk_frames ⟲: HTTP/2
 *          │                           │         ▼                           │
 *          └───────────────────────────┴──▶ httpf_stream: depth streams ─────┴──▶ httpf_rest ⟲:
 * super-segments
 */
#include <linux/if_packet.h>

#include "http_fragments.h"
#include "http_frames.h"
#include "http_headers.h"
#include "http_inspect.h"
#include "http_tunnels.h"

/* The loopback device has this index in every network namespace: include/net/net_namespace.h. */
enum { HTTPF_LOOPBACK = 1 };

/* Whether a packet is not to be counted here: a second sighting, or not of the watched direction. */
static __always_inline int httpf_left_out(struct __sk_buff *skb, struct httpf_cpu *cpu)
{
	struct httpf_segment *segment = &cpu->segment;

	segment->forwarded = 0;
	if (skb->ifindex == HTTPF_LOOPBACK) {
		/* Seen once going out and once coming in: pairs with loopback_xmit. */
		segment->direction = HTTPF_UNKNOWN;
		if (skb->pkt_type != PACKET_OUTGOING)
			return 0;
		HTTPF_COUNT(cpu, copies);
		return 1;
	}
	if (skb->pkt_type != PACKET_OUTGOING) {
		segment->direction = HTTPF_INBOUND;
		return httpf_settings.direction == HTTPF_OUT;
	}
	segment->direction = HTTPF_OUTBOUND;
	if (httpf_settings.direction != HTTPF_BOTH)
		return httpf_settings.direction == HTTPF_IN;
	/* A forwarded packet still carries the index of the device that it came in by. */
	segment->forwarded = httpf_settings.all && skb->ingress_ifindex;
	return 0;
}

SEC("socket")
int httpf_filter(struct __sk_buff *skb)
{
	struct httpf_cpu *cpu = httpf_this_cpu();
	int located;

	if (!cpu)
		return 0;
	HTTPF_COUNT(cpu, packets);
	if (httpf_left_out(skb, cpu))
		return 0;
	located = httpf_locate(skb, &cpu->segment.headers);
	if (located == HTTPF_ELSEWHERE) {
		cpu->segment.headers.inner = 0;
		return httpf_tail_call(skb, cpu, HTTPF_AT_HEADERS);
	}
	if (located == HTTPF_TUNNEL) {
		cpu->tunnel.depth = 0;
		return httpf_tail_call(skb, cpu, HTTPF_AT_TUNNEL);
	}
	return httpf_inspect_located(skb, cpu, located);
}

/* A packet whose TCP header is not where it most often is. */
SEC("socket")
int httpf_headers(struct __sk_buff *skb)
{
	struct httpf_cpu *cpu = httpf_this_cpu();
	int located;

	if (!cpu)
		return 0;
	located = httpf_locate_any(skb, &cpu->segment.headers);
	if (located == HTTPF_TUNNEL)
		return httpf_resume_tunnel(skb, cpu);
	if (located == HTTPF_TAGGED) {
		/* PPPoE, MPLS or further tags may follow those in the data. */
		cpu->tunnel.depth = 0;
		return httpf_tail_call(skb, cpu, HTTPF_AT_TUNNEL);
	}
	if (located == HTTPF_FRAGMENTED)
		return httpf_take_fragment(skb, cpu) ? httpf_tail_call(skb, cpu, HTTPF_AT_FRAGMENT) : 0;
	return httpf_inspect_located(skb, cpu, located);
}

/* A packet that may have another one inside: steps over one header after another. */
SEC("socket")
int httpf_tunnel(struct __sk_buff *skb)
{
	struct httpf_cpu *cpu = httpf_this_cpu();
	int found;

	if (!cpu)
		return 0;
	found = httpf_enter(skb, cpu);
	if (found == HTTPF_TUNNEL)
		return httpf_tail_call(skb, cpu, HTTPF_AT_TUNNEL);
	if (found == HTTPF_QUIC)
		return httpf_tail_call(skb, cpu, HTTPF_AT_INITIAL);
	return found == HTTPF_ELSEWHERE ? httpf_tail_call(skb, cpu, HTTPF_AT_HEADERS) : 0;
}

/* The record of a fragment, to one worker after the other: to four a call. */
SEC("socket")
int httpf_fragment(struct __sk_buff *skb)
{
	struct httpf_cpu *cpu = httpf_this_cpu();

	if (!cpu)
		return 0;
	if (httpf_send_fragment(cpu) && httpf_send_fragment(cpu) && httpf_send_fragment(cpu) &&
	    httpf_send_fragment(cpu))
		return httpf_tail_call(skb, cpu, HTTPF_AT_FRAGMENT);
	return 0;
}

/*
 * A payload in `start` that begins with capitals or an empty line, or is too short to tell; a header that a
 * proxy has put before what a client sends; a short response; a status line after stray bytes; a TLS record.
 */
SEC("socket")
int httpf_methods(struct __sk_buff *skb)
{
	struct httpf_cpu *cpu = httpf_this_cpu();

	if (!cpu)
		return 0;
	cpu->segment.begins = HTTPF_NOTHING;
	cpu->segment.final = 0;
	if (httpf_begins_record(&cpu->start.first)) {
		HTTPF_COUNT(cpu, tls);
		/* At depth streams it passes anyhow. */
		if (httpf_settings.depth != HTTPF_STREAMS &&
		    httpf_is_hello(&cpu->start.first, cpu->start.count) &&
		    httpf_is_tls_port(bpf_ntohs(cpu->segment.headers.destination_port)))
			return httpf_tail_call(skb, cpu, HTTPF_AT_HELLO);
	} else if (httpf_settings.depth == HTTPF_AUTO && httpf_is_proxy(&cpu->start) &&
		   httpf_watched(bpf_ntohs(cpu->segment.headers.destination_port))) {
		cpu->segment.begins = HTTPF_PROXY;
	} else {
		httpf_skip_lines(&cpu->start);
		if (!httpf_cannot_begin(cpu->start.first.words[0], cpu->start.count))
			cpu->segment.begins = httpf_begins(&cpu->start);
		if (httpf_settings.depth == HTTPF_AUTO &&
		    httpf_watched(bpf_ntohs(cpu->segment.headers.source_port)))
			httpf_begin_answer(cpu);
	}
	return httpf_decide(skb, cpu, httpf_verifier_reload(&cpu->segment.begins));
}

/*
 * Depth auto: a request's segment that ends with an empty line, and is longer than those known to hold one
 * head alone: searches it for another one, 512 bytes at a time, and sends it if there is none.
 */
SEC("socket")
int httpf_single(struct __sk_buff *skb)
{
	struct httpf_cpu *cpu = httpf_this_cpu();
	int found;

	if (!cpu)
		return 0;
	found = httpf_look_for_blank(cpu);
	if (found == HTTPF_NEXT)
		found = httpf_look_for_blank(cpu);
	if (found == HTTPF_NEXT)
		found = httpf_look_for_blank(cpu);
	if (found == HTTPF_NEXT)
		found = httpf_look_for_blank(cpu);
	if (found == HTTPF_NEXT)
		return httpf_tail_call(skb, cpu, HTTPF_AT_SINGLE);
	if (found == HTTPF_MAYBE_MORE)
		return httpf_continue_search(skb, cpu, 0);
	cpu->search.body = 0;
	httpf_note_single(cpu);
	return httpf_emit_whole(cpu);
}

/*
 * A request's segment whose first piece may not be the end of its head: searches the next 256 bytes of that
 * piece, again and again, sends it, and has httpf_rest send what comes after it. That passes
 * without a search, as rare as it is to be all head.
 */
SEC("socket")
int httpf_search(struct __sk_buff *skb)
{
	struct httpf_cpu *cpu = httpf_this_cpu();
	__u32 size, left, whole = 0;

	if (!cpu)
		return 0;
	if (!cpu->search.ends_blank && httpf_scan(cpu) && httpf_scan(cpu) && httpf_scan(cpu) &&
	    httpf_scan(cpu))
		return httpf_tail_call(skb, cpu, HTTPF_AT_SEARCH);
	cpu->progress.unfinished = !cpu->search.ends_blank && httpf_is_unfinished(cpu);
	cpu->progress.tail = httpf_tail(cpu);
	size = httpf_verifier_reload(&cpu->size);
	left = httpf_verifier_reload(&cpu->left);
	if (httpf_settings.depth == HTTPF_AUTO) {
		if (cpu->search.thorough && !cpu->search.several)
			httpf_note_single(cpu);
		whole = httpf_needs_whole(cpu) && httpf_mark_connection(cpu);
		/* What follows the first piece of a request may be another one: it passes. */
		whole |= left > size && !cpu->progress.unfinished;
		cpu->progress.unfinished &= !whole;
	}
	/* The record after which nothing more is sent answers for all that is left. */
	httpf_emit_piece(cpu, cpu->progress.unfinished || whole ? size : left);
	cpu->event.kind = whole ? HTTPF_STREAM : HTTPF_CONTINUATION;
	if (cpu->left)
		return httpf_tail_call(skb, cpu, HTTPF_AT_REST);
	httpf_settle_request(cpu);
	return 0;
}

/* Depth auto: notes what a segment without payload tells of its connection; whether it passes. */
static __always_inline int httpf_take_bare(struct __sk_buff *skb, struct httpf_cpu *cpu)
{
	/* A stranger's changes nothing here; the worker leaves it out. */
	if (httpf_is_wrong(skb, &cpu->segment.headers))
		return HTTPF_BARE_PASSES;
	if (cpu->segment.headers.flags & HTTPF_SYN) {
		httpf_note_bare(cpu);
		if (!httpf_is_one_sided(cpu))
			httpf_note_opening(cpu);
	}
	return httpf_pass_bare(cpu);
}

/* Depth streams: the segment in as many records as it takes, or one without payload. */
SEC("socket")
int httpf_stream(struct __sk_buff *skb)
{
	struct httpf_cpu *cpu = httpf_this_cpu();
	int bare = HTTPF_BARE_PASSES;

	if (!cpu)
		return 0;
	/* At depth auto it has been computed of what has a payload. */
	if (httpf_settings.depth != HTTPF_AUTO || !httpf_verifier_reload(&cpu->segment.length))
		cpu->flow = httpf_flow(&cpu->segment.headers);
	if (httpf_settings.depth == HTTPF_AUTO && !httpf_verifier_reload(&cpu->segment.length))
		bare = httpf_take_bare(skb, cpu);
	if (bare == HTTPF_BARE_LEFT_OUT)
		return 0;
	cpu->worker = httpf_worker(&cpu->flow);
	httpf_describe(skb, cpu);
	if (bare == HTTPF_BARE_ENDS_BOTH)
		cpu->event.direction |= HTTPF_ENDS_BOTH;
	httpf_begin_pieces(cpu);
	cpu->event.kind = HTTPF_STREAM;
	/* With a payload it has passed httpf_follow_frames. */
	if (httpf_settings.depth == HTTPF_AUTO && cpu->left)
		cpu->event.question = cpu->walk.question;
	cpu->size = 0;
	if (cpu->left && !httpf_take_piece(skb, cpu, HTTPF_PIECE))
		return 0;
	httpf_emit_piece(cpu, cpu->size);
	return cpu->left ? httpf_tail_call(skb, cpu, HTTPF_AT_REST) : 0;
}

/*
 * Depth auto, a marked connection: passes of HTTP/2's frames what matters; what is no such frames, or nobody
 * knows where they begin, passes whole.
 */
SEC("socket")
int httpf_follow_frames(struct __sk_buff *skb)
{
	struct httpf_cpu *cpu = httpf_this_cpu();
	__u32 start;

	if (!cpu)
		return 0;
	cpu->walk.question = 0;
	if (httpf_is_one_sided(cpu) || !httpf_find_frame(skb, cpu, &start))
		return httpf_tail_call(skb, cpu, HTTPF_AT_STREAM);
	/* A stranger's frames lead to none of the connection's; the worker leaves them out. */
	if (!(cpu->segment.headers.flags & HTTPF_ACK) || httpf_is_payload_wrong(skb, cpu))
		return httpf_tail_call(skb, cpu, HTTPF_AT_STREAM);
	cpu->worker = httpf_worker(&cpu->flow);
	httpf_describe(skb, cpu);
	httpf_begin_pieces(cpu);
	cpu->event.kind = HTTPF_STREAM;
	httpf_pass_over(cpu, start);
	if ((__s32)cpu->walk.at < 0 && !httpf_complete_header(skb, cpu))
		return httpf_give_up_frames(skb, cpu);
	return httpf_tail_call(skb, cpu, HTTPF_AT_WALK);
}

/* Walks from frame to frame, eight a call; and sends what matters of them, up to the segment's end. */
SEC("socket")
int httpf_walk_frames(struct __sk_buff *skb)
{
	struct httpf_cpu *cpu = httpf_this_cpu();

	if (!cpu)
		return 0;
	if (httpf_step_frame(skb, cpu) && httpf_step_frame(skb, cpu) && httpf_step_frame(skb, cpu) &&
	    httpf_step_frame(skb, cpu) && httpf_step_frame(skb, cpu) && httpf_step_frame(skb, cpu) &&
	    httpf_step_frame(skb, cpu) && httpf_step_frame(skb, cpu)) {
		if (++cpu->walk.calls < HTTPF_WALKS)
			return httpf_tail_call(skb, cpu, HTTPF_AT_WALK);
		return httpf_give_up_frames(skb, cpu);
	}
	httpf_keep_frames(skb, cpu);
	return httpf_emit_left(skb, cpu);
}

/*
 * What is left of a super-segment: of one in depth streams, or of one that is all head. Four pieces a
 * call, since BIG TCP goes up to 512 KiB (GSO_MAX_SIZE) and a chain has 33 calls.
 */
SEC("socket")
int httpf_rest(struct __sk_buff *skb)
{
	struct httpf_cpu *cpu = httpf_this_cpu();

	if (!cpu)
		return 0;
	if (httpf_emit_rest(skb, cpu) && httpf_emit_rest(skb, cpu) && httpf_emit_rest(skb, cpu) &&
	    httpf_emit_rest(skb, cpu))
		return httpf_tail_call(skb, cpu, HTTPF_AT_REST);
	if (cpu->event.kind != HTTPF_STREAM)
		httpf_settle_request(cpu);
	return 0;
}

/* A segment to a port of TLS: sends it if a client says its first words in it. */
SEC("socket")
int httpf_hello(struct __sk_buff *skb)
{
	struct httpf_cpu *cpu = httpf_this_cpu();

	if (cpu)
		httpf_take_hello(skb, cpu);
	return 0;
}

/* A datagram, its UDP header at `tunnel.at`, that begins like a connection of QUIC. */
SEC("socket")
int httpf_initial(struct __sk_buff *skb)
{
	struct httpf_cpu *cpu = httpf_this_cpu();

	if (!cpu)
		return 0;
	if (httpf_admits(&cpu->initials, bpf_ktime_get_ns(), HTTPF_INITIALS))
		httpf_take_initial(skb, cpu);
	else
		HTTPF_COUNT(cpu, skipped_initials);
	return 0;
}

/*
 * Reads the kernel's clock for a loader that may live in a time namespace of its own, where the
 * same clock reads differently: on a socket of its own, or by BPF_PROG_TEST_RUN (KernelClock.swift).
 */
SEC("socket")
int httpf_clock(struct __sk_buff *skb)
{
	struct httpf_cpu *cpu = httpf_this_cpu();

	if (cpu)
		cpu->counters.clock = bpf_ktime_get_ns();
	return 0;
}

/* The compiler that made this object, where it is found in the object's bytes: httpf_compiler(). */
#define HTTPF_TEXT(number) #number
#define HTTPF_NUMBER(number) HTTPF_TEXT(number)
#ifdef __bpf__
const char httpf_compiler[] SEC("compiler") = "httpf-compiler=clang " HTTPF_NUMBER(
    __clang_major__) "." HTTPF_NUMBER(__clang_minor__) "." HTTPF_NUMBER(__clang_patchlevel__);
#endif

char httpf_license[] SEC("license") = "Dual BSD/GPL";
