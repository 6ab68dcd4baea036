/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * tls_*: the plain text of TLS as a library's functions take and return it, on the watched ports.
 *
 *     SSL_read, SSL_write ─▶ tls_enter  the call is noted by its thread
 *       recv(2), inside ───▶ tls_receive  ties the call to the socket that it receives from
 *     … return ────────────▶ tls_leave  counts the text and sends the heads in it
 *     SSL_free, close(2) ──▶ tls_enter, tls_change: TLS_CLOSED
 *
 * Of Go's crypto/tls the same functions are known by goroutine, whose stack may be moved inside the call: its
 * returns are probes at the functions' ends.
 *
 * Nothing of the library's memory is known but the arguments of these functions: no offset of a structure,
 * which differ from version to version.
 */
#include "tls_calls.h"
#include "tls_text.h"

/* Reads both ends of a socket; whether it is one of TCP. */
static __always_inline int tls_read_ends(struct tls_ends *ends, struct sock *sk)
{
	__u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);
	struct sock_common *common = &sk->__sk_common;

	if (family == OWNER_AF_INET) {
		ends->local[0] = ends->remote[0] = 0;
		ends->local[1] = bpf_cpu_to_be64(0x0000ffff00000000ULL |
						 bpf_ntohl(BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr)));
		ends->remote[1] = bpf_cpu_to_be64(0x0000ffff00000000ULL |
						  bpf_ntohl(BPF_CORE_READ(sk, __sk_common.skc_daddr)));
	} else if (family == OWNER_AF_INET6 && bpf_core_field_exists(common->skc_v6_daddr)) {
		bpf_core_read(ends->local, sizeof(ends->local), &common->skc_v6_rcv_saddr);
		bpf_core_read(ends->remote, sizeof(ends->remote), &common->skc_v6_daddr);
	} else {
		return 0;
	}
	ends->local_port = BPF_CORE_READ(sk, __sk_common.skc_num);
	ends->remote_port = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));
	ends->network = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
	return 1;
}

static __always_inline void tls_end(struct tls_key *key, struct tls_connection *connection)
{
	struct tls_piece piece = {
	    .connection = connection,
	    .kind = TLS_CLOSED,
	    .is_write = 1,
	    .position = connection->halves[1].position,
	};

	if (connection->has_text && tls_is_wanted(&connection->ends))
		tls_send_piece(&piece);
	if (connection->socket)
		bpf_map_delete_elem(&tls_sockets, &connection->socket);
	bpf_map_delete_elem(&tls_connections, key);
}

/* The connection of a call, which may be a new one; NULL when there is no memory. */
static __always_inline struct tls_connection *tls_find(struct tls_key *key, const struct tls_call *call)
{
	struct tls_connection *connection = bpf_map_lookup_elem(&tls_connections, key);
	struct tls_connection made = {};

	/* Another socket is another connection: the library was asked to use the same memory again. */
	if (connection && call->socket && connection->socket && connection->socket != call->socket) {
		tls_end(key, connection);
		connection = NULL;
	}
	if (!connection) {
		/* No processor makes two in a nanosecond. */
		made.number = bpf_ktime_get_ns() << 10 ^ (bpf_get_smp_processor_id() & 1023);
		made.is_new = call->function == TLS_HANDSHAKE;
		bpf_map_update_elem(&tls_connections, key, &made, BPF_ANY);
		connection = bpf_map_lookup_elem(&tls_connections, key);
	}
	if (connection && call->socket && connection->socket != call->socket) {
		__u64 socket = call->socket;

		connection->socket = socket;
		connection->ends = call->ends;
		bpf_map_update_elem(&tls_sockets, &socket, key, BPF_ANY);
	}
	return connection;
}

/* Text of a call while heads at its beginning are passed over. */
struct tls_passing {
	struct tls_half *half;
	__u64 address;
	__u32 count;
	__u32 done;
	__u32 is_request; /* of the head that the text begins with */
	__u32 zero;
};

/* Passes over the next head, or a piece of it; whether there is nothing more to pass over. */
static long tls_pass_head(__u32 index, void *context)
{
	struct tls_passing *passing = context;
	struct tls_half *half = passing->half;
	__u64 address = passing->address + passing->done;
	__u32 left = passing->count - passing->done, searched;
	__u64 found;

	if (passing->done >= passing->count)
		return 1;
	if (half->phase == TLS_BETWEEN) {
		int begins = tls_begins(address, left);

		if (begins != HTTPF_REQUEST && begins != HTTPF_RESPONSE)
			return 1;
		half->phase = TLS_IN_HEAD;
		half->head = half->tail = 0;
		if (passing->done == 0)
			passing->is_request = begins == HTTPF_REQUEST;
	}
	found = tls_find_end(address, left, half->tail);
	searched = found;
	passing->done += searched;
	half->head += searched;
	if (found >> 32) {
		half->phase = TLS_BETWEEN;
		return 0;
	}
	half->tail = tls_tail(half->tail, address + searched, searched);
	if (half->head < TLS_HEAD && passing->done >= passing->count)
		return 0;
	half->phase = TLS_BETWEEN;
	TLS_COUNT(overlong);
	return 1;
}

/*
 * Passes over heads at the beginning of the text; bytes up to the end of the last one, or of the text.
 *
 * By bpf_loop: verifiers before 6.2 take no calls of functions inside of a loop that is entered in its midst.
 */
static __always_inline __u32 tls_pass_heads(struct tls_half *half, struct tls_piece *piece, __u32 count)
{
	struct tls_passing passing = {.half = half, .address = piece->address, .count = count};

	bpf_loop(TLS_HEADS, tls_pass_head, &passing, 0);
	piece->is_request = passing.is_request;
	return passing.done;
}

static __always_inline void tls_pass_frames(struct tls_half *half, struct tls_piece *piece, __u32 count)
{
	struct tls_walk walk = {.piece = *piece,
				.half = half,
				.address = piece->address,
				.position = piece->position,
				.count = count};

	walk.piece.kind = TLS_FRAMES;
	walk.piece.is_request = 0;
	bpf_loop(TLS_STEPS, tls_walk_step, &walk, 0);
	tls_send_walked(&walk);
}

/* Both directions carry frames from their next bytes on. */
static __always_inline void tls_begin_frames(struct tls_connection *connection, struct tls_half *half,
					     int begins)
{
	half->phase = TLS_IN_FRAMES;
	half->rest = half->gathered = 0;
	if (begins != HTTPF_PREFACE)
		return;
	half->rest = 24;
	half->passes = 1;
	for (int i = 0; i < 2; i++) {
		if (connection->halves[i].phase != TLS_IN_FRAMES) {
			connection->halves[i].phase = TLS_IN_FRAMES;
			connection->halves[i].rest = connection->halves[i].gathered = 0;
		}
	}
}

/* Sends what is heads of the text of a call that returned. */
static __always_inline void tls_read_text(struct tls_connection *connection, struct tls_call *call,
					  __u32 count)
{
	__u32 is_write = call->function != TLS_READ;
	struct tls_half *half = &connection->halves[is_write & 1];
	struct tls_piece piece = {
	    .connection = connection,
	    .address = call->buffer,
	    .position = half->position,
	    .length = count,
	    .kind = half->phase == TLS_IN_HEAD ? TLS_CONTINUATION : TLS_START,
	    .is_write = is_write,
	    .is_new = connection->is_new && half->position == 0,
	};

	if (half->phase == TLS_BETWEEN) {
		int begins = tls_begins(call->buffer, count);

		if (begins == HTTPF_PREFACE || begins == HTTPF_FRAMES)
			tls_begin_frames(connection, half, begins);
	}
	if (half->phase == TLS_IN_FRAMES)
		return tls_pass_frames(half, &piece, count);
	piece.captured = tls_pass_heads(half, &piece, count);
	if (piece.captured)
		tls_send(&piece);
}

/* What a call that has returned was about. */
static __always_inline void tls_finish(struct tls_call *call, int result)
{
	struct tls_key key = {.ssl = call->ssl, .process = bpf_get_current_pid_tgid() >> 32};
	struct tls_connection *connection;
	struct tls_half *half;
	__u64 count = 0;

	/* A handshake, and a call without a result, only show the socket. */
	if (call->function == TLS_HANDSHAKE || result <= 0) {
		if (call->socket || call->function == TLS_HANDSHAKE)
			tls_find(&key, call);
		return;
	}
	if (!call->length) {
		count = result;
	} else if (bpf_probe_read_user(&count, sizeof(count), (void *)call->length)) {
		TLS_COUNT(unreadable);
		return;
	}
	/* Text of a TLS record or of a write: 2^24 bytes are more than a segment may stand for. */
	if (count == 0 || count > 0x7fffffff)
		return;
	connection = tls_find(&key, call);
	if (!connection)
		return;
	half = &connection->halves[call->function != TLS_READ];
	if (tls_is_wanted(&connection->ends)) {
		TLS_COUNT(calls);
		if (!connection->has_text) {
			connection->has_text = 1;
			TLS_COUNT(connections);
			if (!connection->ends.network)
				TLS_COUNT(untied);
		}
		/* The rest of what a call before has begun to send, as GnuTLS's has it. */
		if (call->buffer)
			tls_read_text(connection, call, count < 0xffffff ? count : 0xffffff);
		else
			TLS_COUNT(unreadable);
	}
	half->position += count;
}

/*
 * Counts what a goroutine is about to write, when its connection is known; whether it is.
 *
 * Not at the function's end: by then another goroutine may have read that the client, which has the answer,
 * closes, and have closed. Go's Write takes all of it, or the connection is lost.
 */
static __always_inline int tls_write_go(struct tls_registers *registers)
{
	struct tls_key key = {.ssl = registers->ax, .process = bpf_get_current_pid_tgid() >> 32};
	struct tls_connection *connection = bpf_map_lookup_elem(&tls_connections, &key);
	struct tls_call call = {.ssl = registers->ax, .buffer = registers->bx, .function = TLS_SEND};
	__u64 count = registers->cx;

	if (!connection || !connection->socket)
		return 0;
	tls_finish(&call, count < 0x7fffffff ? count : 0);
	return 1;
}

SEC("uprobe")
int tls_enter(struct tls_registers *registers)
{
	__u32 function = bpf_get_attach_cookie(registers);
	struct tls_connection *connection;
	__u64 first = registers->di, receiver = registers->ax;
	struct tls_key key = {};

	if (function == TLS_CANARY) {
		TLS_COUNT(canaries);
		return 0;
	}
	if (function >= TLS_GO_READ && function != TLS_GO_CLOSE) {
		if (function != TLS_GO_WRITE || !tls_write_go(registers))
			tls_note_go(registers, function);
		return 0;
	}
	if (function != TLS_FREE && function != TLS_GO_CLOSE) {
		tls_note(registers, function);
		return 0;
	}
	/* As in tls_note. */
	asm volatile("" : "+r"(first), "+r"(receiver));
	key.ssl = function == TLS_FREE ? first : receiver;
	key.process = bpf_get_current_pid_tgid() >> 32;
	connection = bpf_map_lookup_elem(&tls_connections, &key);
	if (connection)
		tls_end(&key, connection);
	return 0;
}

SEC("uprobe")
int tls_leave(struct tls_registers *registers)
{
	__u32 function = bpf_get_attach_cookie(registers);
	int is_go = function >= TLS_GO_READ;
	struct tls_caller caller = tls_caller_of(is_go ? registers->r14 : 0);
	struct tls_call *call;

	if (function == TLS_CANARY) {
		TLS_COUNT(canaries);
		return 0;
	}
	call = bpf_map_lookup_elem(&tls_calls, &caller);
	if (!call || (is_go ? call->function != tls_go_function(function) : !tls_is_end(call, registers->sp)))
		return 0;
	tls_finish(call, registers->ax);
	bpf_map_delete_elem(&tls_calls, &caller);
	return 0;
}

SEC("tp_btf/tcp_rcv_space_adjust")
int BPF_PROG(tls_receive, struct sock *sk)
{
	struct tls_call *call = tls_receiving_call();

	if (call && call->socket != (__u64)sk && tls_read_ends(&call->ends, sk))
		call->socket = (__u64)sk;
	return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(tls_change, struct sock *sk, int before, int after)
{
	__u64 socket = (__u64)sk;
	struct tls_connection *connection;
	struct tls_key *found, key;

	if (after != OWNER_CLOSE)
		return 0;
	found = bpf_map_lookup_elem(&tls_sockets, &socket);
	if (!found)
		return 0;
	key = *found;
	connection = bpf_map_lookup_elem(&tls_connections, &key);
	if (connection && connection->socket == socket)
		tls_end(&key, connection);
	else
		bpf_map_delete_elem(&tls_sockets, &socket);
	return 0;
}

char tls_license[] SEC("license") = "Dual BSD/GPL";
