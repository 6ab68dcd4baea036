/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * httpf_passing: depth auto. Which connections pass whole, since their heads are not enough to read
 * them.
 *
 * The filter marks a connection by itself, so that not even its first responses are missed; the worker that
 * reads it marks others, and clears what passes whole for nothing. CPUs may race for a slot: the worst that
 * follows is a mark too many or one too few.
 */
#ifndef HTTPF_MARKS_H
#define HTTPF_MARKS_H

#include "http_lifetimes.h"

enum {
	HTTPF_MARKED = 1,
	HTTPF_WISH = 3, /* the bits of a wish */
	HTTPF_GENERATION = 4,
	/* Bytes that a client sends at most without any of it being seen. */
	HTTPF_NEAR = 1 << 20,
	/* More than any segment has bytes: not to be searched. */
	HTTPF_NEVER = 0xffffffff,
	/* Nanoseconds, as a shift: some two seconds. */
	HTTPF_SEEN_UNIT = 31,
};

static __always_inline struct httpf_mark *httpf_mark_of(struct httpf_cpu *cpu)
{
	__u32 slot = httpf_mark_slot(&cpu->flow);

	return bpf_map_lookup_elem(&httpf_marks, &slot);
}

/* Whether the slot may have a marked connection: its byte in httpf_marked. */
static __always_inline int httpf_may_be_marked(struct httpf_cpu *cpu)
{
	__u32 slot = httpf_mark_slot(&cpu->flow), zero = 0;
	const struct httpf_marked *marked = bpf_map_lookup_elem(&httpf_marked, &zero);

	return marked && marked->slots[slot & (HTTPF_MARKS - 1)];
}

/*
 * Sets that byte. The pointer is compared with NULL once: verifiers before Linux 6.16 follow a second
 * comparison, without CAP_PERFMON, as if it could be NULL all the same (sanitize_speculative_path).
 */
static __always_inline void httpf_note_marked(struct httpf_cpu *cpu, __u8 may_be_marked)
{
	__u32 slot = httpf_mark_slot(&cpu->flow), zero = 0;
	struct httpf_marked *marked = bpf_map_lookup_elem(&httpf_marked, &zero);

	if (marked)
		marked->slots[slot & (HTTPF_MARKS - 1)] = may_be_marked;
}

static __always_inline __u32 httpf_mark_tag(const struct httpf_cpu *cpu)
{
	return (__u32)cpu->flow.both | 1;
}

/* Whether a connection whose slot this is passes whole. */
static __always_inline int httpf_is_marked(const struct httpf_mark *mark)
{
	__u64 state = mark->kernel, wish = mark->user;

	if ((wish ^ state) >> 2 == 0 && wish & HTTPF_WISH)
		return (wish & HTTPF_WISH) == HTTPF_MARK;
	return state & HTTPF_MARKED;
}

/* Marks the connection whose slot this is, unless its worker wants nothing of it. */
static __always_inline void httpf_set_mark(struct httpf_cpu *cpu, struct httpf_mark *mark)
{
	__u64 state = mark->kernel;

	if ((mark->user ^ state) >> 2 == 0 && (mark->user & HTTPF_WISH) == HTTPF_LEAVE)
		return;
	mark->kernel = (state & ~(__u64)HTTPF_WISH) + HTTPF_GENERATION | HTTPF_MARKED;
	httpf_note_marked(cpu, 1);
}

static __always_inline __u16 httpf_seen_time(void)
{
	return bpf_ktime_get_ns() >> HTTPF_SEEN_UNIT;
}

/* Notes that a marked connection has sent something. */
static __always_inline void httpf_see(struct httpf_mark *mark)
{
	mark->seen = httpf_seen_time() | 1;
}

/* Marks the connection that a segment belongs to, if the slot is its own; whether it is marked now. */
static __always_inline int httpf_mark_connection(struct httpf_cpu *cpu)
{
	struct httpf_mark *mark = httpf_mark_of(cpu);

	if (!mark || mark->kernel >> 32 != httpf_mark_tag(cpu))
		return 0;
	/* Whether it passes whole or not, more than one request may wait. */
	mark->lifetime |= HTTPF_UNEVEN;
	httpf_set_mark(cpu, mark);
	if (!httpf_is_marked(mark))
		return 0;
	httpf_see(mark);
	return 1;
}

/* Marks the connection of a segment with which the answer to its last request is to begin. */
static __always_inline void httpf_mark_answer(struct httpf_cpu *cpu)
{
	const struct httpf_headers *h = &cpu->segment.headers;
	struct httpf_mark *mark;

	cpu->flow = httpf_flow(h);
	mark = httpf_mark_of(cpu);
	if (mark && mark->bare && mark->acknowledgement == bpf_ntohl(h->sequence))
		httpf_mark_connection(cpu);
}

/*
 * Decides what a server's segment begins with, by its first bytes in `start`. The connection is marked whose
 * answer the segment does not show as a head: it begins with other bytes, after which clients look for the
 * status line, and so does the reader; or with a piece of the head alone.
 */
static __always_inline void httpf_begin_answer(struct httpf_cpu *cpu)
{
	const struct httpf_first *first = &cpu->start.first;
	struct httpf_segment *segment = &cpu->segment;
	__u32 begins, is_unseen;

	/* All is loaded again: of what differs from path to path the verifier would follow each. */
	asm volatile("" : : : "memory");
	begins = httpf_verifier_reload(&segment->begins);
	if (begins == HTTPF_NOTHING) {
		is_unseen = httpf_is_stray(first);
	} else if (begins == HTTPF_RESPONSE && cpu->start.count >= 8) {
		segment->final = httpf_is_final(first) ? HTTPF_ANSWERED : 0;
		segment->begins = httpf_is_switch(first) ? HTTPF_SWITCH : HTTPF_RESPONSE;
		is_unseen = segment->length < HTTPF_START_BYTES && !httpf_ends_twice(first);
	} else {
		return;
	}
	cpu->search.several = is_unseen;
	asm volatile("" : : : "memory");
	if (httpf_verifier_reload(&cpu->search.several))
		httpf_mark_answer(cpu);
}

/* Gives a connection the slot that was another one's, or its own in an earlier lifetime. */
static __always_inline void httpf_claim(struct httpf_cpu *cpu, struct httpf_mark *mark)
{
	__u64 generation = (__u32)mark->kernel & ~(__u32)HTTPF_WISH;

	mark->kernel = (__u64)httpf_mark_tag(cpu) << 32 | (__u32)(generation + HTTPF_GENERATION);
	mark->bare = 0;
	mark->loaded = 0;
	/* Only what has passed whole has its byte, as a rule: others leave that memory alone. */
	if (mark->seen)
		httpf_note_marked(cpu, 0);
	mark->seen = 0;
}

/*
 * Whether a slot may be taken from its connection: that does not pass whole, or has been silent for a while.
 * What was seen lately is one unit off at most, either way.
 */
static __always_inline int httpf_may_take(const struct httpf_mark *mark)
{
	return !mark->seen || (__u16)(httpf_seen_time() - mark->seen + 1) >= 3;
}

/*
 * A segment without payload. A client's SYN: what was known of a connection with the same ports is over,
 * unless this SYN is the one that began it and comes late.
 */
static __always_inline void httpf_note_bare(struct httpf_cpu *cpu)
{
	const struct httpf_headers *h = &cpu->segment.headers;
	struct httpf_mark *mark;

	/* Most SYNs need not look: of what is not marked the next request shows that it is another one. */
	if ((h->flags & (HTTPF_SYN | HTTPF_ACK)) != HTTPF_SYN || !httpf_may_be_marked(cpu))
		return;
	mark = httpf_mark_of(cpu);
	if (!mark || mark->kernel >> 32 != httpf_mark_tag(cpu))
		return;
	if (mark->bare && mark->asked - bpf_ntohl(h->sequence) - 1 < HTTPF_HEAD_LIMIT)
		return;
	httpf_claim(cpu, mark);
	mark->lifetime &= HTTPF_SHARED;
}

/* Whether a segment without payload, whose checksum is right, passes; and a FIN in place of both. */
static __always_inline int httpf_pass_bare(struct httpf_cpu *cpu)
{
	const struct httpf_headers *h = &cpu->segment.headers;
	struct httpf_mark *mark = httpf_mark_of(cpu);

	/* Both directions must be seen, and have sides of their own. */
	if (!mark || httpf_settings.bare || httpf_settings.direction != HTTPF_BOTH ||
	    h->source_port == h->destination_port)
		return HTTPF_BARE_PASSES;
	if (h->flags & HTTPF_SYN)
		return mark->kernel >> 32 == httpf_mark_tag(cpu) ? HTTPF_BARE_PASSES
								 : httpf_pass_opening(cpu, mark);
	if (mark->kernel >> 32 != httpf_mark_tag(cpu) || httpf_is_marked(mark))
		return HTTPF_BARE_PASSES;
	return httpf_pass_end(cpu, mark);
}

/*
 * Whether a request is one of another connection of the same ports, whose SYN nobody has looked at: far from
 * what its client sent before. A mark is left, as anybody can send this: what passes whole for nothing is
 * cleared.
 */
static __always_inline int httpf_is_another(const struct httpf_mark *mark, __u32 sequence)
{
	return mark->bare && sequence - mark->asked + HTTPF_NEAR >= 2 * HTTPF_NEAR && !httpf_is_marked(mark);
}

/* Whether a request is asked for before the answer to the one before it: nothing was received in between. */
static __always_inline int httpf_is_pipelined(const struct httpf_mark *mark, __u32 acknowledgement,
					      __u32 sequence)
{
	return mark->bare && mark->acknowledgement == acknowledgement && (__s32)(sequence - mark->asked) >= 0;
}

/*
 * Which requests' segments are searched for further ones, which takes time: those that are longer, by a
 * quarter, than any that was found to hold one alone. Clients send requests of about the same length.
 */
static __always_inline void httpf_limit_search(struct httpf_cpu *cpu, const struct httpf_mark *mark)
{
	cpu->search.bare = mark->bare + (mark->bare >> 2);
	cpu->search.loaded = mark->loaded + (mark->loaded >> 2);
}

/* Notes that a request's segment was searched and holds no other one. */
static __always_inline void httpf_note_single(struct httpf_cpu *cpu)
{
	__u32 size = cpu->size, is_bare = cpu->search.body == 0 || cpu->search.body == size;
	struct httpf_mark *mark = httpf_mark_of(cpu);

	if (!mark || mark->kernel >> 32 != httpf_mark_tag(cpu))
		return;
	if (is_bare && mark->bare < size)
		mark->bare = size;
	else if (!is_bare && mark->loaded < size)
		mark->loaded = size;
}

/* How much of a segment passes. */
enum { HTTPF_PASS_HEADS, HTTPF_PASS_WHOLE, HTTPF_PASS_NOTHING };

/* The element of a segment's direction in the tables of frames; FrameAnswers.swift computes the same. */
static __always_inline __u32 httpf_side(const struct httpf_cpu *cpu)
{
	const struct httpf_headers *h = &cpu->segment.headers;

	return httpf_mark_slot(&cpu->flow) << 1 |
	       (bpf_ntohs(h->source_port) < bpf_ntohs(h->destination_port));
}

/* A word that other CPUs, or a worker, may write meanwhile. */
static __always_inline __u64 httpf_word_of(const __u64 *word)
{
	return *(volatile const __u64 *)word;
}

/* Whether a marked connection's segment has nothing that matters: it lies in HTTP/2's DATA. */
static __always_inline int httpf_is_data(struct httpf_cpu *cpu, struct httpf_mark *mark, __u32 sequence,
					 __u32 end)
{
	__u32 side = httpf_side(cpu);
	const struct httpf_frames *frames = bpf_map_lookup_elem(&httpf_frames, &side);
	__u64 range;

	if (!frames || httpf_word_of(&frames->owner) != (mark->kernel & ~(__u64)HTTPF_WISH))
		return 0;
	range = httpf_word_of(&frames->range);
	if ((__s32)(sequence - (__u32)(range >> 32)) < 0 || (__s32)((__u32)range - end) < 0 ||
	    cpu->segment.headers.flags & (HTTPF_FIN | HTTPF_SYN | HTTPF_RST))
		return 0;
	cpu->counters.h2_data_skipped += end - sequence;
	/* The clock is slow: once in 64 KiB. */
	if ((sequence ^ end) >> 16)
		httpf_see(mark);
	return 1;
}

/*
 * Notes what a segment that begins something tells of its connection. Whether the connection needs a mark:
 * its heads are not enough.
 */
static __always_inline __u32 httpf_note_beginning(struct httpf_cpu *cpu, struct httpf_mark *mark,
						  __u32 begins, __u32 sequence, __u32 acknowledgement,
						  __u8 *lifetime)
{
	__u32 needs_mark;

	if (begins == HTTPF_REQUEST) {
		needs_mark = httpf_is_pipelined(mark, acknowledgement, sequence);
		*lifetime = httpf_lifetime_asked(*lifetime, !mark->bare);
		httpf_limit_search(cpu, mark);
		mark->acknowledgement = acknowledgement;
		return needs_mark;
	}
	/* HTTP/2, an upgrade to it, or another one, of which the worker wants nothing; a header before a
	   request. */
	if (begins >= HTTPF_PREFACE)
		return !httpf_is_marked(mark);
	if (begins == HTTPF_RESPONSE && mark->bare && cpu->segment.headers.flags & HTTPF_ACK) {
		/* It acknowledges what has not come by yet: its request is late. */
		if (acknowledgement != mark->asked)
			return acknowledgement - mark->asked < HTTPF_HEAD_LIMIT;
		*lifetime |= cpu->segment.final;
	}
	return 0;
}

/*
 * How much of the segment passes, after it has been noted what it tells of its connection. A slot whose
 * connection is marked is not given away before it has been silent for a while.
 */
static __always_inline int httpf_passing(struct httpf_cpu *cpu, __u32 begins)
{
	const struct httpf_headers *h = &cpu->segment.headers;
	__u32 sequence = bpf_ntohl(h->sequence) + (h->flags & HTTPF_SYN ? 1 : 0);
	__u32 acknowledgement = bpf_ntohl(h->acknowledgement), end = sequence + cpu->segment.length;
	__u32 passes = HTTPF_PASS_HEADS;
	__u8 lifetime;
	struct httpf_mark *mark;
	int is_own;

	cpu->flow = httpf_flow(h);
	cpu->search.bare = HTTPF_NEVER;
	cpu->search.loaded = HTTPF_NEVER;
	if (begins == HTTPF_NOTHING && !httpf_watched(bpf_ntohs(h->destination_port)) &&
	    !httpf_may_be_marked(cpu))
		return HTTPF_PASS_HEADS;
	mark = httpf_mark_of(cpu);
	if (!mark)
		return HTTPF_PASS_HEADS;
	is_own = mark->kernel >> 32 == httpf_mark_tag(cpu);
	if (!is_own && (begins == HTTPF_NOTHING || begins == HTTPF_RESPONSE || begins == HTTPF_SWITCH))
		return HTTPF_PASS_HEADS;
	lifetime = mark->lifetime;
	/* The reader may know both connections, unless the one has ended. */
	if (!is_own && mark->kernel && (lifetime & HTTPF_CLOSED) != HTTPF_CLOSED)
		lifetime = httpf_shared_now() | HTTPF_UNEVEN;
	if (!is_own && !httpf_may_take(mark))
		goto done;
	if (!is_own || (begins == HTTPF_REQUEST && httpf_is_another(mark, sequence))) {
		httpf_claim(cpu, mark);
		lifetime &= HTTPF_SHARED;
	}
	if (httpf_note_beginning(cpu, mark, begins, sequence, acknowledgement, &lifetime))
		httpf_set_mark(cpu, mark);
	/* The SYN of a connection that begins otherwise may come late, too. */
	if ((begins == HTTPF_REQUEST || begins == HTTPF_PREFACE || begins == HTTPF_PROXY) && !mark->bare) {
		mark->bare = 1;
		mark->asked = sequence;
	}
	/* The reader sees this one, and needs the other side's as well. */
	if (h->flags & HTTPF_FIN)
		lifetime |= HTTPF_UNEVEN;
	/* The client's side alone: the server's has numbers of its own. */
	if (httpf_watched(bpf_ntohs(h->destination_port)) && (__s32)(end - mark->asked) > 0)
		mark->asked = end;
	if (httpf_is_marked(mark)) {
		passes = HTTPF_PASS_NOTHING;
		if (!httpf_is_data(cpu, mark, sequence, end)) {
			httpf_see(mark);
			passes = HTTPF_PASS_WHOLE;
		}
	}
done:
	mark->lifetime = lifetime;
	return passes;
}

#endif
