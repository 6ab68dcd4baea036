/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * struct httpf_first: tells from a payload's first bytes whether a message head begins there.
 *
 * A payload too short to tell, but so far the beginning of a method and its space or of "HTTP/",
 * counts as a start: a client may write a byte at a time.
 */
#ifndef HTTPF_START_H
#define HTTPF_START_H

#include "http_maps.h"
#include "http_methods.h"

/* What begins with the first bytes; undecided: it takes HTTPF_METHODS to tell. */
enum { HTTPF_NOTHING = 0, HTTPF_REQUEST = 1, HTTPF_RESPONSE = 2, HTTPF_PREFACE = 3, HTTPF_UNDECIDED = 4 };

/* Up to eight bytes of a literal as such a word; folded by the compiler. */
static __always_inline __u64 httpf_word(const char *text, int size, int from)
{
	__u64 word = 0;

#pragma unroll
	for (int i = 0; i < 8; i++)
		if (from + i < size)
			word |= (__u64)(__u8)text[from + i] << (8 * i);
	return word;
}

/* Ones where a word that starts `from` bytes into `count` bytes has bytes. */
static __always_inline __u64 httpf_mask(__u32 count, __u32 from)
{
	return count >= from + 8 ? ~0ull : count <= from ? 0 : (1ull << (8 * (count - from))) - 1;
}

/* Whether the bytes that are both in the payload and in the literal are the same. */
#define HTTPF_AGREES(start, text, size)                                                                      \
	((((start)->first.words[0] ^ httpf_word(text, size, 0)) & httpf_mask(size, 0) & (start)->has[0]) ==  \
	     0 &&                                                                                            \
	 ((size) <= 8 || (((start)->first.words[1] ^ httpf_word(text, size, 8)) & httpf_mask(size, 8) &      \
			  (start)->has[1]) == 0) &&                                                          \
	 ((size) <= 16 || (((start)->first.words[2] ^ httpf_word(text, size, 16)) & httpf_mask(size, 16) &   \
			   (start)->has[2]) == 0))

/*
 * What begins with the payload's first bytes; decided. The masks are kept in memory first: of numbers that
 * differ from path to path the verifier would follow each past each of the names.
 */
static __always_inline int httpf_begins(struct httpf_start *memory)
{
	volatile const struct httpf_start *start = memory;
	__u32 count = start->count;

	if (count == 0)
		return HTTPF_NOTHING;
	memory->has[0] = httpf_mask(count, 0);
	memory->has[1] = httpf_mask(count, 8);
	memory->has[2] = httpf_mask(count, 16);
	/* A lone "H" is a request's until more is seen: its head is then followed to its end. */
	if (count > 1 && HTTPF_AGREES(start, "HTTP/", 5))
		return HTTPF_RESPONSE;
#define HTTPF_TRY(name)                                                                                      \
	if (HTTPF_AGREES(start, name " ", sizeof(name)))                                                     \
		return HTTPF_REQUEST;
	HTTPF_METHODS(HTTPF_TRY)
#undef HTTPF_TRY
	return HTTPF_AGREES(start, "PRI * HTTP/2.0\r\n", 16) ? HTTPF_PREFACE : HTTPF_NOTHING;
}

/* Whether the payload's first bytes, of which there are eight, are the literal's `size`, at most eight. */
static __always_inline int httpf_is(const struct httpf_first *first, const char *text, const int size)
{
	if (size == 4)
		return (__u32)first->words[0] == (__u32)httpf_word(text, 4, 0);
	return (first->words[0] & httpf_mask(size, 0)) == httpf_word(text, size, 0);
}

/* The same for what is most often there, in a few comparisons. */
static __always_inline int httpf_begins_fast(const struct httpf_first *first, __u32 count)
{
	if (count < 8)
		return HTTPF_UNDECIDED;
	if (httpf_is(first, "GET ", 4))
		return HTTPF_REQUEST;
	if (httpf_is(first, "HTTP/", 5))
		return HTTPF_RESPONSE;
	if (httpf_is(first, "POST ", 5) || httpf_is(first, "PUT ", 4) || httpf_is(first, "HEAD ", 5) ||
	    httpf_is(first, "DELETE ", 7) || httpf_is(first, "OPTIONS ", 8) || httpf_is(first, "PATCH ", 6))
		return HTTPF_REQUEST;
	return HTTPF_UNDECIDED;
}

/* Whether `count` bytes cannot be a start, by the first three: every name has three capitals. */
static __always_inline int httpf_cannot_begin(__u64 word, __u32 count)
{
	return (__u8)(word - 'A') > 25 ||
	       (count >= 3 && ((__u8)((word >> 8) - 'A') > 25 || (__u8)((word >> 16) - 'A') > 25));
}

/* The payload's first bytes, if they came with the headers; no address is computed, as verifiers like it. */
static __always_inline int httpf_take_first(const struct httpf_headers *h, struct httpf_first *first)
{
	const __u64 *words = (const __u64 *)(h->bytes + 60);

	if (h->data_offset >> 4 == 8)
		words = (const __u64 *)(h->bytes + 72);
	else if (h->data_offset >> 4 != 5)
		return 0;
	first->words[0] = words[0];
	first->words[1] = words[1];
	first->words[2] = words[2];
	return 1;
}

/* The first bytes of a segment's payload, of which it has some; false if they cannot be loaded. */
static __always_inline int httpf_load_first(struct __sk_buff *skb, const struct httpf_segment *segment,
					    struct httpf_first *first)
{
	__u32 offset = segment->offset, count = segment->length;

	first->words[0] = first->words[1] = first->words[2] = 0;
	if (count >= HTTPF_START_BYTES) {
		if (!(segment->headers.has_payload_prefix && httpf_take_first(&segment->headers, first)) &&
		    bpf_skb_load_bytes(skb, offset, first, HTTPF_START_BYTES))
			return 0;
	} else {
		__u64 size = count - 1;

		/*
		 * The verifier must see the bounds of the very number that the call takes. From "is not
		 * 0" it only learns "is at least 1" since Linux 6.8; before it, it refuses
		 * an "invalid zero-sized read". Adding one to what is at least 0 it has always understood.
		 */
		asm volatile("" : "+r"(size));
		if (size >= HTTPF_START_BYTES - 1)
			return 0;
#ifdef __bpf__
		asm volatile("%0 += 1" : "+r"(size));
#else
		size += 1;
#endif
		if (bpf_skb_load_bytes(skb, offset, first, size))
			return 0;
	}
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	for (int i = 0; i < 3; i++)
		first->words[i] = __builtin_bswap64(first->words[i]);
#endif
	return 1;
}

/* Skips an empty line, which old clients send between two requests (RFC 9112, section 2.2). */
static __always_inline __u32 httpf_skip_line(struct httpf_first *first, __u32 count)
{
	if (count < 3 || (__u16)first->words[0] != 0x0a0d)
		return count;
	first->words[0] = first->words[0] >> 16 | first->words[1] << 48;
	first->words[1] = first->words[1] >> 16 | first->words[2] << 48;
	first->words[2] >>= 16;
	/* Two bytes fewer are there; the longest start still fits. */
	return count - 2;
}

#endif
