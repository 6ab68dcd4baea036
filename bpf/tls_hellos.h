/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * tls_note_hello, tls_tie_by_hello: connections of programs that move bytes between sockets and the library
 * by themselves, tied to their sockets by what is in both.
 *
 *     recv(2), outside of calls ──▶ tls_note_hello    the random of a hello, and the socket that brought it
 *     a call's return ────────────▶ tls_tie_by_hello  the same random in the library's memory of a connection
 *
 * Where in that memory it is differs from version to version. It is looked for once a thread, and then known.
 */
#ifndef TLS_HELLOS_H
#define TLS_HELLOS_H

#include "tls_connections.h"

enum {
	/* Of x86-64 (arch/x86/entry/syscalls). */
	TLS_CALL_READ = 0,
	TLS_CALL_READV = 19,
	TLS_CALL_RECVFROM = 45,
	TLS_CALL_RECVMSG = 47,
	/* The offset of msg_iov in a user's struct msghdr. */
	TLS_VECTOR_AT = 16,
	/* The type of a record of TLS, and of what is in it (RFC 8446, appendix B). */
	TLS_RECORD_OF_HANDSHAKE = 22,
	TLS_CLIENT_HELLO = 1,
	TLS_SERVER_HELLO = 2,
	/* The offset of the random in a record that begins with a hello. */
	TLS_RANDOM_AT = 11,
	/* Words of a window in which a random may begin, and windows of a connection's memory that are
	   searched. OpenSSL 3.0 has randoms at 320 and 352 of 7608 bytes, and TLS 1.3's secrets from some
	   1350 on. */
	TLS_RANDOM_WORDS = TLS_WINDOW / 8 - 1,
	TLS_RANDOM_WINDOWS = 2,
	/* Searches of a thread at most: some 10 us each. */
	TLS_RANDOM_SEARCHES = 256,
	/* Nanoseconds from a thread's first call for which its connections may be in the midst of handshakes
	   that began before the watch. */
	TLS_YOUTH = 1000000000,
};

/* Where a thread that receives has its bytes put, by the arguments of the system call that it is in; 0 when
 * that is not known. */
static __always_inline __u64 tls_receive_buffer(void)
{
	struct tls_registers *registers = (void *)bpf_task_pt_regs(bpf_get_current_task_btf());
	struct {
		__u64 second, first, call;
	} now;
	__u64 address;

	if (bpf_probe_read_kernel(&now, sizeof(now), &registers->si))
		return 0;
	address = now.second;
	if (now.call == TLS_CALL_READ || now.call == TLS_CALL_RECVFROM)
		return address;
	if (now.call != TLS_CALL_RECVMSG && now.call != TLS_CALL_READV)
		return 0;
	if (now.call == TLS_CALL_RECVMSG &&
	    bpf_probe_read_user(&address, sizeof(address), (void *)(address + TLS_VECTOR_AT)))
		return 0;
	if (bpf_probe_read_user(&address, sizeof(address), (void *)address))
		return 0;
	return address;
}

/* Notes a receive outside of all calls if it begins with a hello. */
static __always_inline void tls_note_hello(struct sock *sk)
{
	struct tls_random random = {.process = bpf_get_current_pid_tgid() >> 32};
	struct tls_hello hello = {.socket = (__u64)sk}, *other;
	__u64 buffer = tls_receive_buffer(), begin;
	__u32 type;

	if (!buffer || bpf_probe_read_user(&begin, sizeof(begin), (void *)buffer))
		return;
	type = begin >> 40 & 0xff;
	/* A record's type, its version's first byte, and the type of what is in it. */
	if ((begin & 0xffff) != (3 << 8 | TLS_RECORD_OF_HANDSHAKE) ||
	    (type != TLS_CLIENT_HELLO && type != TLS_SERVER_HELLO) || !tls_read_ends(&hello.ends, sk))
		return;
	hello.is_of_server = random.words[1] = type == TLS_SERVER_HELLO;
	bpf_map_update_elem(&tls_hellos, &random, &hello, BPF_ANY);
	/* Memory in which there is no random yet has zeros. */
	if (bpf_probe_read_user(random.words, sizeof(random.words), (void *)(buffer + TLS_RANDOM_AT)) ||
	    !random.words[0])
		return;
	if (!bpf_map_update_elem(&tls_hellos, &random, &hello, BPF_NOEXIST))
		return;
	other = bpf_map_lookup_elem(&tls_hellos, &random);
	if (other && other->socket != hello.socket)
		other->socket = 0;
}

/* Whether a process has received hellos of servers or of clients by itself. */
static __always_inline int tls_has_hellos(__u32 process, __u64 is_of_server)
{
	struct tls_random any = {.words[1] = is_of_server, .process = process};
	int has = bpf_map_lookup_elem(&tls_hellos, &any) != NULL;

	/* A number: of two addresses nothing is computed that the verifier refuses. */
	asm volatile("" : "+r"(has));
	return has;
}

/* The search for any random that was received in the library's memory of a connection. */
struct tls_random_search {
	struct tls_thread *thread;
	__u64 address;
	__u32 process;
	__u32 zero;
};

/* Looks through the next window; whether the search is over. */
static long tls_search_random(__u32 index, void *context)
{
	struct tls_random_search *search = context;
	struct tls_thread *thread = search->thread;
	struct tls_random random = {.process = search->process};
	__u32 offset = index * TLS_RANDOM_WORDS * 8;
	struct tls_hello *hello;

	if (bpf_probe_read_user(thread->window, TLS_WINDOW, (void *)(search->address + offset)))
		return 1;
	for (int i = 0; i < TLS_RANDOM_WORDS; i++) {
		random.words[0] = thread->window[i];
		random.words[1] = thread->window[i + 1];
		if (!random.words[0])
			continue;
		hello = bpf_map_lookup_elem(&tls_hellos, &random);
		if (!hello)
			continue;
		if (hello->is_of_server)
			thread->server_random_at = offset + i * 8;
		else
			thread->client_random_at = offset + i * 8;
		return 1;
	}
	return 0;
}

/* Looks where randoms are. */
static __always_inline void tls_learn_random(struct tls_thread *thread, const struct tls_key *key)
{
	struct tls_random_search search = {.thread = thread, .address = key->ssl, .process = key->process};

	if (thread->random_searches >= TLS_RANDOM_SEARCHES)
		return;
	thread->random_searches++;
	thread->loaded = 0;
	bpf_loop(TLS_RANDOM_WINDOWS, tls_search_random, &search, 0);
	/* Nothing of what is the library's alone is kept: a read that fails leaves zeros. */
	bpf_probe_read_user(thread->window, TLS_WINDOW, (void *)-1ul);
}

/* The hello whose random is in a connection's memory at an offset, which is put into `random`; NULL when none
 * is known.
 */
static __always_inline struct tls_hello *tls_find_hello(struct tls_random *random, __u64 ssl, __u32 at)
{
	struct tls_hello *hello;

	random->words[0] = 0;
	if (!at || bpf_probe_read_user(random->words, sizeof(random->words), (void *)(ssl + at)))
		return NULL;
	if (!random->words[0])
		return NULL;
	hello = bpf_map_lookup_elem(&tls_hellos, random);
	return hello && hello->socket ? hello : NULL;
}

/* Gives a connection the socket that has brought its peer's hello. */
static __always_inline void tls_tie_to(const struct tls_hello *hello, const struct tls_key *key,
				       struct tls_connection *connection)
{
	__u64 socket = hello->socket;
	struct tls_connection *other;
	struct tls_key *found = bpf_map_lookup_elem(&tls_sockets, &socket);

	if (found) {
		struct tls_key copy = *found;

		other = bpf_map_lookup_elem(&tls_connections, &copy);
		if (other && other != connection && other->socket == socket)
			tls_end(&copy, other);
	}
	connection->socket = socket;
	connection->ends = hello->ends;
	connection->is_new = 1;
	connection->is_late = connection->was_late = 0;
	bpf_map_update_elem(&tls_sockets, &socket, key, BPF_ANY);
}

/* Notes that a connection's hello was not seen: in a thread's first second it began before the watch. */
static __always_inline void tls_note_late(const struct tls_thread *thread, struct tls_connection *connection)
{
	if (connection->was_late || bpf_ktime_get_ns() - thread->since > TLS_YOUTH)
		return;
	connection->is_late = connection->was_late = TLS_LATE_READS;
}

/*
 * Ties a connection, of which there was no text yet, to the socket that has brought its peer's hello; whether
 * it may be another one's that nobody has noted. Not static: see tls_window.h.
 *
 * A client has the random of the server's hello, and a server that of the client's; both have both. What was
 * its own before it could have come is not what it has received, and a process that has received both has
 * both ends: of which one this is cannot be known, unless the other end is tied and its hello is gone.
 */
__noinline int tls_tie_by_hello(struct tls_thread *thread, const struct tls_key *key,
				struct tls_connection *connection)
{
	struct tls_random of_client = {}, of_server = {};
	struct tls_hello *from_client, *from_server, *hello;
	int has_clients, has_servers;
	struct tls_key copy;
	__u64 before;

	if (!thread || !key || !connection)
		return 0;
	copy = *key;
	of_client.process = of_server.process = copy.process;
	has_clients = tls_has_hellos(copy.process, 0);
	has_servers = tls_has_hellos(copy.process, 1);
	if ((has_clients && !thread->client_random_at) || (has_servers && !thread->server_random_at))
		tls_learn_random(thread, &copy);
	from_server = tls_find_hello(&of_server, copy.ssl, thread->server_random_at);
	from_client = tls_find_hello(&of_client, copy.ssl, thread->client_random_at);
	before = connection->random;
	connection->random = of_client.words[0];
	if (from_client && before == of_client.words[0])
		from_client = NULL;
	if (!from_client == !from_server) {
		/* Once both hellos have passed it has both randoms. */
		if (thread->server_random_at ? !of_server.words[0]
					     : thread->client_random_at && !of_client.words[0])
			return 0;
		if (thread->server_random_at || thread->client_random_at || (!has_clients && !has_servers))
			tls_note_late(thread, connection);
		return 1;
	}
	hello = from_client ? from_client : from_server;
	tls_tie_to(hello, &copy, connection);
	if (from_client)
		bpf_map_delete_elem(&tls_hellos, &of_client);
	else
		bpf_map_delete_elem(&tls_hellos, &of_server);
	return 0;
}

#endif
