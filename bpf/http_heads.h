/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * httpf_pass_heads: depth heads. Sends the segments that begin a head, and those that go on with
 * one.
 *
 * A request's head is followed until its empty line, a response's until its status is complete.
 */
#ifndef HTTPF_HEADS_H
#define HTTPF_HEADS_H

#include "http_pass.h"

/* Whether a segment from `sequence` up to `end` has bytes of the unfinished head; serial numbers. */
static __always_inline int httpf_continues(const struct httpf_unfinished *slot, __u32 tag, __u32 sequence,
					   __u32 end)
{
	return slot->tag == tag && (__s32)(end - slot->next) > 0 && (__s32)(slot->limit - sequence) > 0;
}

/* Takes up a head that did not end in the segment that began it. */
static __always_inline void httpf_follow(struct httpf_unfinished *slot, __u32 tag, __u32 next, __u32 limit,
					 struct httpf_counters *counters)
{
	if (slot->tag && slot->tag != tag)
		HTTPF_COUNT(counters, evicted);
	slot->next = next;
	slot->limit = limit;
	slot->tag = tag;
}

/* Moves on behind a segment of the head; nothing is moved while one before it is missing. */
static __always_inline void httpf_advance(struct httpf_unfinished *slot, __u32 sequence, __u32 end)
{
	if ((__s32)(sequence - slot->next) <= 0)
		slot->next = end;
	if ((__s32)(slot->limit - slot->next) <= 0)
		slot->tag = 0;
}

/* A response's segment: one record, cut. */
static __always_inline int httpf_pass_response(struct __sk_buff *skb, struct httpf_scratch *scratch,
					       struct httpf_counters *counters, void *ring)
{
	__u32 size = scratch->left > HTTPF_RESPONSE_BYTES ? HTTPF_RESPONSE_BYTES : scratch->left;

	if (httpf_copy(skb, scratch->offset, scratch, size))
		httpf_send_piece(ring, scratch, counters, size, scratch->left);
	return 0;
}

/* A piece of a request's segment: most often the only one. The head's end is looked for in it. */
static __always_inline int httpf_request_piece(struct __sk_buff *skb, struct httpf_scratch *scratch,
					       struct httpf_counters *counters, void *ring, int first)
{
	__u32 most = first ? HTTPF_HEAD_PIECE : HTTPF_PIECE;
	__u32 left = scratch->left, size = left > most ? most : left;

	if (!httpf_copy(skb, scratch->offset, scratch, size))
		return 0;
	scratch->size = size;
	if (size == left && httpf_ends_blank(scratch))
		scratch->unfinished = 0;
	else if (first)
		scratch->unfinished = httpf_goes_on(scratch);
	scratch->tail = httpf_tail(scratch);
	/* The record behind which nothing more is sent answers for all that is left. */
	httpf_send_piece(ring, scratch, counters, size, scratch->unfinished ? size : left);
	scratch->event.kind = HTTPF_CONTINUATION;
	return scratch->left != 0;
}

/* The rest of a super-segment, out of the way of all others. */
static __noinline int httpf_request_rest(struct __sk_buff *skb, struct httpf_scratch *scratch,
					 struct httpf_counters *counters, void *ring)
{
	return httpf_request_piece(skb, scratch, counters, ring, 0);
}

/*
 * A request's segment. The rest of a super-segment that is all head, rare as it is, passes without
 * a look for its end: a search in each piece would be more than older verifiers go through.
 */
static __always_inline void httpf_pass_request(struct __sk_buff *skb, struct httpf_scratch *scratch,
					       struct httpf_counters *counters, void *ring)
{
	scratch->unfinished = 1;
	if (!httpf_request_piece(skb, scratch, counters, ring, 1))
		return;
#pragma clang loop unroll(full)
	for (int i = 0; i < HTTPF_HEAD_LIMIT / HTTPF_PIECE; i++)
		if (!httpf_request_rest(skb, scratch, counters, ring))
			return;
}

static __always_inline int httpf_pass_heads(struct __sk_buff *skb, struct httpf_scratch *scratch,
					    struct httpf_counters *counters)
{
	const struct httpf_segment *segment = &scratch->segment;
	struct httpf_flow flow = httpf_flow(&segment->headers);
	__u32 tag = flow.one >> 32 | 1, index = flow.one & (HTTPF_UNFINISHED - 1);
	struct httpf_unfinished *slot = bpf_map_lookup_elem(&httpf_heads, &index);
	__u32 sequence = bpf_ntohl(segment->headers.sequence), end;
	int continues, response;
	void *ring;

	if (!slot)
		return 0;
	if (segment->headers.flags & HTTPF_SYN)
		sequence++;
	end = sequence + segment->length;
	continues = httpf_continues(slot, tag, sequence, end);
	/* Who is asking does not answer: this is the end of a request line that was cut before it. */
	if (continues && !slot->response && segment->begins == HTTPF_RESPONSE) {
		scratch->segment.begins = HTTPF_NOTHING;
		counters->response_heads--;
	}
	if (!continues && segment->begins == HTTPF_NOTHING)
		return 0;
	ring = httpf_ring(&flow);
	if (!ring)
		return 0;
	httpf_begin(scratch, skb);
	scratch->event.kind = HTTPF_START;
	if (segment->begins == HTTPF_NOTHING) {
		scratch->event.kind = HTTPF_CONTINUATION;
		HTTPF_COUNT(counters, continuations);
	}
	response = segment->begins == HTTPF_RESPONSE || (segment->begins == HTTPF_NOTHING && slot->response);
	if (response) {
		httpf_pass_response(skb, scratch, counters, ring);
		if (segment->begins == HTTPF_NOTHING) {
			httpf_advance(slot, sequence, end);
		} else if (segment->length < HTTPF_STATUS_BYTES) {
			httpf_follow(slot, tag, end, sequence + HTTPF_STATUS_BYTES, counters);
			slot->response = 1;
		} else if (continues) {
			slot->tag = 0;
		}
		return 0;
	}
	/* Only right behind the bytes before it does their tail mean anything. */
	scratch->tail = continues && sequence == slot->next ? slot->tail : HTTPF_TAIL_NONE;
	httpf_pass_request(skb, scratch, counters, ring);
	slot->response = 0;
	if (scratch->unfinished) {
		if (continues)
			httpf_advance(slot, sequence, end);
		else
			httpf_follow(slot, tag, end, sequence + HTTPF_HEAD_LIMIT, counters);
		if (slot->next == end)
			slot->tail = scratch->tail;
		if ((__s32)(slot->limit - slot->next) <= 0) {
			slot->tag = 0;
			HTTPF_COUNT(counters, overlong);
		}
	} else if (continues) {
		/* The head ends here; what came out of order before it may still pass. */
		slot->limit = end;
		httpf_advance(slot, sequence, end);
	}
	return 0;
}

#endif
