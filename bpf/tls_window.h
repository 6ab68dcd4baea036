/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * tls_load: the text of a call in the window of the thread's place, and what is found in it.
 *
 * Functions that are not static are looked at once by the verifier, and not after each way by which they may
 * be called.
 */
#ifndef TLS_WINDOW_H
#define TLS_WINDOW_H

#include "tls_types.h"

#define TLS_ONES 0x0101010101010101ull

/* Loads text from its first byte on; whether it cannot be read. */
static __always_inline int tls_load_from(struct tls_thread *thread, __u64 address, __u32 count)
{
	__u64 size = count;

	asm volatile("" : "+r"(size));
	if (size > TLS_WINDOW)
		size = TLS_WINDOW;
	if (bpf_probe_read_user(thread->window, size, (void *)address)) {
		if (size > TLS_SMALL_WINDOW)
			size = TLS_SMALL_WINDOW;
		if (bpf_probe_read_user(thread->window, size, (void *)address)) {
			thread->loaded = 0;
			return 1;
		}
	}
	thread->loaded_at = address;
	thread->loaded = size;
	*(__u64 *)((__u8 *)thread->window + size) = 0;
	return 0;
}

/*
 * Sees to it that the window has `least` bytes, or all `count`, of the text at an address: where in the
 * window they are, less than TLS_WINDOW, or negative when they cannot be read.
 */
static __always_inline __s64 tls_load(struct tls_thread *thread, __u64 address, __u32 count, __u32 least)
{
	__u64 at = address - thread->loaded_at, loaded = thread->loaded;

	if (at < loaded && (loaded - at >= least || loaded - at >= count))
		return at & (TLS_WINDOW - 1);
	return tls_load_from(thread, address, count) ? -1 : 0;
}

/* Ones and no others where a word, of which the one before is known, has bytes that are the end of an empty
 * line. */
static __always_inline __u64 tls_empty_lines(__u64 before, __u64 word)
{
	__u64 newlines = httpf_bytes_equal(word, '\n' * TLS_ONES);
	__u64 last, last_but_one, ends;

	if (!newlines)
		return 0;
	last = word << 8 | before >> 56;
	last_but_one = word << 16 | before >> 48;
	ends = httpf_bytes_equal(last, '\r' * TLS_ONES) & httpf_bytes_equal(last_but_one, '\n' * TLS_ONES);
	return newlines & (httpf_bytes_equal(last, '\n' * TLS_ONES) | ends);
}

/* The index of the first byte in which such a word, which is not 0, has a bit: bytes below it, counted. */
static __always_inline __u32 tls_first(__u64 bits)
{
	return (((((bits & -bits) >> 7) - 1) & TLS_ONES) * TLS_ONES) >> 56;
}

/* What the steps of a loop are about, which may only get what is on the stack. */
struct tls_looking {
	struct tls_thread *thread;
	struct tls_connection *connection;
	struct tls_half *half;
};

/* Looks for the end of a head in the next block; whether the search is over. */
static long tls_search_block(__u32 index, void *context)
{
	struct tls_thread *thread = ((struct tls_looking *)context)->thread;
	struct tls_search *search = &thread->search;
	__u64 at = search->at, before = search->before, found, *words;
	__u32 left;

	if (search->done >= search->count)
		return 1;
	if (at >= thread->loaded) {
		/* What follows passes with no head: the caller counts it. */
		if (tls_load_from(thread, search->address + search->done, search->count - search->done))
			return 1;
		at = 0;
	}
	at &= TLS_WINDOW - TLS_BLOCK;
	left = thread->loaded - at;
	words = (__u64 *)((__u8 *)thread->window + at);
#pragma clang loop unroll(full)
	for (int i = 0; i < TLS_BLOCK / 8; i++) {
		__u64 ends = tls_empty_lines(before, words[i]);

		if (ends) {
			found = i * 8 + tls_first(ends) + 1;
			goto ended;
		}
		before = words[i];
	}
	search->before = before;
	search->done += left < TLS_BLOCK ? left : TLS_BLOCK;
	search->at = at + TLS_BLOCK;
	return 0;
ended:
	/* What comes after the text is none of it. */
	search->is_found = found <= left;
	search->done += found <= left ? found : left;
	return 1;
}

/*
 * Looks for the end of a head in up to `count` bytes, after text that ended with `tail`: bytes up to it, or
 * those that were searched, and above them, in bit 32, whether it was found.
 */
__noinline __u64 tls_find_end(struct tls_thread *thread, __u64 address, __u32 count, __u32 tail)
{
	struct tls_looking looking = {.thread = thread};
	struct tls_search *search;

	if (!thread)
		return 0;
	search = &thread->search;
	search->address = address;
	search->before = (__u64)tail << 48;
	search->count = count;
	search->done = search->is_found = 0;
	/* The next block begins the window, or another one is loaded. */
	search->at = thread->loaded_at == address ? 0 : TLS_WINDOW;
	bpf_loop(TLS_HEAD / TLS_BLOCK, tls_search_block, &looking, 0);
	return (__u64)search->is_found << 32 | search->done;
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

/* What begins with bytes of which the fast comparisons do not tell. */
__noinline int tls_begins_otherwise(struct httpf_first *first, __u32 count)
{
	struct httpf_start start = {.count = count};

	if (!first)
		return HTTPF_NOTHING;
	start.first = *first;
	httpf_skip_lines(&start);
	return httpf_begins(&start);
}

/* What begins at an address. */
static __always_inline int tls_begins(struct tls_thread *thread, __u64 address, __u32 count)
{
	__s64 at = tls_load(thread, address, count, HTTPF_START_BYTES);
	struct httpf_first first;
	int begins;

	if (at < 0) {
		TLS_COUNT(unreadable);
		return HTTPF_NOTHING;
	}
	for (int i = 0; i < HTTPF_START_BYTES / 8; i++)
		first.words[i] = *(__u64 *)((__u8 *)thread->window + at + i * 8) & httpf_mask(count, i * 8);
	if ((__u8)first.words[0] == 0)
		return httpf_begins_frames(&first, count) ? HTTPF_FRAMES : HTTPF_NOTHING;
	begins = httpf_begins_fast(&first, count);
	if (begins != HTTPF_UNDECIDED)
		return begins;
	if (!httpf_is_line_end(first.words[0]) && httpf_cannot_begin(first.words[0], count))
		return HTTPF_NOTHING;
	return tls_begins_otherwise(&first, count);
}

#endif
