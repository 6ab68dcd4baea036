/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * tls_send: takes from the text of a call what is heads, and sends it.
 *
 *     between heads ──a start──▶ in a head ──its empty line──▶ between heads …
 *           │
 *           └──HTTP/2's preface, or frames──▶ in frames: all but the payload of those that carry bodies
 */
#ifndef TLS_TEXT_H
#define TLS_TEXT_H

#include "tls_types.h"

enum {
	/* Bytes that are searched at a time, and how often that is done in a call. */
	TLS_BLOCK = 64,
	TLS_BLOCKS = TLS_HEAD / TLS_BLOCK,
	/* Heads in the text of a call, one after the other. */
	TLS_HEADS = 8,
	/* Frames, and pieces of them, in the text of a call. */
	TLS_STEPS = 4096,
	TLS_FRAME_HEADER = 9,
};

/* Text of a call that is to be sent. */
struct tls_piece {
	struct tls_connection *connection;
	__u64 address;
	__u64 position;
	__u32 captured;
	__u32 length;
	__u8 kind;
	__u8 is_write;
	__u8 is_new;
	__u8 is_request;
	__u32 zero;
};

#define TLS_ONES 0x0101010101010101ull

/* Ones and no others where a word has bytes that are the end of an empty line; notes the word as the last
 * one. */
static __always_inline __u64 tls_empty_lines(struct tls_search *search, __u64 word)
{
	__u64 newlines = httpf_bytes_equal(word, '\n' * TLS_ONES);
	__u64 returns = httpf_bytes_equal(word, '\r' * TLS_ONES);
	__u64 after_newline = newlines << 8 | search->newlines >> 56;
	__u64 after_return = returns << 8 | search->returns >> 56;
	__u64 newline_before = newlines << 16 | search->newlines >> 48;

	search->newlines = newlines;
	search->returns = returns;
	return newlines & (after_newline | (after_return & newline_before));
}

/* The index of the first byte in which such a word, which is not 0, has a bit: bytes below it, counted. */
static __always_inline __u32 tls_first(__u64 bits)
{
	return (((((bits & -bits) >> 7) - 1) & TLS_ONES) * TLS_ONES) >> 56;
}

/* Looks for the end of a head in the next block; whether the search is over. */
static long tls_search_block(__u32 index, void *context)
{
	struct tls_search *search = context;
	__u64 words[TLS_BLOCK / 8] = {};
	__u64 left, done = search->done;

	if (done >= search->count)
		return 1;
	left = search->count - done;
	asm volatile("" : "+r"(left));
	if (left > TLS_BLOCK)
		left = TLS_BLOCK;
	if (bpf_probe_read_user(words, left, (void *)(search->address + done))) {
		/* What follows passes with no head: the caller counts it. */
		search->count = done;
		return 1;
	}
	/* What was not read is zeros. */
#pragma clang loop unroll(full)
	for (int i = 0; i < TLS_BLOCK / 8; i++) {
		__u64 ends = tls_empty_lines(search, words[i]);

		if (ends) {
			search->done = done + i * 8 + tls_first(ends) + 1;
			search->is_found = 1;
			return 1;
		}
	}
	search->done = done + left;
	return 0;
}

/*
 * Looks for the end of a head in up to `count` bytes, after text that ended with `tail`: bytes up to it, or
 * those that were searched, and above them, in bit 32, whether it was found.
 *
 * Not static, so that the verifier looks at it once and not after each way by which it may be called.
 */
__noinline __u64 tls_find_end(__u64 address, __u32 count, __u32 tail)
{
	struct tls_search search = {.address = address, .count = count};
	__u64 word = (__u64)tail << 48;

	search.newlines = httpf_bytes_equal(word, '\n' * TLS_ONES);
	search.returns = httpf_bytes_equal(word, '\r' * TLS_ONES);
	bpf_loop(TLS_BLOCKS, tls_search_block, &search, 0);
	return (__u64)search.is_found << 32 | search.done;
}

/* The last two bytes of a head so far, of which `count` end at `address`. */
static __always_inline __u32 tls_tail(__u32 tail, __u64 address, __u32 count)
{
	__u8 bytes[2] = {};

	if (count > 1) {
		bpf_probe_read_user(bytes, 2, (void *)(address - 2));
		return bytes[0] | bytes[1] << 8;
	}
	bpf_probe_read_user(bytes, 1, (void *)(address - 1));
	return tail >> 8 | bytes[0] << 8;
}

static __always_inline void tls_fill(struct tls_record *record, const struct tls_piece *piece)
{
	struct tls_connection *connection = piece->connection;

	record->kind = piece->kind;
	record->is_write = piece->is_write;
	record->is_new = piece->is_new;
	record->zero = 0;
	record->process = bpf_get_current_pid_tgid() >> 32;
	record->time = bpf_ktime_get_ns();
	record->connection = connection->number;
	record->position = piece->position;
	record->other_position = connection->halves[!piece->is_write].position;
	record->ends = connection->ends;
	record->length = piece->length;
	record->captured = piece->captured;
	bpf_get_current_comm(record->name, sizeof(record->name));
}

static __always_inline void tls_lose(const struct tls_piece *piece)
{
	TLS_COUNT(lost);
	if (piece->is_request)
		TLS_COUNT(lost_requests);
}

/* Sends one record, of `size` bytes of text at most. */
static __always_inline void tls_send_sized(const struct tls_piece *piece, const __u32 size)
{
	struct tls_record *record = bpf_ringbuf_reserve(&tls_ring, sizeof(*record) + size, 0);
	__u32 captured = piece->captured;
	__u64 waiting;

	if (!record)
		return tls_lose(piece);
	if (captured > size)
		captured = size;
	tls_fill(record, piece);
	if (captured && bpf_probe_read_user(record + 1, captured, (void *)piece->address)) {
		record->captured = 0;
		TLS_COUNT(unreadable);
	}
	TLS_COUNT(records);
	/* The reader looks every 80 ms; it is woken when the ring has filled to an eighth, by the record that
	 * does so. */
	waiting = bpf_ringbuf_query(&tls_ring, BPF_RB_AVAIL_DATA) - TLS_RING / 8;
	bpf_ringbuf_submit(record,
			   waiting <= sizeof(*record) + size ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP);
}

static __noinline int tls_send_piece(struct tls_piece *piece)
{
	if (piece->captured <= TLS_SHORT_TEXT)
		tls_send_sized(piece, TLS_SHORT_TEXT);
	else if (piece->captured <= TLS_ORDINARY_TEXT)
		tls_send_sized(piece, TLS_ORDINARY_TEXT);
	else
		tls_send_sized(piece, TLS_TEXT);
	return 0;
}

/* What of a piece is sent by the next record. */
static long tls_send_next(__u32 index, void *context)
{
	struct tls_piece *whole = context;
	struct tls_piece part = *whole;

	if (index && !whole->captured)
		return 1;
	if (part.captured > TLS_TEXT) {
		part.captured = TLS_TEXT;
		part.length = TLS_TEXT;
	}
	tls_send_piece(&part);
	whole->address += part.captured;
	whole->position += part.captured;
	whole->captured -= part.captured;
	whole->length -= part.length;
	whole->is_new = 0;
	if (whole->kind == TLS_START)
		whole->kind = TLS_CONTINUATION;
	return !whole->captured;
}

/* Sends a piece in as many records as it takes. */
static __always_inline void tls_send(struct tls_piece *piece)
{
	if (piece->captured <= TLS_TEXT)
		tls_send_piece(piece);
	else
		bpf_loop(TLS_HEAD / TLS_TEXT + 1, tls_send_next, piece, 0);
}

/* What begins at an address: not static either. */
__noinline int tls_begins(__u64 address, __u32 count)
{
	struct httpf_start start = {.count = count};
	__u64 size = count;

	asm volatile("" : "+r"(size));
	if (size > HTTPF_START_BYTES)
		size = HTTPF_START_BYTES;
	if (bpf_probe_read_user(&start.first, size, (void *)address))
		return HTTPF_NOTHING;
	if ((__u8)start.first.words[0] == 0)
		return httpf_begins_frames(&start.first, count) ? HTTPF_FRAMES : HTTPF_NOTHING;
	httpf_skip_lines(&start);
	return httpf_begins(&start);
}

/* Text of a call that carries frames, while it is walked. */
struct tls_walk {
	struct tls_piece piece; /* its captured bytes: what passes and was not sent yet, before `done` */
	struct tls_half *half;
	__u64 address;
	__u64 position;
	__u32 count;
	__u32 done;
};

static __always_inline void tls_send_walked(struct tls_walk *walk)
{
	struct tls_piece *piece = &walk->piece;

	if (!piece->captured)
		return;
	piece->address = walk->address + (walk->done - piece->captured);
	piece->position = walk->position + (walk->done - piece->captured);
	piece->length = piece->captured;
	tls_send_piece(piece);
	piece->captured = 0;
	piece->is_new = 0;
}

/* Walks over bytes of the text; those that pass are gathered up to a record's size. */
static __always_inline void tls_walk_over(struct tls_walk *walk, __u32 count, int passes)
{
	if (!passes) {
		tls_send_walked(walk);
		walk->done += count;
		return;
	}
	if (walk->piece.captured + count > TLS_TEXT)
		tls_send_walked(walk);
	walk->done += count;
	walk->piece.captured += count;
}

/* Whether frames of a type carry what is read: HEADERS, RST_STREAM, SETTINGS, PUSH_PROMISE, GOAWAY,
 * CONTINUATION. */
static __always_inline int tls_frame_passes(__u8 type)
{
	return type < 10 && 0x2ba >> type & 1;
}

/* Walks over the next frame's header, or a piece of the payload; whether the text is over. */
static long tls_walk_step(__u32 index, void *context)
{
	struct tls_walk *walk = context;
	struct tls_half *half = walk->half;
	__u64 left = walk->count - walk->done, count, gathered = half->gathered;

	if (walk->done >= walk->count)
		return 1;
	if (half->rest) {
		count = half->rest < left ? half->rest : left;
		if (half->passes && count > TLS_TEXT)
			count = TLS_TEXT;
		half->rest -= count;
		tls_walk_over(walk, count, half->passes);
		return 0;
	}
	/* The verifier has to see the bounds of the very numbers that are used. */
	asm volatile("" : "+r"(gathered));
	if (gathered >= TLS_FRAME_HEADER)
		return 1;
	count = TLS_FRAME_HEADER - gathered;
	if (count > left)
		count = left;
	/* In one register, which verifiers before 6.8 bound alone. */
	asm volatile("%0 &= 15" : "+r"(count));
	if (bpf_probe_read_user(half->header + gathered, count, (void *)(walk->address + walk->done))) {
		TLS_COUNT(unreadable);
		return 1;
	}
	half->gathered += count;
	if (half->gathered == TLS_FRAME_HEADER) {
		half->rest = half->header[0] << 16 | half->header[1] << 8 | half->header[2];
		half->passes = tls_frame_passes(half->header[3]);
		half->gathered = 0;
	}
	tls_walk_over(walk, count, 1);
	return 0;
}

#endif
