/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * owner_*: which process has which TCP connection on the watched ports, both ends.
 *
 *     connect(2) ─▶ owner_state (SYN_SENT)    the process is noted: its port is not bound yet
 *                   owner_state (ESTABLISHED) ─▶ OWNER_CONNECTED
 *     recv(2)… ───▶ owner_receive             ─▶ OWNER_RECEIVED, once for a process and a connection, as
 *                                                long as its name and control group are the same
 *                   owner_state (CLOSE)       ─▶ OWNER_CLOSED
 *     at the start  owner_list                ─▶ OWNER_LISTED for each open connection
 *
 * A process counts as a receiver only where it runs in its own name: it holds the socket's lock, which an
 * interrupt cannot, and is no thread of the kernel's. Elsewhere no owner is better than one that only
 * happened to run.
 */
#include "owner_send.h"

SEC("tp_btf/tcp_rcv_space_adjust")
int BPF_PROG(owner_receive, struct sock *sk)
{
	struct owner_state *state;
	struct owner_process owner;
	struct task_struct *leader;
	struct kernfs_node *node;

	if (!owner_is_watched(sk->__sk_common.skc_num) &&
	    !owner_is_watched(bpf_ntohs(sk->__sk_common.skc_dport)))
		return 0;
	state = owner_shared();
	leader = owner_current();
	if (!state || owner_is_known(sk, leader, state->epoch) || !owner_is_current(sk))
		return 0;
	node = owner_group(leader);
	owner_send_group(node, state->epoch);
	owner_read_process(&owner, leader, node);
	return owner_send(sk, OWNER_RECEIVED, &owner, state->epoch);
}

/* The connection is being asked for: who does is kept until both ports are known. */
static __always_inline int owner_note_connecting(struct sock *sk, struct owner_state *state)
{
	struct task_struct *leader = owner_current();
	struct owner_process owner;
	struct kernfs_node *node;
	__u64 key = (__u64)sk;

	if (!owner_is_current(sk))
		return 0;
	node = owner_group(leader);
	owner_send_group(node, state->epoch);
	owner_read_process(&owner, leader, node);
	bpf_map_update_elem(&owner_connecting, &key, &owner, BPF_ANY);
	return 0;
}

static __always_inline int owner_end_connecting(struct sock *sk, struct owner_state *state)
{
	__u64 key = (__u64)sk;
	struct owner_process *noted = bpf_map_lookup_elem(&owner_connecting, &key);
	struct owner_process owner;

	if (!noted)
		return 0;
	owner = *noted;
	bpf_map_delete_elem(&owner_connecting, &key);
	return owner_send(sk, OWNER_CONNECTED, &owner, state->epoch);
}

/* The local port of a socket that has given it back: it keeps its copy for the header. */
static __always_inline __u16 owner_old_port(struct sock *sk)
{
	return bpf_ntohs(BPF_CORE_READ((struct inet_sock *)sk, inet_sport));
}

/* Whether a connection that is not known here may be known to the reader. */
static __always_inline int owner_is_unlisted(struct sock *sk, struct owner_state *state)
{
	return state->unlisted && (owner_is_watched(owner_old_port(sk)) ||
				   owner_is_watched(bpf_ntohs(sk->__sk_common.skc_dport)));
}

static __always_inline int owner_end(struct sock *sk, struct owner_state *state)
{
	__u64 key = (__u64)sk;
	struct owner_known *known = bpf_map_lookup_elem(&owner_connections, &key);
	struct owner_connection record = {};
	struct owner_process nobody = {};

	if (!known) {
		/* Of a connection that was refused. */
		bpf_map_delete_elem(&owner_connecting, &key);
		if (!owner_is_unlisted(sk, state))
			return 0;
	}
	if (owner_read_ends(&record, sk)) {
		owner_fill(&record, OWNER_CLOSED, &nobody);
		/* The socket has given its port back by now: tcp_set_state, inet_put_port. */
		record.local_port = known ? known->port : owner_old_port(sk);
		if (bpf_ringbuf_output(&owner_ring, &record, sizeof(record), BPF_RB_NO_WAKEUP))
			owner_count_lost();
	}
	bpf_map_delete_elem(&owner_connections, &key);
	return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(owner_change, struct sock *sk, int before, int after)
{
	struct owner_state *state = owner_shared();

	if (!state)
		return 0;
	if (after == OWNER_CLOSE)
		return owner_end(sk, state);
	if (after == OWNER_SYN_SENT && owner_is_watched(bpf_ntohs(sk->__sk_common.skc_dport)))
		return owner_note_connecting(sk, state);
	if (after == OWNER_ESTABLISHED && before == OWNER_SYN_SENT)
		return owner_end_connecting(sk, state);
	return 0;
}

/* The TCP socket behind an open file, when it is one with a connection on the watched ports; NULL otherwise.
 */
static __always_inline struct sock *owner_socket(struct file *file)
{
	struct socket *socket;
	struct sock *sk;
	__u8 state;

	if ((BPF_CORE_READ(file, f_inode, i_mode) & OWNER_FILE_TYPE) != OWNER_SOCKET)
		return NULL;
	/* Of a file in sockfs, which alone has inodes of this type that can be opened: sock_alloc_file. */
	socket = BPF_CORE_READ(file, private_data);
	sk = socket ? BPF_CORE_READ(socket, sk) : NULL;
	if (!sk)
		return NULL;
	state = BPF_CORE_READ(sk, __sk_common.skc_state);
	if (state != OWNER_ESTABLISHED && state != OWNER_CLOSE_WAIT)
		return NULL;
	if (!owner_is_watched(BPF_CORE_READ(sk, __sk_common.skc_num)) &&
	    !owner_is_watched(bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport))))
		return NULL;
	return sk;
}

SEC("iter/task_file")
int owner_list(struct bpf_iter__task_file *context)
{
	struct owner_known seen = {.listed = 1}, *known;
	struct owner_state *state = owner_shared();
	struct task_struct *leader, *task = context->task;
	struct owner_connection record = {};
	struct file *file = context->file;
	struct owner_cgroup *group;
	struct owner_process owner;
	struct kernfs_node *node;
	struct sock *sk;
	__u32 zero = 0;
	__u64 key;

	if (!task || !file || !state)
		return 0;
	sk = owner_socket(file);
	if (!sk || !owner_read_ends(&record, sk))
		return 0;
	leader = BPF_CORE_READ(task, group_leader);
	node = owner_group(leader);
	owner_read_process(&owner, leader, node);
	key = (__u64)sk;
	known = bpf_map_lookup_elem(&owner_connections, &key);
	/* A receiver is its owner, even if others have it open. */
	if (known && (!known->listed || known->process == owner.process))
		return 0;
	if (known)
		__builtin_memset(&owner, 0, sizeof(owner));
	seen.process = owner.process;
	seen.fingerprint = owner.fingerprint;
	seen.groups = owner.groups;
	seen.epoch = state->epoch;
	seen.port = record.local_port;
	bpf_map_update_elem(&owner_connections, &key, &seen, BPF_ANY);
	group = bpf_map_lookup_elem(&owner_scratch, &zero);
	if (group && owner.process && owner_is_new_group(owner.cgroup, state->epoch)) {
		owner_read_names(group, node);
		bpf_seq_write(context->meta->seq, group, sizeof(*group));
	}
	owner_fill(&record, OWNER_LISTED, &owner);
	bpf_seq_write(context->meta->seq, &record, sizeof(record));
	return 0;
}

char owner_license[] SEC("license") = "Dual BSD/GPL";
