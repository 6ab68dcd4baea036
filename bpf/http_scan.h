/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * struct httpf_search: finds out whether a message head is still unfinished after a piece of payload.
 *
 * A head ends with an empty line: LF LF or LF CR LF. The piece is the payload of the CPU's record.
 */
#ifndef HTTPF_SCAN_H
#define HTTPF_SCAN_H

#include "http_start.h"

/* In `search.after`: what follows the last empty line cannot begin a head. Larger than any piece. */
enum { HTTPF_BODY_FOLLOWS = HTTPF_PIECE + 1 };

/* Bytes: who sends less of a head at once may send the next one in pieces that nothing is known by. */
enum { HTTPF_SHORT = 256 };

/* How the bytes so far ended, where it matters to the next ones. */
enum { HTTPF_TAIL_NONE = 0, HTTPF_TAIL_LF = 1, HTTPF_TAIL_LF_CR = 2 };

/* A byte of the piece. The compiler may know that `at` is in bounds; the verifier must see it. */
static __always_inline __u8 httpf_byte(struct httpf_cpu *cpu, __u64 at)
{
	asm volatile("" : "+r"(at));
	return cpu->payload[at & (HTTPF_PIECE - 1)];
}

/* How the piece ended, given how the one before it did. */
static __always_inline __u32 httpf_tail(struct httpf_cpu *cpu)
{
	__u32 size = httpf_verifier_reload(&cpu->size);
	__u8 last = httpf_byte(cpu, size - 1);

	if (last == '\n')
		return HTTPF_TAIL_LF;
	if (last != '\r')
		return HTTPF_TAIL_NONE;
	if (size == 1)
		return cpu->progress.tail == HTTPF_TAIL_LF ? HTTPF_TAIL_LF_CR : HTTPF_TAIL_NONE;
	return httpf_byte(cpu, httpf_verifier_reload(&cpu->size) - 2) == '\n' ? HTTPF_TAIL_LF_CR
									      : HTTPF_TAIL_NONE;
}

/* Whether the piece ends with an empty line: then nothing is left of any head in it. */
static __always_inline int httpf_ends_blank(struct httpf_cpu *cpu)
{
	__u8 before;

	if (httpf_verifier_reload(&cpu->size) < 3 ||
	    httpf_byte(cpu, httpf_verifier_reload(&cpu->size) - 1) != '\n')
		return 0;
	before = httpf_byte(cpu, httpf_verifier_reload(&cpu->size) - 2);
	return before == '\n' ||
	       (before == '\r' && httpf_byte(cpu, httpf_verifier_reload(&cpu->size) - 3) == '\n');
}

/* Eight bytes as a word whose lowest byte came first. */
static __always_inline __u64 httpf_load_word(const __u8 *bytes)
{
	__u64 word = *(const __u64 *)bytes;

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	word = __builtin_bswap64(word);
#endif
	return word;
}

/* Whether the bytes of the piece from `after` on begin a head: a pipelined one. */
static __always_inline int httpf_follows(struct httpf_cpu *cpu)
{
	__u32 after = httpf_verifier_reload(&cpu->search.after), count = cpu->size - after;
	const __u8 *bytes;

	asm volatile("" : "+r"(after));
	bytes = cpu->payload + (after & (HTTPF_PIECE - 1));
	for (int i = 0; i < 3; i++)
		cpu->start.first.words[i] = httpf_load_word(bytes + 8 * i) & httpf_mask(count, 8 * i);
	cpu->start.count = count;
	return httpf_begins(&cpu->start) != HTTPF_NOTHING;
}

/* The number of the bits up to and with the highest one that is set. */
static __always_inline __u32 httpf_highest(__u64 bits)
{
	bits |= bits >> 1;
	bits |= bits >> 2;
	bits |= bits >> 4;
	bits |= bits >> 8;
	bits |= bits >> 16;
	bits |= bits >> 32;
	bits -= bits >> 1 & 0x5555555555555555ull;
	bits = (bits & 0x3333333333333333ull) + (bits >> 2 & 0x3333333333333333ull);
	bits = (bits + (bits >> 4)) & 0x0f0f0f0f0f0f0f0full;
	return bits * 0x0101010101010101ull >> 56;
}

/* Bytes that are searched at once. */
enum { HTTPF_CHUNK = 64 };

/*
 * Whether a line end in a chunk may be followed by another one: not 0 then. Most chunks have none that is
 * followed by one, or by anything from 8 to 15.
 */
static __always_inline __u64 httpf_may_have_blank(const __u8 *chunk)
{
	__u64 found = 0;

#pragma clang loop unroll(full)
	for (int i = 0; i < HTTPF_CHUNK / 8; i++) {
		__u64 differs = httpf_load_word(chunk + 8 * i) ^ 0x0a0a0a0a0a0a0a0aull;

		differs |=
		    (httpf_load_word(chunk + 8 * i + 1) ^ 0x0808080808080808ull) & 0xf8f8f8f8f8f8f8f8ull;
		/* Some byte is zero; or, harmlessly, one follows such a byte. */
		found |= (differs - 0x0101010101010101ull) & ~differs;
	}
	return found & 0x8080808080808080ull;
}

/*
 * Where empty lines end in a chunk: one bit a byte, the first byte's lowest. How the chunk before it ended is
 * in the search, and how this one did afterwards.
 */
static __always_inline __u64 httpf_blank_ends(struct httpf_search *search, const __u8 *chunk)
{
	__u64 after_lf = search->after_lf, after_lf_cr = search->after_lf_cr, ends = 0;

#pragma clang loop unroll(full)
	for (int i = 0; i < HTTPF_CHUNK / 8; i++) {
		__u64 word = httpf_load_word(chunk + 8 * i), lf, cr, blank;

		lf = httpf_bytes_equal(word, 0x0a0a0a0a0a0a0a0aull);
		cr = httpf_bytes_equal(word, 0x0d0d0d0d0d0d0d0dull);
		after_lf |= lf << 8;
		cr &= after_lf;
		after_lf_cr |= cr << 8;
		blank = lf & (after_lf | after_lf_cr);
		after_lf_cr = cr >> 56;
		after_lf = lf >> 56;
		ends |= ((blank >> 7) * 0x0102040810204080ull >> 56) << (8 * i);
	}
	search->after_lf = after_lf;
	search->after_lf_cr = after_lf_cr;
	return ends;
}

/*
 * Searches the next chunk of the piece for empty lines, and leaves the offset where the last one ended
 * in `search.after`. Whether there is any use in searching further.
 *
 * There is no branch per byte or word, and what one chunk leaves to the next is in memory: the
 * verifier has few paths to follow.
 */
static __always_inline int httpf_scan(struct httpf_cpu *cpu)
{
	struct httpf_search *search = &cpu->search;
	__u32 at = httpf_verifier_reload(&search->at), size = cpu->size, after;
	const __u8 *chunk;
	__u64 ends;

	if (at >= size)
		return 0;
	search->at = at + HTTPF_CHUNK;
	asm volatile("" : "+r"(at));
	at &= HTTPF_HEAD_PIECE - HTTPF_CHUNK;
	chunk = cpu->payload + at;
	/* An empty line begins in few chunks, unless the one before it left its beginning. */
	if (!(httpf_may_have_blank(chunk) | search->after_lf | search->after_lf_cr)) {
		search->after_lf = 0;
		search->after_lf_cr = 0;
		return 1;
	}
	ends = httpf_blank_ends(search, chunk);
	/* What an earlier record left after this one does not count. */
	if (size - at < HTTPF_CHUNK)
		ends &= (1ull << (size - at)) - 1;
	if (!ends)
		return 1;
	search->several |= search->after || ends & (ends - 1);
	after = at + httpf_highest(ends);
	search->after = after;
	search->body = after;
	if (after >= size)
		return 0;
	/* Most bodies do not begin with a capital letter: no need to read on. */
	if (search->thorough || (__u8)(httpf_byte(cpu, after) - 'A') <= 25)
		return 1;
	search->after = HTTPF_BODY_FOLLOWS;
	return 0;
}

/* Bytes that httpf_has_blank looks at, for empty lines that begin in them. */
enum { HTTPF_WINDOW = 128 };

/*
 * Whether an empty line may begin in the window of a piece at `at`: two controls with one byte between them,
 * as CR LF CR LF has them and other lines do not. Much faster than httpf_scan; not for those who end lines
 * with LF alone.
 */
static __always_inline int httpf_has_blank(struct httpf_cpu *cpu, __u32 at)
{
	const __u64 printable = 0x6060606060606060ull;
	__u64 all = ~0ull;
	const __u8 *bytes;

	asm volatile("" : "+r"(at));
	bytes = cpu->payload + (at & (HTTPF_HEAD_PIECE - 1));
#pragma clang loop unroll(full)
	for (int i = 0; i < HTTPF_WINDOW; i += 8)
		all &=
		    ((httpf_load_word(bytes + i) | httpf_load_word(bytes + i + 2)) & printable) + printable;
	return (all & 0x8080808080808080ull) != 0x8080808080808080ull;
}

/* Whether a piece that ends with an empty line can be looked at in windows. */
static __always_inline int httpf_has_windows(struct httpf_cpu *cpu)
{
	return cpu->size >= HTTPF_WINDOW + 4 &&
	       httpf_byte(cpu, httpf_verifier_reload(&cpu->size) - 2) == '\r';
}

/* What a look at a window tells; next: there is another one to look at. */
enum { HTTPF_NEXT, HTTPF_ALONE, HTTPF_MAYBE_MORE };

/* Looks at the next window of a piece that ends with an empty line; the last window ends before that. */
static __always_inline int httpf_look_for_blank(struct httpf_cpu *cpu)
{
	__u32 at = httpf_verifier_reload(&cpu->search.at);
	__u32 last = httpf_verifier_reload(&cpu->size) - 4 - HTTPF_WINDOW;

	cpu->search.after = at < last ? at : last;
	cpu->search.at = at + HTTPF_WINDOW;
	if (httpf_has_blank(cpu, httpf_verifier_reload(&cpu->search.after)))
		return HTTPF_MAYBE_MORE;
	return at < last ? HTTPF_NEXT : HTTPF_ALONE;
}

/* Starts the search in a piece, given how the one before it ended. */
static __always_inline void httpf_begin_search(struct httpf_cpu *cpu)
{
	cpu->search.at = 0;
	cpu->search.after = 0;
	cpu->search.body = 0;
	cpu->search.several = 0;
	cpu->search.after_lf = (cpu->progress.tail & HTTPF_TAIL_LF) << 7;
	cpu->search.after_lf_cr = (cpu->progress.tail & HTTPF_TAIL_LF_CR) << 6;
}

/*
 * Whether a head is unfinished after the piece that was searched, given that one was before it. The last
 * empty line decides: what follows it is nothing, a body, or the beginning of the next head.
 */
static __always_inline int httpf_is_unfinished(struct httpf_cpu *cpu)
{
	__u32 after = httpf_verifier_reload(&cpu->search.after);

	if (after == 0)
		return 1;
	/* The next head may begin with the first byte after the piece. */
	if (after == cpu->size)
		return cpu->left > cpu->size;
	return after < cpu->size && httpf_follows(cpu);
}

/*
 * Whether a request's body begins like a chunked one: with hexadecimal digits and what ends the line or
 * begins an extension. Where it ends is then known only to who reads all of it (RFC 9112, section 7.1).
 */
static __always_inline int httpf_is_chunk(__u64 word)
{
	const __u64 ones = 0x0101010101010101ull, tops = 0x80 * ones;
	__u64 low = word & 0x7f * ones, letters = low | 0x20 * ones;
	__u64 digits = (low + (0x80 - '0') * ones) & ~(low + (0x7f - '9') * ones);
	__u64 hex = (letters + (0x80 - 'a') * ones) & ~(letters + (0x7f - 'f') * ones);
	__u64 beyond = ~((digits | hex) & ~word) & tops;

	beyond &= -beyond;
	return beyond > 0x80 &&
	       (beyond & (httpf_bytes_equal(word, '\r' * ones) | httpf_bytes_equal(word, ';' * ones)));
}

/*
 * Whether the heads of a request's connection are not enough, by what was found in the piece: another head, a
 * chunked body, or so little of a head that more of them come in pieces.
 */
static __always_inline int httpf_needs_whole(struct httpf_cpu *cpu)
{
	__u32 body = httpf_verifier_reload(&cpu->search.body);

	if (cpu->search.several ||
	    (cpu->progress.unfinished && (cpu->search.after || cpu->segment.length < HTTPF_SHORT)))
		return 1;
	if (!body || body >= cpu->size)
		return 0;
	asm volatile("" : "+r"(body));
	return httpf_is_chunk(httpf_load_word(cpu->payload + (body & (HTTPF_PIECE - 1))));
}

#endif
