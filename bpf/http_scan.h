/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * httpf_scan: finds out whether a message head is still unfinished after a piece of payload.
 *
 * A head ends with an empty line: LF LF or LF CR LF. The piece lies in the CPU's scratch record.
 */
#ifndef HTTPF_SCAN_H
#define HTTPF_SCAN_H

#include "http_start.h"

/* How the bytes so far ended, where it matters to the next ones. */
enum { HTTPF_TAIL_NONE = 0, HTTPF_TAIL_LF = 1, HTTPF_TAIL_LF_CR = 2 };

/* 0x80 in every byte of `word` that equals the byte that `pattern` repeats; exact, no carries. */
static __always_inline __u64 httpf_bytes_equal(__u64 word, __u64 pattern)
{
	const __u64 low = 0x7f7f7f7f7f7f7f7full;

	word ^= pattern;
	return ~(((word & low) + low) | word | low);
}

/* A byte of the piece. The compiler may know that `at` is in bounds; the verifier must see it. */
static __always_inline __u8 httpf_byte(struct httpf_scratch *scratch, __u64 at)
{
	asm volatile("" : "+r"(at));
	return scratch->payload[at & (HTTPF_PIECE - 1)];
}

/*
 * The piece's size. It is read anew wherever it is needed: without CAP_PERFMON the verifier wants
 * the number that a load's place is computed from to have the same bounds on every way to it.
 */
static __always_inline __u32 httpf_size(struct httpf_scratch *scratch)
{
	return *(volatile __u32 *)&scratch->size;
}

/* How the piece ended, given how the one before it did. */
static __always_inline __u32 httpf_tail(struct httpf_scratch *scratch)
{
	__u32 size = httpf_size(scratch);
	__u8 last = httpf_byte(scratch, size - 1);

	if (last == '\n')
		return HTTPF_TAIL_LF;
	if (last != '\r')
		return HTTPF_TAIL_NONE;
	if (size == 1)
		return scratch->tail == HTTPF_TAIL_LF ? HTTPF_TAIL_LF_CR : HTTPF_TAIL_NONE;
	return httpf_byte(scratch, httpf_size(scratch) - 2) == '\n' ? HTTPF_TAIL_LF_CR : HTTPF_TAIL_NONE;
}

/* Whether the piece ends with an empty line: then nothing is left of any head in it. */
static __always_inline int httpf_ends_blank(struct httpf_scratch *scratch)
{
	__u8 before;

	if (httpf_size(scratch) < 3 || httpf_byte(scratch, httpf_size(scratch) - 1) != '\n')
		return 0;
	before = httpf_byte(scratch, httpf_size(scratch) - 2);
	return before == '\n' || (before == '\r' && httpf_byte(scratch, httpf_size(scratch) - 3) == '\n');
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
static __noinline int httpf_follows(struct httpf_scratch *scratch)
{
	struct httpf_first first;
	__u32 after = scratch->after, count = scratch->size - after;

	after &= HTTPF_PIECE - 1;
	for (int i = 0; i < 3; i++)
		first.words[i] = httpf_load_word(scratch->payload + after + 8 * i) & httpf_mask(count, 8 * i);
	return httpf_begins(&first, count) != HTTPF_NOTHING;
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

/*
 * Looks for empty lines in the next 64 bytes of the piece, and leaves the place where the
 * last one ended in `scratch->after`. Whether there is any use in looking further.
 *
 * There is no branch per byte or word, and what one call leaves to the next is in memory: the
 * verifier has few ways to go through it.
 */
static __noinline int httpf_scan(struct httpf_scratch *scratch)
{
	__u64 after_lf = scratch->after_lf, after_lf_cr = scratch->after_lf_cr, ends = 0;
	__u32 at = *(volatile __u32 *)&scratch->at & (HTTPF_HEAD_PIECE - 64);
	const __u8 *chunk = scratch->payload + at;
	__u32 size = httpf_size(scratch), after;

	if (at >= size)
		return 0;
	scratch->at = at + 64;
	/* Long values have no line end for many chunks; and without one there is no empty line. */
#pragma unroll
	for (int i = 0; i < 8; i++) {
		__u64 differs = httpf_load_word(chunk + 8 * i) ^ 0x0a0a0a0a0a0a0a0aull;

		/* Some byte is zero; or, harmlessly, one follows such a byte. */
		ends |= (differs - 0x0101010101010101ull) & ~differs;
	}
	if (!(ends & 0x8080808080808080ull)) {
		scratch->after_lf = 0;
		scratch->after_lf_cr = 0;
		return 1;
	}
	ends = 0;
#pragma unroll
	for (int i = 0; i < 8; i++) {
		__u64 word = httpf_load_word(chunk + 8 * i), lf, cr, blank;

		lf = httpf_bytes_equal(word, 0x0a0a0a0a0a0a0a0aull);
		cr = httpf_bytes_equal(word, 0x0d0d0d0d0d0d0d0dull);
		after_lf |= lf << 8;
		cr &= after_lf;
		after_lf_cr |= cr << 8;
		blank = lf & (after_lf | after_lf_cr);
		after_lf_cr = cr >> 56;
		after_lf = lf >> 56;
		/* One bit a byte, the first byte's lowest. */
		ends |= ((blank >> 7) * 0x0102040810204080ull >> 56) << (8 * i);
	}
	scratch->after_lf = after_lf;
	scratch->after_lf_cr = after_lf_cr;
	/* What an earlier record left behind this one does not count. */
	if (size - at < 64)
		ends &= (1ull << (size - at)) - 1;
	if (!ends)
		return 1;
	after = at + httpf_highest(ends);
	scratch->after = after;
	if (after >= httpf_size(scratch))
		return 0;
	/* Most bodies do not begin with a capital letter: no need to read on. */
	if ((__u8)(httpf_byte(scratch, after) - 'A') <= 25)
		return 1;
	scratch->after = httpf_size(scratch);
	return 0;
}

/*
 * The same for the next 512 bytes. Not a loop: without CAP_PERFMON the verifier follows a loop beyond
 * its end as well, as a processor might that guesses wrongly. In two steps, since 64 calls in a row
 * are too long: see the size in http_filter.bpf.c.
 *
 * Not static: the verifier goes through it once, whoever calls it, where it would go through each of the
 * calls (kernel/bpf/verifier.c, do_check_subprogs); loading took 150 ms. So it may be given numbers only.
 */
__noinline int httpf_scan_more(__u32 cpu)
{
	struct httpf_scratch *scratch = bpf_map_lookup_elem(&httpf_scratches, &cpu);

	if (!scratch)
		return 0;
#pragma clang loop unroll(full)
	for (int i = 0; i < 512 / 64; i++)
		if (!httpf_scan(scratch))
			return 0;
	return 1;
}

/*
 * Whether a head is unfinished after the piece, given that one was before it. The last empty line
 * decides: what follows it is nothing, a body, or the beginning of the next head.
 */
static __noinline int httpf_goes_on(struct httpf_scratch *scratch)
{
	__u32 cpu = bpf_get_smp_processor_id();

	scratch->at = 0;
	scratch->after = 0;
	scratch->after_lf = (scratch->tail & HTTPF_TAIL_LF) << 7;
	scratch->after_lf_cr = (scratch->tail & HTTPF_TAIL_LF_CR) << 6;
#pragma clang loop unroll(full)
	for (int i = 0; i < HTTPF_HEAD_PIECE / 512; i++)
		if (!httpf_scan_more(cpu))
			break;
	if (scratch->after == 0)
		return 1;
	return scratch->after < scratch->size && httpf_follows(scratch);
}

#endif
