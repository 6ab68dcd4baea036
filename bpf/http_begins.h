/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * struct httpf_start: tells from the first bytes of a payload or a text whether a message head begins there.
 *
 * A payload too short to tell, but so far the beginning of a method and its space or of "HTTP/",
 * counts as a start: a client may write a byte at a time.
 */
#ifndef HTTPF_BEGINS_H
#define HTTPF_BEGINS_H

#include <linux/types.h>
#include <bpf/bpf_helpers.h>

#include "http_methods.h"

/* "UPDATEREDIRECTREF " is the longest start, of 18 bytes; whole words are compared. */
enum { HTTPF_START_BYTES = 24 };

/* A payload's first bytes as words whose lowest byte came first, zeros after its end. */
struct httpf_first {
	__u64 words[HTTPF_START_BYTES / 8];
};

/* Bytes that may begin a head, for httpf_begins to compare with each method. */
struct httpf_start {
	struct httpf_first first;
	__u64 has[HTTPF_START_BYTES / 8]; /* ones where `first` has bytes */
	__u32 count; /* of the bytes from there on, of which `first` has the first ones */
};

/* Bytes of empty lines that may come before a start; the longest name that has a list's place still fits. */
enum { HTTPF_EMPTY_BYTES = 4 };

/* What begins with the first bytes; undecided: it takes HTTPF_METHODS to tell. */
enum {
	HTTPF_NOTHING = 0,
	HTTPF_REQUEST = 1,
	HTTPF_RESPONSE = 2,
	HTTPF_PREFACE = 3,
	HTTPF_UNDECIDED = 4,
	/* At depth auto alone: a response that ends HTTP/1, and what may be frames of HTTP/2. */
	HTTPF_SWITCH = 5,
	HTTPF_FRAMES = 6,
	/* The same: a header of the PROXY protocol, after which a request comes. */
	HTTPF_PROXY = 7
};

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

/* 0x80 in every byte of `word` that equals the byte that `pattern` repeats; exact, no carries. */
static __always_inline __u64 httpf_bytes_equal(__u64 word, __u64 pattern)
{
	const __u64 low = 0x7f7f7f7f7f7f7f7full;

	word ^= pattern;
	return ~(((word & low) + low) | word | low);
}

/* 0x80 in every byte of `word` that cannot be in a method's name as servers know them: A to Z, '-' and '_'
 * can. */
static __always_inline __u64 httpf_beyond_names(__u64 word)
{
	const __u64 ones = 0x0101010101010101ull;
	__u64 low = word & 0x7f * ones;
	__u64 capitals = (low + 0x3f * ones) & ~(low + 0x25 * ones) & ~word;

	return ~(capitals | httpf_bytes_equal(word, '-' * ones) | httpf_bytes_equal(word, '_' * ones)) &
	       0x80 * ones;
}

/*
 * Whether the payload begins with a name in capitals, a space and a slash: a request with a method that is in
 * no list (RFC 9110, section 9.1, lets everybody make some up). Its first three bytes have been looked at.
 */
static __always_inline int httpf_is_token(volatile const struct httpf_start *start)
{
	const __u64 ones = 0x0101010101010101ull;
	__u64 slashes = 0, at = 0, first = 0;

	/* From the last word to the first, so that what counts is the first one with such a byte. */
#pragma clang loop unroll(full)
	for (int i = HTTPF_START_BYTES / 8 - 1; i >= 0; i--) {
		__u64 word = start->first.words[i], beyond = httpf_beyond_names(word);
		__u64 has = -(__u64)(beyond != 0);

		/* The lowest bit that is set: the first byte. */
		beyond &= -beyond;
		at = (at & ~has) | (beyond & httpf_bytes_equal(word, ' ' * ones));
		/* A space that is a word's last byte has its slash in the next one. */
		first = (first & ~has) | (beyond >> 63 & slashes >> 7) |
			(beyond << 8 & httpf_bytes_equal(word, '/' * ones));
		slashes = httpf_bytes_equal(word, '/' * ones);
	}
	return at && first;
}

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
	if (HTTPF_AGREES(start, "PRI * HTTP/2.0\r\n", 16))
		return HTTPF_PREFACE;
	return httpf_is_token(start) ? HTTPF_REQUEST : HTTPF_NOTHING;
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
	/* So short a response may be the first piece of a head alone. */
	if (httpf_is(first, "HTTP/", 5))
		return count < HTTPF_START_BYTES ? HTTPF_UNDECIDED : HTTPF_RESPONSE;
	if (httpf_is(first, "POST ", 5) || httpf_is(first, "PUT ", 4) || httpf_is(first, "HEAD ", 5) ||
	    httpf_is(first, "DELETE ", 7) || httpf_is(first, "OPTIONS ", 8) || httpf_is(first, "PATCH ", 6))
		return HTTPF_REQUEST;
	return HTTPF_UNDECIDED;
}

/* Whether a response of which eight bytes agree with "HTTP/" has the status 101: what follows is no HTTP/1.
 */
static __always_inline int httpf_is_switch(const struct httpf_first *first)
{
	return (first->words[1] & 0xffffff00) == httpf_word(" 101", 4, 0) - ' ';
}

/* Whether such a response has a status from 200 to 599: RFC 9110, section 15. */
static __always_inline int httpf_is_final(const struct httpf_first *first)
{
	return (__u8)first->words[1] == ' ' && (__u8)((first->words[1] >> 8) - '2') <= 3;
}

/* Whether two lines end within the first bytes: those of a short payload that is a head without fields. */
static __always_inline int httpf_ends_twice(const struct httpf_first *first)
{
	const __u64 ones = 0x0101010101010101ull;
	__u64 ends = 0;

#pragma clang loop unroll(full)
	for (int i = 0; i < HTTPF_START_BYTES / 8; i++)
		ends += httpf_bytes_equal(first->words[i], '\n' * ones) >> 7;
	/* Each byte of the product's uppermost one is a sum of all. */
	return ends * ones >> 56 >= 2;
}

/* Whether a payload begins with a TLS record of any type and version: RFC 8446, section 5.1. */
static __always_inline int httpf_begins_record(const struct httpf_first *first)
{
	return (__u8)(first->words[0] - 0x14) <= 3 && (__u8)(first->words[0] >> 8) == 3;
}

/*
 * Whether a payload that begins with a zero byte begins like frames of HTTP/2 (RFC 9113, section 4.1): with a
 * client's HEADERS frame, whole in itself, or with the SETTINGS that a server sends first. Chance has it so
 * once in 2^23 times.
 */
static __always_inline int httpf_begins_frames(const struct httpf_first *first, __u32 count)
{
	__u64 word = first->words[0], stream = first->words[1];

	/* Length, type, flags and the stream's first bytes; of the flags all that there are, and END_HEADERS
	 * set. */
	if ((word & 0x000080d6ff0000ffull) == 0x0000000401000000ull)
		return stream & 1 && 9 + ((__u32)(word >> 8 & 0xff) << 8 | (word >> 16 & 0xff)) <= count;
	return (word & ~0x0000000000ff0000ull) == 0x0000000004000000ull && (__u8)stream == 0 && count >= 9;
}

/* 0x80 in some byte if any byte of `word` is 0. */
static __always_inline __u64 httpf_any_zero(__u64 word)
{
	const __u64 ones = 0x0101010101010101ull;

	return (word - ones) & ~word & 0x80 * ones;
}

/* The eight bytes of a word and the one after it from the byte number `from` on. */
static __always_inline __u64 httpf_bytes_from(__u64 low, __u64 high, const int from)
{
	return low >> (8 * from) | high << (64 - 8 * from);
}

/*
 * Whether "HT" comes after one to sixteen bytes: a status line may follow some that belong to nothing. In few
 * instructions, since every segment of a body is looked at.
 */
static __always_inline int httpf_may_be_stray(const struct httpf_first *first)
{
	const __u64 ones = 0x0101010101010101ull;
	__u64 found = 0;

#pragma clang loop unroll(full)
	for (int i = 0; i < 2; i++) {
		__u64 low = first->words[i], high = first->words[i + 1];

		found |= httpf_any_zero((httpf_bytes_from(low, high, 1) ^ 'H' * ones) |
					(httpf_bytes_from(low, high, 2) ^ 'T' * ones));
	}
	return found != 0;
}

/* Whether "HTTP/" comes after one to nineteen other bytes. */
static __always_inline int httpf_is_stray(const struct httpf_first *first)
{
	const __u64 ones = 0x0101010101010101ull;
	__u64 found = 0;

#pragma clang loop unroll(full)
	for (int i = 0; i < HTTPF_START_BYTES / 8; i++) {
		__u64 low = first->words[i], high = i < 2 ? first->words[i + 1] : 0;

		found |= httpf_any_zero((httpf_bytes_from(low, high, 1) ^ 'H' * ones) |
					(httpf_bytes_from(low, high, 2) ^ 'T' * ones) |
					(httpf_bytes_from(low, high, 3) ^ 'T' * ones) |
					(httpf_bytes_from(low, high, 4) ^ 'P' * ones) |
					(httpf_bytes_from(low, high, 5) ^ '/' * ones));
	}
	return found != 0;
}

/*
 * Whether a payload begins with a header that a proxy puts before a connection's first bytes (HAProxy's PROXY
 * protocol): a line of version 1, "PROXY TCP4 ..." or "PROXY UNKNOWN", or the signature of version 2.
 */
static __always_inline int httpf_is_proxy(const struct httpf_start *start)
{
	__u64 first = start->first.words[0], second = start->first.words[1];
	__u64 line = first & httpf_mask(7, 0);

	return start->count >= 15 &&
	       (line == httpf_word("PROXY T", 7, 0) || line == httpf_word("PROXY U", 7, 0) ||
		(first == 0x510a0d000a0d0a0dull && (__u32)second == (__u32)httpf_word("UIT\n", 4, 0)));
}

/* Whether a byte cannot be the second or third one of a start. */
static __always_inline int httpf_cannot_continue(__u8 byte)
{
	return (__u8)(byte - 'A') > 25 && byte != '-';
}

/* Whether `count` bytes cannot be a start, by the first three. */
static __always_inline int httpf_cannot_begin(__u64 word, __u32 count)
{
	return (__u8)(word - 'A') > 25 ||
	       (count >= 3 && (httpf_cannot_continue(word >> 8) || httpf_cannot_continue(word >> 16)));
}

/* Whether a payload begins with an end of line, after which a start may come. */
static __always_inline int httpf_is_line_end(__u64 word)
{
	return (__u8)word == '\r' || (__u8)word == '\n';
}

/*
 * Skips empty lines, which old clients send between two requests (RFC 9112, section 2.2), up to
 * HTTPF_EMPTY_BYTES of them; the last byte of all is never skipped.
 */
static __always_inline void httpf_skip_lines(struct httpf_start *start)
{
#pragma clang loop unroll(full)
	for (int i = 0; i < HTTPF_EMPTY_BYTES; i++) {
		volatile struct httpf_start *memory = start;
		__u64 words[3] = {memory->first.words[0], memory->first.words[1], memory->first.words[2]};

		if (!httpf_is_line_end(words[0]) || memory->count < 2)
			break;
		memory->first.words[0] = words[0] >> 8 | words[1] << 56;
		memory->first.words[1] = words[1] >> 8 | words[2] << 56;
		memory->first.words[2] = words[2] >> 8;
		memory->count--;
	}
}

#endif
