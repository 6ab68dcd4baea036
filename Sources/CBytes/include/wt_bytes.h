/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Work on 64 bytes at a time. Swift has no word for a vector's mask as bits, and makes no chain of carries of
 * an addition that reports them.
 */
#ifndef WT_BYTES_H
#define WT_BYTES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { WT_BLOCK = 64 };

/* Bit n: whether byte n of the 64 is `byte`. */
static inline uint64_t wt_equal_bytes(const void *bytes, uint8_t byte)
{
	uint64_t marks = 0;

#ifdef __SSE2__
	typedef char wt_vector __attribute__((vector_size(16)));

	for (int part = 0; part < WT_BLOCK / 16; part++) {
		wt_vector vector;

		memcpy(&vector, (const char *)bytes + 16 * part, sizeof(vector));
		vector = (wt_vector)(vector == (char)byte);
		marks |= (uint64_t)(uint32_t)__builtin_ia32_pmovmskb128(vector) << 16 * part;
	}
#else
	const uint64_t ones = 0x0101010101010101, low_bits = 0x7f * ones;

	for (int part = 0; part < WT_BLOCK / 8; part++) {
		uint64_t word, tops;

		memcpy(&word, (const char *)bytes + 8 * part, sizeof(word));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
		word = __builtin_bswap64(word);
#endif
		word ^= byte * ones;
		/* The top bit of each byte that is zero now; then those eight bits side by side. */
		tops = ~(((word & low_bits) + low_bits) | word | low_bits);
		marks |= ((tops >> 7) * 0x0102040810204080 >> 56) << 8 * part;
	}
#endif
	return marks;
}

/*
 * A sum of the 64-bit words of blocks of 64 bytes, as they are in memory, in which a carry counts as one:
 * modulo 2^64 - 1, and 0 only if all of them are.
 */
static inline uint64_t wt_sum_words(const void *bytes, size_t blocks)
{
	const char *block = bytes;
	unsigned long long sum = 0;

	for (; blocks > 0; blocks--, block += WT_BLOCK) {
		unsigned long long carry = 0;

#pragma clang loop unroll(full)
		for (int part = 0; part < WT_BLOCK / 8; part++) {
			unsigned long long word;

			memcpy(&word, block + 8 * part, sizeof(word));
			sum = __builtin_addcll(sum, word, carry, &carry);
		}
		/* Twice: the first one may carry too. */
		sum = __builtin_addcll(sum, 0, carry, &carry);
		sum += carry;
	}
	return sum;
}

#endif
