/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * tls_send: text of a call as records in the ring.
 */
#ifndef TLS_SEND_H
#define TLS_SEND_H

#include "tls_types.h"

/* Text of a call that is to be sent. */
struct tls_piece {
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

static __always_inline void tls_fill(struct tls_record *record, const struct tls_connection *connection,
				     const struct tls_piece *piece)
{
	record->kind = piece->kind;
	record->is_write = piece->is_write;
	record->is_new = piece->is_new;
	record->zero = 0;
	record->process = bpf_get_current_pid_tgid() >> 32;
	record->time = bpf_ktime_get_ns();
	record->connection = connection->number;
	record->position = piece->position;
	record->other_position = connection->halves[piece->is_write ? 0 : 1].position;
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
static __always_inline void tls_send_sized(const struct tls_connection *connection,
					   const struct tls_piece *piece, const __u32 size)
{
	struct tls_record *record = bpf_ringbuf_reserve(&tls_ring, sizeof(*record) + size, 0);
	__u32 captured = piece->captured;
	__u64 waiting;

	if (!record)
		return tls_lose(piece);
	if (captured > size)
		captured = size;
	tls_fill(record, connection, piece);
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

/* Sends a piece that fits into a record. Not static: see tls_window.h. */
__noinline int tls_send_piece(const struct tls_connection *connection, const struct tls_piece *piece)
{
	if (!connection || !piece)
		return 0;
	if (piece->captured <= TLS_SHORT_TEXT)
		tls_send_sized(connection, piece, TLS_SHORT_TEXT);
	else if (piece->captured <= TLS_ORDINARY_TEXT)
		tls_send_sized(connection, piece, TLS_ORDINARY_TEXT);
	else
		tls_send_sized(connection, piece, TLS_TEXT);
	return 0;
}

/* A piece that takes more than one record, while it is sent. */
struct tls_sending {
	const struct tls_connection *connection;
	struct tls_piece *whole;
};

/* What of a piece is sent by the next record. */
static long tls_send_next(__u32 index, void *context)
{
	struct tls_sending *sending = context;
	struct tls_piece *whole = sending->whole;
	struct tls_piece part = *whole;

	if (index && !whole->captured)
		return 1;
	if (part.captured > TLS_TEXT) {
		part.captured = TLS_TEXT;
		part.length = TLS_TEXT;
	}
	tls_send_piece(sending->connection, &part);
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
static __always_inline void tls_send(const struct tls_connection *connection, struct tls_piece *piece)
{
	struct tls_sending sending = {.connection = connection, .whole = piece};

	if (piece->captured <= TLS_TEXT)
		tls_send_piece(connection, piece);
	else
		bpf_loop(TLS_HEAD / TLS_TEXT + 1, tls_send_next, &sending, 0);
}

#endif
