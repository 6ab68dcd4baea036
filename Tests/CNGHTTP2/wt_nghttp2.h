/* SPDX-License-Identifier: Apache-2.0 */
/* wt_nghttp2: libnghttp2's HPACK coder, the reference implementation that tests compare with. */
/* In a header, since a module of a system's library has no source files: only what tests is built with it. */
#ifndef WT_NGHTTP2_H
#define WT_NGHTTP2_H

#include <nghttp2/nghttp2.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* A decoder and an encoder of one direction. */
struct wt_reference {
	nghttp2_hd_inflater *inflater;
	nghttp2_hd_deflater *deflater;
};

static inline void wt_reference_free(struct wt_reference *reference)
{
	if (reference->inflater)
		nghttp2_hd_inflate_del(reference->inflater);
	if (reference->deflater)
		nghttp2_hd_deflate_del(reference->deflater);
	free(reference);
}

/* NULL without memory. The encoder's table has at most `table` bytes. */
static inline struct wt_reference *wt_reference_new(uint32_t table)
{
	struct wt_reference *reference = calloc(1, sizeof(*reference));

	if (!reference)
		return NULL;
	if (nghttp2_hd_inflate_new(&reference->inflater) || nghttp2_hd_deflate_new(&reference->deflater, table)) {
		wt_reference_free(reference);
		return NULL;
	}
	return reference;
}

/* The decoder's SETTINGS_HEADER_TABLE_SIZE, acknowledged. 0, or nghttp2's error. */
static inline int wt_reference_bound(struct wt_reference *reference, uint32_t bytes)
{
	return nghttp2_hd_inflate_change_table_size(reference->inflater, bytes);
}

/*
 * Decodes a whole block. Each field is written to `fields`: the lengths of its name and its value, 4 bytes each in the
 * machine's order, then both. Returns the bytes written, or nghttp2's error; -1 when `room` does not suffice.
 */
static inline long wt_reference_decode(struct wt_reference *reference, const uint8_t *block, size_t length,
					uint8_t *fields, size_t room)
{
	size_t written = 0;

	for (;;) {
		nghttp2_nv field;
		int flags = 0;
		ssize_t used = nghttp2_hd_inflate_hd2(reference->inflater, &field, &flags, block, length, 1);

		if (used < 0)
			return (long)used;
		block += used;
		length -= (size_t)used;
		if (flags & NGHTTP2_HD_INFLATE_EMIT) {
			uint32_t lengths[2] = {(uint32_t)field.namelen, (uint32_t)field.valuelen};

			if (room - written < sizeof(lengths) + field.namelen + field.valuelen)
				return -1;
			memcpy(fields + written, lengths, sizeof(lengths));
			written += sizeof(lengths);
			memcpy(fields + written, field.name, field.namelen);
			written += field.namelen;
			memcpy(fields + written, field.value, field.valuelen);
			written += field.valuelen;
		}
		if (flags & NGHTTP2_HD_INFLATE_FINAL) {
			nghttp2_hd_inflate_end_headers(reference->inflater);
			return (long)written;
		}
	}
}

/* Encodes fields in that form. Returns the block's length, or nghttp2's error; -1 for more than 512 fields. */
static inline long wt_reference_encode(struct wt_reference *reference, const uint8_t *fields, size_t length,
					uint8_t *block, size_t room)
{
	nghttp2_nv all[512];
	size_t count = 0;
	size_t offset = 0;

	while (offset < length) {
		uint32_t lengths[2];

		if (count == sizeof(all) / sizeof(*all) || length - offset < sizeof(lengths))
			return -1;
		memcpy(lengths, fields + offset, sizeof(lengths));
		offset += sizeof(lengths);
		if (length - offset < (size_t)lengths[0] + lengths[1])
			return -1;
		/* The encoder only reads them. */
		all[count].name = (uint8_t *)fields + offset;
		all[count].namelen = lengths[0];
		all[count].value = (uint8_t *)fields + offset + lengths[0];
		all[count].valuelen = lengths[1];
		all[count].flags = NGHTTP2_NV_FLAG_NONE;
		offset += (size_t)lengths[0] + lengths[1];
		count++;
	}
	return (long)nghttp2_hd_deflate_hd(reference->deflater, block, room, all, count);
}

#endif
