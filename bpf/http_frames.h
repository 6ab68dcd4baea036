/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * httpf_find_frame, httpf_step_frame: depth auto. Follows the frames of HTTP/2 (RFC 9113, section 4.1) in the
 * connections that pass whole, and passes all of them but the payload of long DATA.
 *
 * Where a frame begins is never a guess. A walk begins with a client's preface, as the first bytes of a
 * connection whose SYN the server has answered; or where a worker has read that a frame begins, and has
 * answered so. From there on each header says where the next one is. A segment that continues elsewhere
 * passes whole and asks again; one before `done` has passed, or is DATA, and is left out (httpf_is_data).
 *
 *            base            done = next                 of DATA, the next header is where what matters goes
 * on; ────────┼────────────────┼──────────────▶          after another frame's beginning, done is the
 * segment's │ has passed or  │ a header                end and next lies after it │ does not matter│
 */
#ifndef HTTPF_FRAMES_H
#define HTTPF_FRAMES_H

#include "http_marks.h"
#include "http_programs.h"

enum {
	HTTPF_FRAME_HEADER = 9,
	/* "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n": RFC 9113, section 3.4. */
	HTTPF_PREFACE_BYTES = 24,
	/* In place of an owner's last two bits: a SYN was seen, or the answer to it too. */
	HTTPF_SYN_SEEN = 1,
	HTTPF_SYN_ANSWERED = 2,
	/* DATA: RFC 9113, section 6.1. */
	HTTPF_TYPE_DATA = 0,
	HTTPF_TYPE_OTHER = 0xff,
	/* A payload that is shorter is copied: a record of its own would take as much. */
	HTTPF_LONG_DATA = 512,
	/*
	 * Calls of httpf_walk_frames for one segment, and of httpf_tunnel before them: a chain has 33, of
	 * which others may take a dozen.
	 */
	HTTPF_WALKS = 20,
	/* Of httpf_frames.header: how many bytes of it were seen, and whether they have the type of DATA. */
	HTTPF_HEADER_SEEN = 15,
	HTTPF_HEADER_IS_DATA = 16,
	/* How far `done` may be from `base`, so that both stay comparable. */
	HTTPF_FARTHEST = 1 << 30,
};

/* Whether both directions have the same element, since both ends have the same port: that is not followed. */
static __always_inline int httpf_is_one_sided(const struct httpf_cpu *cpu)
{
	return cpu->segment.headers.source_port == cpu->segment.headers.destination_port;
}

/*
 * The element of the segment's direction. What may be null must be a look-up's own result, compared once:
 * verifiers before Linux 6.16 follow, without CAP_PERFMON, what a constant would have excluded.
 */
static __always_inline struct httpf_frames *httpf_frames_of(struct httpf_cpu *cpu)
{
	__u32 side = httpf_side(cpu);

	return bpf_map_lookup_elem(&httpf_frames, &side);
}

static __always_inline __u32 httpf_sequence(const struct httpf_cpu *cpu)
{
	const struct httpf_headers *h = &cpu->segment.headers;

	return bpf_ntohl(h->sequence) + (h->flags & HTTPF_SYN ? 1 : 0);
}

/* The same of the other direction. */
static __always_inline struct httpf_frames *httpf_other_frames(struct httpf_cpu *cpu)
{
	__u32 side = httpf_side(cpu) ^ 1;

	return bpf_map_lookup_elem(&httpf_frames, &side);
}

/* Sets a word that other CPUs may read meanwhile. */
static __always_inline void httpf_set_word(__u64 *word, __u64 value)
{
	*(volatile __u64 *)word = value;
}

/*
 * Notes a SYN, or the answer to one: where both directions begin. Not of a connection whose frames are
 * followed, nor of one whose slot is another one's that passes whole: httpf_passing leaves it that.
 */
static __always_inline void httpf_note_opening(struct httpf_cpu *cpu)
{
	const struct httpf_headers *h = &cpu->segment.headers;
	struct httpf_frames *frames = httpf_frames_of(cpu), *other = httpf_other_frames(cpu);
	__u64 opened = (__u64)httpf_mark_tag(cpu) << 32, first = (__u64)(bpf_ntohl(h->sequence) + 1) << 32,
	      state;
	struct httpf_mark *mark = httpf_mark_of(cpu);

	if (!frames || !other || !mark)
		return;
	state = httpf_word_of(&mark->kernel) & ~(__u64)HTTPF_WISH;
	if (state >> 32 == opened >> 32 ? httpf_word_of(&frames->owner) == state : mark->seen)
		return;
	if (!(h->flags & HTTPF_ACK)) {
		httpf_set_word(&frames->header, first);
		httpf_set_word(&frames->owner, opened | HTTPF_SYN_SEEN);
	} else if (httpf_word_of(&other->owner) == (opened | HTTPF_SYN_SEEN) &&
		   other->header >> 32 == bpf_ntohl(h->acknowledgement)) {
		httpf_set_word(&frames->header, first);
		httpf_set_word(&frames->owner, opened | HTTPF_SYN_ANSWERED);
		httpf_set_word(&other->owner, opened | HTTPF_SYN_ANSWERED);
	}
}

/* Begins the walk of both directions by a client's preface, if it is at the connection's beginning. */
static __always_inline void httpf_begin_frames(struct __sk_buff *skb, struct httpf_cpu *cpu,
					       struct httpf_frames *frames, __u64 owner, __u32 sequence)
{
	__u64 opened = owner >> 32 << 32 | HTTPF_SYN_ANSWERED, rest, first;
	struct httpf_frames *other = httpf_other_frames(cpu);

	if (cpu->segment.begins != HTTPF_PREFACE || cpu->segment.length < HTTPF_PREFACE_BYTES || !other ||
	    httpf_word_of(&frames->owner) != opened || httpf_word_of(&other->owner) != opened ||
	    frames->header >> 32 != sequence)
		return;
	/* The filter has compared the first 16 bytes. */
	if (bpf_skb_load_bytes(skb, httpf_verifier_reload(&cpu->segment.offset) + 16, &rest, sizeof(rest)) ||
	    rest != bpf_cpu_to_be64(0x0d0a534d0d0a0d0aull))
		return;
	first = other->header >> 32;
	httpf_set_word(&other->range, first << 32 | first);
	httpf_set_word(&other->header, first << 32);
	httpf_set_word(&other->owner, owner);
	/* What has the preface's own numbers passes whole: that may be a stranger's, and this a request. */
	httpf_set_word(&frames->range, (__u64)(sequence + HTTPF_PREFACE_BYTES) << 32 | sequence);
	httpf_set_word(&frames->header, (__u64)(sequence + HTTPF_PREFACE_BYTES) << 32);
	httpf_set_word(&frames->owner, owner);
}

/* Begins the next question, so that no answer is taken twice. */
static __always_inline void httpf_ask_again(struct httpf_frames *frames)
{
	frames->question = frames->question == 255 ? 1 : frames->question + 1;
}

/*
 * Takes the worker's answer, if it has one: whether a frame begins there, at this segment's beginning or
 * later. One that comes too late, after which more has passed, ends the question.
 */
static __always_inline int httpf_take_answer(struct httpf_cpu *cpu, struct httpf_frames *frames, __u64 owner,
					     __u32 sequence)
{
	__u32 side = httpf_side(cpu), next;
	const struct httpf_answer *answer = bpf_map_lookup_elem(&httpf_answers, &side);
	__u64 word;

	if (!answer || !frames->question)
		return 0;
	word = httpf_word_of(&answer->word);
	if ((__u32)word != HTTPF_ANSWER(owner, frames->question))
		return 0;
	httpf_ask_again(frames);
	next = word >> 32;
	if ((__s32)(next - sequence) < 0)
		return 0;
	httpf_set_word(&frames->owner, 0);
	httpf_set_word(&frames->range, (__u64)next << 32 | next);
	httpf_set_word(&frames->header, (__u64)next << 32);
	httpf_set_word(&frames->owner, owner);
	return 1;
}

/*
 * Finds where in the segment the walk begins, and from where on it is sent; false if it passes whole, and
 * perhaps asks where a frame begins.
 */
static __always_inline int httpf_find_frame(struct __sk_buff *skb, struct httpf_cpu *cpu, __u32 *start)
{
	__u32 sequence = httpf_sequence(cpu), end = sequence + cpu->segment.length, done, next, base;
	struct httpf_frames *frames = httpf_frames_of(cpu);
	struct httpf_mark *mark = httpf_mark_of(cpu);
	__u64 owner, range, header;

	if (!frames || !mark)
		return 0;
	owner = httpf_word_of(&mark->kernel) & ~(__u64)HTTPF_WISH;
	cpu->walk.owner = owner;
	httpf_begin_frames(skb, cpu, frames, owner, sequence);
	if (httpf_word_of(&frames->owner) == owner) {
		range = httpf_word_of(&frames->range);
		header = httpf_word_of(&frames->header);
		base = range >> 32;
		done = range;
		next = header >> 32;
		/* Older than what is known, or nothing new but a flag. */
		if ((__s32)(done - end) >= 0)
			return 0;
		/* It follows; and so does the other word, of which another CPU may be the writer. */
		if ((__s32)(done - sequence) >= 0 &&
		    ((__s32)(done - next) <= 0 || done - next <= (header & HTTPF_HEADER_SEEN))) {
			*start = (__s32)(sequence - base) < 0 ? 0 : done - sequence;
			goto found;
		}
	}
	if (!httpf_take_answer(cpu, frames, owner, sequence)) {
		if (!frames->question)
			frames->question = 1;
		cpu->walk.question = frames->question;
		return 0;
	}
	header = httpf_word_of(&frames->header);
	next = header >> 32;
	base = next;
	/* A frame that begins after the segment; what comes before it may matter. */
	if ((__s32)(next - end) >= 0)
		return 0;
	*start = 0;
found:
	cpu->walk.at = next - sequence;
	cpu->walk.base = base;
	cpu->walk.header = header;
	cpu->walk.calls = cpu->segment.headers.prefix == HTTPF_TUNNELLED ? cpu->tunnel.depth : 0;
	cpu->walk.is_data = 0;
	return 1;
}

/* Passes over what is not sent again at the segment's beginning: the end of DATA, or what has passed. */
static __always_inline void httpf_pass_over(struct httpf_cpu *cpu, __u32 start)
{
	cpu->offset += start;
	cpu->left -= start;
	cpu->event.sequence += start;
	cpu->counters.h2_data_skipped += start;
}

/*
 * Passes a frame by its header's first four bytes, its length and type: of long DATA that header alone, with
 * what comes before it, in a record that answers for the payload too. False if the packet cannot be read.
 */
static __always_inline int httpf_pass_frame(struct __sk_buff *skb, struct httpf_cpu *cpu, __u32 word,
					    __u32 payload)
{
	__u32 size = word >> 8, run, omitted;

	cpu->walk.at = payload + size;
	cpu->walk.is_data = (word & 0xff) == HTTPF_TYPE_DATA;
	run = payload + cpu->segment.offset - cpu->offset;
	if (!cpu->walk.is_data || size < HTTPF_LONG_DATA || run > HTTPF_PIECE)
		return 1;
	cpu->size = run;
	if (!httpf_copy(skb, httpf_verifier_reload(&cpu->offset), cpu))
		return 0;
	omitted = cpu->segment.length - payload;
	if (omitted > size)
		omitted = size;
	cpu->counters.h2_data_skipped += omitted;
	httpf_emit_piece(cpu, run + omitted);
	return 1;
}

/* Steps over the next frame of the segment; false if its header is not in it, or not all of it. */
static __always_inline int httpf_step_frame(struct __sk_buff *skb, struct httpf_cpu *cpu)
{
	__u32 at = httpf_verifier_reload(&cpu->walk.at), length = cpu->segment.length;
	__be32 word;

	if (at >= length || length - at < HTTPF_FRAME_HEADER)
		return 0;
	if (bpf_skb_load_bytes(skb, httpf_verifier_reload(&cpu->segment.offset) + at, &word, sizeof(word)))
		return 0;
	return httpf_pass_frame(skb, cpu, bpf_ntohl(word), at + HTTPF_FRAME_HEADER);
}

/* Steps over the frame whose header began in the segment before this one; false if it does not end here. */
static __always_inline int httpf_complete_header(struct __sk_buff *skb, struct httpf_cpu *cpu)
{
	__u32 seen = -httpf_verifier_reload(&cpu->walk.at), word = cpu->walk.header, shift = 8 * seen;
	__be32 bytes;

	if (seen >= HTTPF_FRAME_HEADER || cpu->segment.length < HTTPF_FRAME_HEADER)
		return 0;
	word = (word & 0xffffff00) | (word & HTTPF_HEADER_IS_DATA ? HTTPF_TYPE_DATA : HTTPF_TYPE_OTHER);
	if (seen < 4) {
		if (bpf_skb_load_bytes(skb, httpf_verifier_reload(&cpu->segment.offset), &bytes,
				       sizeof(bytes)))
			return 0;
		word = (word & ~(0xffffffffull >> shift)) | bpf_ntohl(bytes) >> shift;
	}
	return httpf_pass_frame(skb, cpu, word, HTTPF_FRAME_HEADER - seen);
}

/* Keeps what was seen of a header at the segment's end, of 1 to 8 bytes: httpf_frames.header's low half. */
static __always_inline __u32 httpf_begun_header(struct __sk_buff *skb, struct httpf_cpu *cpu, __u32 seen)
{
	__u32 at = httpf_verifier_reload(&cpu->walk.at), size = seen > 4 ? 4 : seen, word;

	cpu->walk.bytes = 0;
	asm volatile("" : "+r"(size));
	size = ((size - 1) & 3) + 1;
	if (bpf_skb_load_bytes(skb, httpf_verifier_reload(&cpu->segment.offset) + at, &cpu->walk.bytes, size))
		return 0;
	word = bpf_ntohl(cpu->walk.bytes);
	return (word & 0xffffff00) | seen | (seen >= 4 && !(word & 0xff) ? HTTPF_HEADER_IS_DATA : 0);
}

/* Keeps where the walk has come to, for the segments after this one. */
static __always_inline void httpf_keep_frames(struct __sk_buff *skb, struct httpf_cpu *cpu)
{
	__u32 sequence = httpf_sequence(cpu), length = cpu->segment.length, done = sequence + length, base,
	      low = 0;
	__u32 next = sequence + cpu->walk.at, seen = length - cpu->walk.at;
	struct httpf_frames *frames = httpf_frames_of(cpu);

	if (!frames || httpf_word_of(&frames->owner) != cpu->walk.owner)
		return;
	if ((__s32)seen > 0) {
		if (seen < HTTPF_FRAME_HEADER)
			low = httpf_begun_header(skb, cpu, seen);
		if (!low) {
			frames->owner = 0;
			return;
		}
	} else if (cpu->walk.is_data) {
		done = next;
	}
	base = cpu->walk.base;
	if (done - base > HTTPF_FARTHEST)
		base = done - HTTPF_FARTHEST / 2;
	httpf_set_word(&frames->header, (__u64)next << 32 | low);
	httpf_set_word(&frames->range, (__u64)base << 32 | done);
}

/* Sends what is left of the segment as it is. */
static __always_inline int httpf_emit_left(struct __sk_buff *skb, struct httpf_cpu *cpu)
{
	return cpu->left ? httpf_tail_call(skb, cpu, HTTPF_AT_REST) : 0;
}

/* Leaves the frames, of which there are too many, to a worker to find again. */
static __always_inline int httpf_give_up_frames(struct __sk_buff *skb, struct httpf_cpu *cpu)
{
	struct httpf_frames *frames = httpf_frames_of(cpu);

	if (frames)
		frames->owner = 0;
	return httpf_emit_left(skb, cpu);
}

#endif
