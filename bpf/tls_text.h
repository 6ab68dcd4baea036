/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * tls_read_text: takes from the text of a call what is heads, and sends it.
 *
 *     between heads ──a start──▶ in a head ──its empty line──▶ between heads …
 *           │
 *           └──HTTP/2's preface, or frames──▶ in frames: all but the payload of those that carry bodies
 */
#ifndef TLS_TEXT_H
#define TLS_TEXT_H

#include "tls_frames.h"

/* Heads in the text of a call, one after the other. */
enum { TLS_HEADS = 8 };

/* Passes over the next head, or a piece of it; whether there is nothing more to pass over. */
static long tls_pass_head(__u32 index, void *context)
{
	struct tls_looking *looking = context;
	struct tls_half *half = looking->half;
	struct tls_text *text = &looking->thread->text;
	__u64 address = text->address + text->done, found;
	__u32 left = text->count - text->done, searched;

	if (text->done >= text->count)
		return 1;
	if (half->phase == TLS_BETWEEN) {
		__u32 begins = text->done ? tls_begins(looking->thread, address, left) : text->begins;

		if (begins != HTTPF_REQUEST && begins != HTTPF_RESPONSE)
			return 1;
		half->phase = TLS_IN_HEAD;
		half->head = half->tail = 0;
	}
	found = tls_find_end(looking->thread, address, left, half->tail);
	searched = found;
	text->done += searched;
	half->head += searched;
	if (found >> 32) {
		half->phase = TLS_BETWEEN;
		return 0;
	}
	half->tail = tls_tail(half->tail, address + searched, searched);
	if (half->head < TLS_HEAD && text->done >= text->count)
		return 0;
	half->phase = TLS_BETWEEN;
	TLS_COUNT(overlong);
	return 1;
}

/*
 * Passes over the heads that the text begins with, and sends them.
 *
 * By bpf_loop: verifiers before 6.2 take no calls of functions inside of a loop that is entered in its midst.
 */
static __always_inline void tls_pass_heads(struct tls_looking *looking)
{
	struct tls_text *text = &looking->thread->text;
	struct tls_piece piece = {
	    .address = text->address,
	    .position = text->position,
	    .length = text->count,
	    .kind = looking->half->phase == TLS_IN_HEAD ? TLS_CONTINUATION : TLS_START,
	    .is_write = text->is_write,
	    .is_new = text->is_new,
	    .is_request = text->begins == HTTPF_REQUEST,
	};

	bpf_loop(TLS_HEADS, tls_pass_head, looking, 0);
	piece.captured = text->done;
	if (piece.captured)
		tls_send(looking->connection, &piece);
}

/* Sends what is heads of the text of a call that returned. Not static: see tls_window.h. */
__noinline int tls_read_text(struct tls_thread *thread, struct tls_connection *connection,
			     const struct tls_call *call, __u32 count)
{
	struct tls_looking looking = {.thread = thread, .connection = connection};
	struct tls_text *text;
	struct tls_half *half;

	if (!thread || !connection || !call)
		return 0;
	text = &thread->text;
	text->is_write = call->function != TLS_READ;
	half = text->is_write ? &connection->halves[1] : &connection->halves[0];
	looking.half = half;
	text->address = call->buffer;
	text->position = half->position;
	text->count = count;
	text->done = text->captured = 0;
	text->begins = HTTPF_NOTHING;
	text->is_new = connection->is_new && half->position == 0;
	/* What is in the window is another text's. */
	thread->loaded = 0;
	if (half->phase == TLS_BETWEEN) {
		text->begins = tls_begins(thread, text->address, count);
		if (text->begins == HTTPF_NOTHING)
			return 0;
		if (text->begins == HTTPF_PREFACE || text->begins == HTTPF_FRAMES)
			tls_begin_frames(connection, half, text->begins);
	}
	if (half->phase == TLS_IN_FRAMES)
		tls_pass_frames(&looking);
	else
		tls_pass_heads(&looking);
	return 0;
}

#endif
