/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * tls_pass_frames: walks over frames of HTTP/2 in the text of a call, and sends all but the payload of those
 * that carry bodies.
 */
#ifndef TLS_FRAMES_H
#define TLS_FRAMES_H

#include "tls_send.h"
#include "tls_window.h"

enum {
	/* Frames, and pieces of them, in the text of a call. */
	TLS_STEPS = 4096,
	TLS_FRAME_HEADER = 9,
};

static __always_inline void tls_send_walked(struct tls_looking *looking)
{
	struct tls_text *text = &looking->thread->text;
	struct tls_piece piece = {
	    .address = text->address + (text->done - text->captured),
	    .position = text->position + (text->done - text->captured),
	    .captured = text->captured,
	    .length = text->captured,
	    .kind = TLS_FRAMES,
	    .is_write = text->is_write,
	    .is_new = text->is_new,
	};

	if (!text->captured)
		return;
	tls_send_piece(looking->connection, &piece);
	text->captured = 0;
	text->is_new = 0;
}

/* Walks over bytes of the text; those that pass are gathered up to a record's size. */
static __always_inline void tls_walk_over(struct tls_looking *looking, __u32 count, int passes)
{
	struct tls_text *text = &looking->thread->text;

	if (!passes || text->captured + count > TLS_TEXT)
		tls_send_walked(looking);
	text->done += count;
	if (passes)
		text->captured += count;
}

/* Whether frames of a type carry what is read: HEADERS, RST_STREAM, SETTINGS, PUSH_PROMISE, GOAWAY,
 * CONTINUATION. */
static __always_inline int tls_frame_passes(__u8 type)
{
	return type < 10 && 0x2ba >> type & 1;
}

/* Notes what the first four bytes of a frame's header say, the first one lowest. */
static __always_inline void tls_note_frame(struct tls_half *half, __u32 word)
{
	half->rest = (word & 0xff) << 16 | (word & 0xff00) | (word >> 16 & 0xff);
	half->passes = tls_frame_passes(word >> 24);
	half->gathered = 0;
}

/* Gathers a frame's header that is split over calls; bytes of it, 0 when they cannot be read. */
static __always_inline __u32 tls_gather_frame(struct tls_half *half, __u64 address, __u32 left)
{
	__u64 gathered = half->gathered, count;

	/* The verifier has to see the bounds of the very numbers that are used. */
	asm volatile("" : "+r"(gathered));
	if (gathered >= TLS_FRAME_HEADER)
		return 0;
	count = TLS_FRAME_HEADER - gathered;
	if (count > left)
		count = left;
	/* In one register, which verifiers before 6.8 bound alone. */
	asm volatile("%0 &= 15" : "+r"(count));
	if (bpf_probe_read_user(half->header + gathered, count, (void *)address)) {
		TLS_COUNT(unreadable);
		return 0;
	}
	half->gathered += count;
	if (half->gathered == TLS_FRAME_HEADER)
		tls_note_frame(half, *(__u32 *)half->header);
	return count;
}

/* Walks over the next frame's header, or a piece of one; whether it cannot. */
static __always_inline int tls_walk_header(struct tls_looking *looking)
{
	struct tls_thread *thread = looking->thread;
	struct tls_text *text = &thread->text;
	struct tls_half *half = looking->half;
	__u32 left = text->count - text->done, count = TLS_FRAME_HEADER;
	__u64 address = text->address + text->done;

	if (half->gathered || left < TLS_FRAME_HEADER) {
		count = tls_gather_frame(half, address, left);
		if (!count)
			return 1;
	} else {
		__s64 at = tls_load(thread, address, left, TLS_FRAME_HEADER);

		if (at < 0) {
			TLS_COUNT(unreadable);
			return 1;
		}
		tls_note_frame(half, *(__u32 *)((__u8 *)thread->window + at));
	}
	tls_walk_over(looking, count, 1);
	return 0;
}

/* Walks over the next frame, or a piece of it; whether the text is over. */
static long tls_walk_step(__u32 index, void *context)
{
	struct tls_looking *looking = context;
	struct tls_text *text = &looking->thread->text;
	struct tls_half *half = looking->half;
	__u32 left, count;

	if (text->done >= text->count)
		return 1;
	if (!half->rest && tls_walk_header(looking))
		return 1;
	left = text->count - text->done;
	count = half->rest < left ? half->rest : left;
	if (!count)
		return 0;
	if (half->passes && count > TLS_TEXT)
		count = TLS_TEXT;
	half->rest -= count;
	tls_walk_over(looking, count, half->passes);
	return 0;
}

static __always_inline void tls_pass_frames(struct tls_looking *looking)
{
	bpf_loop(TLS_STEPS, tls_walk_step, looking, 0);
	tls_send_walked(looking);
}

/* Both directions carry frames from their next bytes on. */
static __always_inline void tls_begin_frames(struct tls_connection *connection, struct tls_half *half,
					     int begins)
{
	half->phase = TLS_IN_FRAMES;
	half->rest = half->gathered = 0;
	if (begins != HTTPF_PREFACE)
		return;
	half->rest = 24;
	half->passes = 1;
	for (int i = 0; i < 2; i++) {
		if (connection->halves[i].phase != TLS_IN_FRAMES) {
			connection->halves[i].phase = TLS_IN_FRAMES;
			connection->halves[i].rest = connection->halves[i].gathered = 0;
		}
	}
}

#endif
