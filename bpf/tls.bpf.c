/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * tls_*: the plain text of TLS as a library's functions take and return it, on the watched ports.
 *
 *     SSL_read, SSL_write ─▶ tls_enter  the call is noted by its thread
 *       recv(2), inside ───▶ tls_receive  ties the call to the socket that it receives from
 *       recv(2), outside ──▶ tls_receive  notes hellos: tls_hellos.h
 *     … return ────────────▶ tls_leave  counts the text and sends the heads in it
 *     SSL_free, close(2) ──▶ tls_enter, tls_change: TLS_CLOSED
 *
 * Of Go's crypto/tls the same functions are known by goroutine, whose stack may be moved inside the call: its
 * returns are probes at the functions' ends.
 *
 * Nothing of the library's memory is known but the arguments of these functions: no offset of a structure,
 * which differ from version to version. The one that hellos take is searched.
 */
#include "tls_calls.h"
#include "tls_connections.h"
#include "tls_hellos.h"
#include "tls_text.h"

/* Bytes of text of a call that has returned: of a TLS record or of a write, 0 when there are more than can
 * be.
 */
static __always_inline __u32 tls_count(const struct tls_call *call, int result)
{
	__u64 count = result;

	if (call->length && bpf_probe_read_user(&count, sizeof(count), (void *)call->length)) {
		TLS_COUNT(unreadable);
		return 0;
	}
	return count <= 0x7fffffff ? count : 0;
}

/* What a call that has returned was about. Not static: see tls_window.h. */
__noinline int tls_finish(struct tls_thread *thread, const struct tls_call *call, int result)
{
	struct tls_key key = {.process = bpf_get_current_pid_tgid() >> 32};
	struct tls_connection *connection;
	int has_text, is_open = 1;
	__u32 count;

	if (!thread || !call)
		return 0;
	key.ssl = call->ssl;
	/* A handshake, and a call without a result, only show the connection and its socket. */
	has_text = call->function != TLS_HANDSHAKE && result > 0;
	count = has_text ? tls_count(call, result) : 0;
	if (has_text && !count)
		return 0;
	connection = tls_find(&key, call, has_text);
	if (!connection)
		return 0;
	if (!connection->socket && !connection->has_text)
		is_open = tls_tie_by_hello(thread, &key, connection);
	if (thread->received.state == TLS_PASSED_ON) {
		thread->received.state = TLS_NOTHING;
		if (is_open)
			tls_tie(thread, &key, connection);
	}
	if (!has_text)
		return 0;
	if (connection->is_late) {
		/* Of what one receive has brought several texts may be read. */
		connection->is_late -=
		    call->function == TLS_READ && (thread->received.is_fresh || !thread->received.socket);
	} else if (tls_is_wanted(&connection->ends)) {
		TLS_COUNT(calls);
		if (!connection->has_text) {
			connection->has_text = 1;
			TLS_COUNT(connections);
			if (!connection->ends.network || connection->was_late)
				TLS_COUNT(untied);
		}
		/* The rest of what a call before has begun to send, as GnuTLS's has it. */
		if (call->buffer)
			tls_read_text(thread, connection, call, count < 0xffffff ? count : 0xffffff);
		else
			TLS_COUNT(unreadable);
	}
	if (call->function == TLS_READ)
		connection->halves[0].position += count;
	else
		connection->halves[1].position += count;
	return 0;
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
	__u64 count = registers->cx;
	struct tls_thread *thread;

	if (!connection || !connection->socket)
		return 0;
	thread = tls_any_thread();
	if (!thread)
		return 1;
	/* In the thread's place, which Go does not use otherwise: on the stack it would be too much. */
	thread->call.ssl = registers->ax;
	thread->call.buffer = registers->bx;
	thread->call.length = thread->call.socket = 0;
	thread->call.function = TLS_SEND;
	tls_finish(thread, &thread->call, count < 0x7fffffff ? count : 0);
	thread->call.function = 0;
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
		tls_note_go(registers->r14, registers->ax, registers->bx, registers->sp, function);
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

/* The end of a goroutine's call. */
static __always_inline void tls_leave_go(struct tls_registers *registers, __u32 function)
{
	struct tls_caller caller = tls_caller_of(registers->r14);
	struct tls_call *call = bpf_map_lookup_elem(&tls_calls, &caller);

	if (!call || call->function != tls_go_function(function))
		return;
	tls_finish(tls_any_thread(), call, registers->ax);
	bpf_map_delete_elem(&tls_calls, &caller);
}

/* At functions' ends, and at the beginning of the one whose text is read there: tls_enter reads none, so that
 * the verifier looks at what does but once. */
SEC("uprobe")
int tls_leave(struct tls_registers *registers)
{
	__u32 function = bpf_get_attach_cookie(registers);
	struct tls_thread *thread;

	if (function == TLS_CANARY) {
		TLS_COUNT(canaries);
		return 0;
	}
	if (function == TLS_GO_WRITE_START) {
		if (!tls_write_go(registers))
			tls_note_go(registers->r14, registers->ax, registers->bx, registers->sp,
				    TLS_GO_WRITE);
		return 0;
	}
	if (function >= TLS_GO_READ) {
		tls_leave_go(registers, function);
		return 0;
	}
	thread = tls_this_thread();
	if (!thread || !thread->call.function || !tls_is_end(&thread->call, registers->sp))
		return 0;
	tls_finish(thread, &thread->call, registers->ax);
	thread->call.function = 0;
	return 0;
}

SEC("tp_btf/tcp_rcv_space_adjust")
int BPF_PROG(tls_receive, struct sock *sk)
{
	struct tls_thread *thread = tls_this_thread();
	struct tls_call *call = tls_receiving_call(thread);
	__u64 who = bpf_get_current_pid_tgid();

	if (call && call->socket != (__u64)sk && tls_read_ends(&call->ends, sk))
		call->socket = (__u64)sk;
	if (call) {
		if (thread && thread->call.function)
			thread->has_sockets = 1;
		return 0;
	}
	/* A thread's first hello comes before its first call. */
	if (thread || tls_is_watched(sk->__sk_common.skc_num) ||
	    tls_is_watched(bpf_ntohs(sk->__sk_common.skc_dport)))
		tls_note_hello(sk);
	if (!thread)
		return 0;
	/* An event loop's thread is mostly a process's first one; threads of a pool take turns at
	 * connections. */
	if (!thread->has_sockets && (__u32)who == who >> 32)
		tls_note_received(thread, sk);
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

/* A thread has ended. */
SEC("tp_btf/sched_process_exit")
int BPF_PROG(tls_exit, struct task_struct *task)
{
	__u32 number = bpf_get_current_pid_tgid();

	if (bpf_map_lookup_elem(&tls_threads, &number))
		bpf_map_delete_elem(&tls_threads, &number);
	return 0;
}

char tls_license[] SEC("license") = "Dual BSD/GPL";
