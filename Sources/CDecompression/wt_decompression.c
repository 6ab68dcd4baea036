/* SPDX-License-Identifier: Apache-2.0 */
/* wt_decompression: zlib, libbz2, liblzma and libzstd behind one function. */
#include "wt_decompression.h"

#include <bzlib.h>
#include <limits.h>
#include <lzma.h>
#include <stdbool.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

struct wt_decoder {
	enum wt_compression format;
	uint64_t memory;
	bool begun; /* in the middle of a member: its decoder is ready */
	union {
		z_stream gzip;
		bz_stream bzip2;
		lzma_stream xz;
		ZSTD_DStream *zstd;
	} state;
};

struct wt_decoder *wt_decoder_open(enum wt_compression format, uint64_t memory)
{
	struct wt_decoder *decoder = calloc(1, sizeof(*decoder));

	if (!decoder)
		return NULL;
	decoder->format = format;
	decoder->memory = memory;
	return decoder;
}

/* Gives up what a member's decoder has taken. */
static void wt_decoder_end(struct wt_decoder *decoder)
{
	if (!decoder->begun)
		return;
	decoder->begun = false;
	switch (decoder->format) {
	case WT_GZIP:
		inflateEnd(&decoder->state.gzip);
		break;
	case WT_BZIP2:
		BZ2_bzDecompressEnd(&decoder->state.bzip2);
		break;
	case WT_XZ:
		lzma_end(&decoder->state.xz);
		break;
	case WT_ZSTD:
		ZSTD_freeDStream(decoder->state.zstd);
		break;
	}
}

void wt_decoder_close(struct wt_decoder *decoder)
{
	wt_decoder_end(decoder);
	free(decoder);
}

/* The largest window that fits in `memory`, as a power of two. */
static int wt_window(uint64_t memory)
{
	int window = 10;

	while (window < 30 && (2ULL << window) <= memory)
		window++;
	return window;
}

/* Makes a decoder for the member that begins here; false without memory. */
static bool wt_decoder_begin(struct wt_decoder *decoder)
{
	switch (decoder->format) {
	case WT_GZIP:
		decoder->state.gzip = (z_stream){0};
		/* 16: gzip's own header and nothing else. */
		decoder->begun = inflateInit2(&decoder->state.gzip, 16 + MAX_WBITS) == Z_OK;
		break;
	case WT_BZIP2:
		decoder->state.bzip2 = (bz_stream){0};
		decoder->begun = BZ2_bzDecompressInit(&decoder->state.bzip2, 0, 0) == BZ_OK;
		break;
	case WT_XZ:
		decoder->state.xz = (lzma_stream)LZMA_STREAM_INIT;
		decoder->begun = lzma_stream_decoder(&decoder->state.xz, decoder->memory, 0) == LZMA_OK;
		break;
	case WT_ZSTD:
		decoder->state.zstd = ZSTD_createDStream();
		decoder->begun = decoder->state.zstd != NULL;
		if (decoder->begun)
			ZSTD_DCtx_setParameter(decoder->state.zstd, ZSTD_d_windowLogMax,
					       wt_window(decoder->memory));
		break;
	}
	return decoder->begun;
}

/* What a call of a library has come to, by what it gave back. */
static enum wt_decoding wt_outcome(bool continues, bool ends, bool is_large)
{
	if (ends)
		return WT_MEMBER_ENDS;
	if (continues)
		return WT_DECODING;
	return is_large ? WT_TOO_LARGE : WT_DAMAGED;
}

static enum wt_decoding wt_run_gzip(z_stream *s, const void *in, size_t *length, void *out, size_t *room)
{
	int result;

	s->next_in = (Bytef *)in;
	s->avail_in = *length;
	s->next_out = out;
	s->avail_out = *room;
	result = inflate(s, Z_NO_FLUSH);
	*length -= s->avail_in;
	*room -= s->avail_out;
	return wt_outcome(result == Z_OK || result == Z_BUF_ERROR, result == Z_STREAM_END,
			  result == Z_MEM_ERROR);
}

static enum wt_decoding wt_run_bzip2(bz_stream *s, const void *in, size_t *length, void *out, size_t *room)
{
	int result;

	s->next_in = (char *)in;
	s->avail_in = *length;
	s->next_out = out;
	s->avail_out = *room;
	result = BZ2_bzDecompress(s);
	*length -= s->avail_in;
	*room -= s->avail_out;
	return wt_outcome(result == BZ_OK, result == BZ_STREAM_END, result == BZ_MEM_ERROR);
}

static enum wt_decoding wt_run_xz(lzma_stream *s, const void *in, size_t *length, void *out, size_t *room)
{
	lzma_ret result;

	s->next_in = in;
	s->avail_in = *length;
	s->next_out = out;
	s->avail_out = *room;
	result = lzma_code(s, LZMA_RUN);
	*length -= s->avail_in;
	*room -= s->avail_out;
	return wt_outcome(result == LZMA_OK || result == LZMA_BUF_ERROR, result == LZMA_STREAM_END,
			  result == LZMA_MEMLIMIT_ERROR || result == LZMA_MEM_ERROR);
}

static enum wt_decoding wt_run_zstd(ZSTD_DStream *s, const void *in, size_t *length, void *out, size_t *room)
{
	ZSTD_inBuffer from = {in, *length, 0};
	ZSTD_outBuffer to = {out, *room, 0};
	size_t result = ZSTD_decompressStream(s, &to, &from);
	ZSTD_ErrorCode error = ZSTD_getErrorCode(result);

	*length = from.pos;
	*room = to.pos;
	return wt_outcome(!ZSTD_isError(result), result == 0,
			  error == ZSTD_error_frameParameter_windowTooLarge ||
			      error == ZSTD_error_memory_allocation);
}

enum wt_decoding wt_decoder_run(struct wt_decoder *decoder, const void *input, size_t length, void *output,
				size_t room, size_t *consumed, size_t *produced)
{
	enum wt_decoding result = WT_DAMAGED;

	/* Two of the libraries count in unsigned int. */
	*consumed = length < INT_MAX ? length : INT_MAX;
	*produced = room < INT_MAX ? room : INT_MAX;
	if (!decoder->begun && !wt_decoder_begin(decoder)) {
		*consumed = *produced = 0;
		return WT_TOO_LARGE;
	}
	switch (decoder->format) {
	case WT_GZIP:
		result = wt_run_gzip(&decoder->state.gzip, input, consumed, output, produced);
		break;
	case WT_BZIP2:
		result = wt_run_bzip2(&decoder->state.bzip2, input, consumed, output, produced);
		break;
	case WT_XZ:
		result = wt_run_xz(&decoder->state.xz, input, consumed, output, produced);
		break;
	case WT_ZSTD:
		result = wt_run_zstd(decoder->state.zstd, input, consumed, output, produced);
		break;
	}
	if (result != WT_DECODING)
		wt_decoder_end(decoder);
	return result;
}
