/* SPDX-License-Identifier: Apache-2.0 */
/* One way to decode gzip, bzip2, xz and Zstandard, a piece at a time. Swift cannot do it: what the libraries
 * work on are structures full of pointers, and macros. */
#ifndef WT_DECOMPRESSION_H
#define WT_DECOMPRESSION_H

#include <stddef.h>
#include <stdint.h>

enum wt_compression {
	WT_GZIP, /* RFC 1952 */
	WT_BZIP2,
	WT_XZ,
	WT_ZSTD, /* RFC 8878 */
};

enum wt_decoding {
	WT_DECODING,	/* more input or more room is needed */
	WT_MEMBER_ENDS, /* a member is whole; more may follow */
	WT_DAMAGED,	/* these bytes cannot be decoded */
	WT_TOO_LARGE,	/* decoding would take more memory than is allowed */
};

struct wt_decoder;

/* A decoder that takes at most about `memory` bytes; NULL without memory. */
struct wt_decoder *wt_decoder_open(enum wt_compression format, uint64_t memory);

void wt_decoder_close(struct wt_decoder *decoder);

/* Decodes as much of a member as there is input and room, and gives how many bytes of both that took. After a
 * member's end the next call begins another one. */
enum wt_decoding wt_decoder_run(struct wt_decoder *decoder, const void *input, size_t length, void *output,
				size_t room, size_t *consumed, size_t *produced);

#endif
