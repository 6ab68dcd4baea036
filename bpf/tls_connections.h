/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * tls_find, tls_tie, tls_end: connections by the library's memory of them, from their first call to their
 * end.
 */
#ifndef TLS_CONNECTIONS_H
#define TLS_CONNECTIONS_H

#include "tls_send.h"

/* Receives whose text is read of a connection that began before the watch until it counts without a socket.
 */
enum { TLS_LATE_READS = 2 };

/* Reads both ends of a socket; whether it is one of TCP. */
static __always_inline int tls_read_ends(struct tls_ends *ends, struct sock *sk)
{
	struct sock_common *common = &sk->__sk_common;
	__u16 family = common->skc_family;

	if (family == OWNER_AF_INET) {
		ends->local[0] = ends->remote[0] = 0;
		ends->local[1] = bpf_cpu_to_be64(0x0000ffff00000000ULL | bpf_ntohl(common->skc_rcv_saddr));
		ends->remote[1] = bpf_cpu_to_be64(0x0000ffff00000000ULL | bpf_ntohl(common->skc_daddr));
	} else if (family == OWNER_AF_INET6 && bpf_core_field_exists(common->skc_v6_daddr)) {
		bpf_core_read(ends->local, sizeof(ends->local), &common->skc_v6_rcv_saddr);
		bpf_core_read(ends->remote, sizeof(ends->remote), &common->skc_v6_daddr);
	} else {
		return 0;
	}
	ends->local_port = common->skc_num;
	ends->remote_port = bpf_ntohs(common->skc_dport);
	ends->network = common->skc_net.net->ns.inum;
	ends->interface = sk->sk_rx_dst_ifindex;
	return 1;
}

/*
 * Ends a connection. Not static: see tls_window.h.
 *
 * Keys are copied here and in tls_make: verifiers before 6.2 take none that lies where an argument points to.
 */
__noinline int tls_end(const struct tls_key *key, struct tls_connection *connection)
{
	struct tls_piece piece = {.kind = TLS_CLOSED, .is_write = 1};
	struct tls_key copy;
	__u64 socket;

	if (!key || !connection)
		return 0;
	copy = *key;
	socket = connection->socket;
	piece.position = connection->halves[1].position;
	if (connection->has_text && tls_is_wanted(&connection->ends))
		tls_send_piece(connection, &piece);
	if (socket)
		bpf_map_delete_elem(&tls_sockets, &socket);
	bpf_map_delete_elem(&tls_connections, &copy);
	return 0;
}

/* Makes a connection. */
__noinline int tls_make(const struct tls_key *key, __u32 is_new, __u32 is_late)
{
	/* No processor makes two in a nanosecond. */
	struct tls_connection made = {
	    .number = bpf_ktime_get_ns() << 10 ^ (bpf_get_smp_processor_id() & 1023),
	    .is_new = is_new,
	    .is_late = is_late,
	    .was_late = is_late,
	};

	if (key) {
		struct tls_key copy = *key;

		bpf_map_update_elem(&tls_connections, &copy, &made, BPF_ANY);
	}
	return 0;
}

/* The connection of a call, which may be a new one; NULL when there is no memory. */
static __always_inline struct tls_connection *tls_find(const struct tls_key *key, const struct tls_call *call,
						       int has_text)
{
	struct tls_connection *connection = bpf_map_lookup_elem(&tls_connections, key);

	/* Another socket is another connection: the library was asked to use the same memory again. */
	if (connection && call->socket && connection->socket && connection->socket != call->socket) {
		tls_end(key, connection);
		connection = NULL;
	}
	if (!connection) {
		tls_make(key, call->function == TLS_HANDSHAKE,
			 has_text && !call->socket ? TLS_LATE_READS : 0);
		connection = bpf_map_lookup_elem(&tls_connections, key);
	}
	if (connection && call->socket && connection->socket != call->socket) {
		__u64 socket = call->socket;

		connection->socket = socket;
		connection->ends = call->ends;
		bpf_map_update_elem(&tls_sockets, &socket, key, BPF_ANY);
	}
	if (connection && call->socket) {
		connection->is_late = 0;
		/* Nothing of it was left out. */
		if (!connection->halves[0].position && !connection->halves[1].position)
			connection->was_late = 0;
	}
	return connection;
}

/* Notes a receive of a thread outside of all calls. */
static __always_inline void tls_note_received(struct tls_thread *thread, struct sock *sk)
{
	struct tls_received *received = &thread->received;
	int is_other = received->socket != (__u64)sk;

	if (received->state != TLS_NOTHING && (received->state == TLS_AMBIGUOUS || is_other)) {
		received->state = TLS_AMBIGUOUS;
		return;
	}
	if (!tls_read_ends(&received->ends, sk))
		return;
	received->socket = (__u64)sk;
	received->state = TLS_RECEIVED;
}

/*
 * Ties a connection, whose text was not seen yet, to the socket that its thread has received from outside of
 * the library, immediately before the call: Node.js and asyncio pass on what they receive before they receive
 * more.
 *
 * A thread that does otherwise would tie wrongly. So it takes two calls that say the same, but for a thread's
 * first connection, of which it had no place yet at the first receive; a socket that no other connection has;
 * and a thread that never receives inside of calls.
 */
static __always_inline void tls_tie(struct tls_thread *thread, const struct tls_key *key,
				    struct tls_connection *connection)
{
	__u64 socket = thread->received.socket;
	struct tls_connection *other;
	struct tls_key *found;

	if (connection->socket || connection->has_text || thread->has_sockets)
		return;
	if (connection->likely_socket != socket && thread->first != key->ssl) {
		connection->likely_socket = socket;
		return;
	}
	found = bpf_map_lookup_elem(&tls_sockets, &socket);
	if (found) {
		struct tls_key copy = *found;

		other = bpf_map_lookup_elem(&tls_connections, &copy);
		if (other && other->socket == socket)
			return;
	}
	connection->socket = socket;
	connection->ends = thread->received.ends;
	if (thread->first == key->ssl)
		thread->first = 0;
	connection->is_late = 0;
	bpf_map_update_elem(&tls_sockets, &socket, key, BPF_ANY);
}

#endif
