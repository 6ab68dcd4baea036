/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * httpf_emit_heads: depth heads. Sends the segments that begin a head, and those that continue one.
 *
 * A request's head is followed until its empty line, a response's until its status is complete. The
 * segment of a request that is whole in itself is sent from here; the others continue in httpf_search.
 */
#ifndef HTTPF_HEADS_H
#define HTTPF_HEADS_H

#include "http_marks.h"
#include "http_programs.h"
#include "http_scan.h"

/* Whether a segment from `sequence` up to `end` has bytes of the unfinished head; serial numbers. */
static __always_inline int httpf_continues(const struct httpf_unfinished *slot, __u32 tag, __u32 sequence,
					   __u32 end)
{
	return slot->tag == tag && (__s32)(end - slot->next) > 0 && (__s32)(slot->limit - sequence) > 0;
}

/* Takes up a head that did not end in the segment that began it. */
static __always_inline void httpf_follow(struct httpf_cpu *cpu, struct httpf_unfinished *slot, __u32 bytes)
{
	const struct httpf_progress *progress = &cpu->progress;

	if (slot->tag && slot->tag != progress->tag)
		HTTPF_COUNT(cpu, evicted);
	slot->next = progress->end;
	slot->limit = progress->sequence + bytes;
	slot->tag = progress->tag;
}

/* Moves on to the end of a segment of the head; nothing is moved while one before it is missing. */
static __always_inline void httpf_advance(const struct httpf_progress *progress,
					  struct httpf_unfinished *slot)
{
	if ((__s32)(progress->sequence - slot->next) <= 0)
		slot->next = progress->end;
	if ((__s32)(slot->limit - slot->next) <= 0)
		slot->tag = 0;
}

/* Keeps what a response's segment says of its head. */
static __always_inline void httpf_settle_response(struct httpf_cpu *cpu, struct httpf_unfinished *slot)
{
	if (cpu->segment.begins == HTTPF_NOTHING) {
		httpf_advance(&cpu->progress, slot);
	} else if (cpu->segment.length < HTTPF_STATUS_BYTES) {
		httpf_follow(cpu, slot, HTTPF_STATUS_BYTES);
		slot->response = 1;
	} else if (cpu->progress.continues) {
		slot->tag = 0;
	}
}

/* Keeps what a request's segment says of its head, once all its pieces have been sent. */
static __always_inline void httpf_settle_request(struct httpf_cpu *cpu)
{
	const struct httpf_progress *progress = &cpu->progress;
	struct httpf_unfinished *slot = bpf_map_lookup_elem(&httpf_heads, &progress->slot);

	if (!slot)
		return;
	if (progress->unfinished) {
		slot->response = 0;
		if (progress->continues)
			httpf_advance(progress, slot);
		else
			httpf_follow(cpu, slot, HTTPF_HEAD_LIMIT);
		if (slot->next == progress->end)
			slot->tail = progress->tail;
		if ((__s32)(slot->limit - slot->next) <= 0) {
			slot->tag = 0;
			HTTPF_COUNT(cpu, overlong);
		}
	} else if (progress->continues) {
		/* The head ends here; what came out of order before it may still pass. */
		slot->response = 0;
		slot->limit = progress->end;
		httpf_advance(progress, slot);
	}
}

/* Looks up the flow's slot, and what the segment is to it. */
static __always_inline struct httpf_unfinished *httpf_look_up(struct httpf_cpu *cpu)
{
	const struct httpf_headers *h = &cpu->segment.headers;
	struct httpf_progress *progress = &cpu->progress;
	struct httpf_unfinished *slot;
	__u32 sequence = bpf_ntohl(h->sequence);

	/* At depth auto it has been computed. */
	if (httpf_settings.depth == HTTPF_HEADS)
		cpu->flow = httpf_flow(h);
	if (h->flags & HTTPF_SYN)
		sequence++;
	cpu->worker = httpf_worker(&cpu->flow);
	progress->slot = cpu->flow.one & (HTTPF_UNFINISHED - 1);
	progress->tag = cpu->flow.one >> 32 | 1;
	progress->sequence = sequence;
	progress->end = sequence + cpu->segment.length;
	slot = bpf_map_lookup_elem(&httpf_heads, &progress->slot);
	if (slot)
		progress->continues = httpf_continues(slot, progress->tag, sequence, progress->end);
	return slot;
}

/* Sends a request's or a response's segment as one record, which answers for all of it. */
static __always_inline int httpf_emit_whole(struct httpf_cpu *cpu)
{
	cpu->event.flags = cpu->segment.headers.flags;
	cpu->event.payload_length = cpu->segment.length;
	httpf_emit(cpu);
	return 0;
}

/* The request's segment continues in httpf_search, which also settles what is kept of it. */
static __always_inline int httpf_continue_search(struct __sk_buff *skb, struct httpf_cpu *cpu, int ends_blank)
{
	httpf_begin_pieces(cpu);
	httpf_begin_search(cpu);
	cpu->search.ends_blank = ends_blank;
	return httpf_tail_call(skb, cpu, HTTPF_AT_SEARCH);
}

static __always_inline int httpf_emit_heads(struct __sk_buff *skb, struct httpf_cpu *cpu)
{
	struct httpf_segment *segment = &cpu->segment;
	struct httpf_progress *progress = &cpu->progress;
	struct httpf_unfinished *slot = httpf_look_up(cpu);
	__u32 most = HTTPF_HEAD_PIECE, bare, loaded;
	int ends_blank;

	if (!slot)
		return 0;
	/* Who is asking does not answer: this is the end of a request line that was cut before it. */
	if (progress->continues && !slot->response && segment->begins == HTTPF_RESPONSE) {
		segment->begins = HTTPF_NOTHING;
		cpu->counters.response_heads--;
	}
	if (!progress->continues && segment->begins == HTTPF_NOTHING)
		return 0;
	cpu->event.kind = HTTPF_START;
	if (segment->begins == HTTPF_NOTHING) {
		cpu->event.kind = HTTPF_CONTINUATION;
		HTTPF_COUNT(cpu, continuations);
	}
	/* Only right after the bytes before it does their tail mean anything. */
	progress->tail =
	    progress->continues && progress->sequence == slot->next ? slot->tail : HTTPF_TAIL_NONE;
	if (segment->begins == HTTPF_RESPONSE || (segment->begins == HTTPF_NOTHING && slot->response)) {
		most = HTTPF_RESPONSE_BYTES;
		httpf_settle_response(cpu, slot);
	}
	httpf_describe(skb, cpu);
	cpu->size = segment->length > most ? most : segment->length;
	if (!httpf_copy(skb, httpf_verifier_reload(&segment->offset), cpu))
		return 0;
	if (most == HTTPF_HEAD_PIECE) {
		ends_blank = cpu->size == segment->length && httpf_ends_blank(cpu);
		cpu->search.thorough = 0;
		/* Both, as a choice of an address is none that can be loaded from without CAP_PERFMON. */
		bare = httpf_verifier_reload(&cpu->search.bare);
		loaded = httpf_verifier_reload(&cpu->search.loaded);
		if (httpf_settings.depth == HTTPF_AUTO && segment->length > (ends_blank ? bare : loaded)) {
			cpu->search.thorough = 1;
			cpu->search.at = 0;
			if (ends_blank && !progress->continues && httpf_has_windows(cpu))
				return httpf_tail_call(skb, cpu, HTTPF_AT_SINGLE);
			ends_blank = 0;
		}
		if (!ends_blank || progress->continues)
			return httpf_continue_search(skb, cpu, ends_blank);
	}
	return httpf_emit_whole(cpu);
}

/* Sends the next piece of a super-segment; whether another one follows. */
static __always_inline int httpf_emit_rest(struct __sk_buff *skb, struct httpf_cpu *cpu)
{
	if (!httpf_take_piece(skb, cpu, HTTPF_PIECE))
		return 0;
	if (cpu->event.kind != HTTPF_STREAM) {
		if (cpu->size == cpu->left && httpf_ends_blank(cpu))
			cpu->progress.unfinished = 0;
		cpu->progress.tail = httpf_tail(cpu);
	}
	httpf_emit_piece(cpu, cpu->size);
	return cpu->left &&
	       (cpu->event.kind == HTTPF_STREAM || cpu->offset - cpu->segment.offset < HTTPF_HEAD_LIMIT);
}

#endif
