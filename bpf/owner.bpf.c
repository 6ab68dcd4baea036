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
#include "owner_types.h"

#include "../Sources/COwnerFilter/include/owner_record.h"

/* Read-only and frozen before the load: the watched ports, bit p % 64 of word p / 64. */
const volatile __u64 owner_ports[1024] = {0};

/* The owner that was sent of a connection; 32 bytes, of 16,384 connections. */
struct owner_known {
	__u32 process;
	__u32 epoch;
	__u64 fingerprint; /* owner_fingerprint of the process when it was sent */
	__u64 groups;	   /* its control groups then */
	__u16 port;	   /* the local one, which the socket has given back when it is closed */
	__u16 listed;
	__u32 zero;
};

/* Who asked for a connection that is not established yet. */
struct owner_process {
	__u32 process;
	__u32 zero;
	__u64 started;
	__u64 cgroup;
	__u64 fingerprint;
	__u64 groups;
	char name[OWNER_NAME];
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, OWNER_KNOWN);
	__type(key, __u64);
	__type(value, struct owner_known);
} owner_connections SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, OWNER_CONNECTING);
	__type(key, __u64);
	__type(value, struct owner_process);
} owner_connecting SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, OWNER_CGROUPS);
	__type(key, __u64);
	__type(value, __u32);
} owner_cgroups SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct owner_state);
} owner_states SEC(".maps");

/* Where the iterator puts the names of a group together: they are too long for the stack. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct owner_cgroup);
} owner_scratch SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, OWNER_RING);
} owner_ring SEC(".maps");

static __always_inline struct owner_state *owner_shared(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&owner_states, &zero);
}

static __always_inline void owner_count_lost(void)
{
	struct owner_state *state = owner_shared();

	if (state)
		__sync_fetch_and_add(&state->lost, 1);
}

static __always_inline int owner_is_watched(__u16 port)
{
	return owner_ports[port >> 6] >> (port & 63) & 1;
}

/* The parent of a control group's node; its member was renamed by Linux 6.15. */
static __always_inline struct kernfs_node *owner_parent(struct kernfs_node *node)
{
	struct kernfs_node *parent = NULL;

	if (bpf_core_field_exists(node->parent)) {
		BPF_CORE_READ_INTO(&parent, node, parent);
	} else {
		struct kernfs_node___rcu *newer = (void *)node;

		BPF_CORE_READ_INTO(&parent, newer, __parent);
	}
	return parent;
}

/* The node of a task's group in the hierarchy of a controller of version 1; NULL when it is the root. */
static __always_inline struct kernfs_node *owner_old_group(struct css_set *groups, __u64 controller)
{
	struct cgroup_subsys_state *state = NULL;
	struct kernfs_node *node;

	if (controller >= 14)
		return NULL;
	bpf_core_read(&state, sizeof(state), &groups->subsys[controller]);
	if (!state)
		return NULL;
	node = BPF_CORE_READ(state, cgroup, kn);
	return node && owner_parent(node) ? node : NULL;
}

/*
 * The node of a task's control group: of version 2, and where that is the root (hybrid hosts, which run their
 * services in groups of version 1), of the controller that container runtimes always use.
 */
static __always_inline struct kernfs_node *owner_group(struct task_struct *task)
{
	struct css_set *groups = BPF_CORE_READ(task, cgroups);
	struct kernfs_node *node = BPF_CORE_READ(groups, dfl_cgrp, kn);
	struct kernfs_node *old = NULL;

	if (node && owner_parent(node))
		return node;
	if (bpf_core_enum_value_exists(enum cgroup_subsys_id, memory_cgrp_id))
		old = owner_old_group(groups, bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id));
	if (!old && bpf_core_enum_value_exists(enum cgroup_subsys_id, pids_cgrp_id))
		old = owner_old_group(groups, bpf_core_enum_value(enum cgroup_subsys_id, pids_cgrp_id));
	return old ? old : node;
}

/* A number for a group: two hierarchies may give the same one, their nodes are never the same. */
static __always_inline __u64 owner_group_number(struct kernfs_node *node)
{
	return node ? BPF_CORE_READ(node, id) ^ (__u64)node << 20 : 0;
}

static __always_inline void owner_read_names(struct owner_cgroup *group, struct kernfs_node *node)
{
	group->kind = OWNER_CGROUP;
	group->levels = 0;
	group->cgroup = owner_group_number(node);
#pragma unroll
	for (int level = 0; level < OWNER_LEVELS; level++) {
		struct kernfs_node *parent = node ? owner_parent(node) : NULL;

		group->names[level][0] = 0;
		if (parent) {
			bpf_probe_read_kernel_str(group->names[level], OWNER_LEVEL,
						  BPF_CORE_READ(node, name));
			group->levels = level + 1;
		}
		node = parent;
	}
}

/* Whether the names of a group are to be sent; then they count as sent. */
static __always_inline int owner_is_new_group(__u64 number, __u32 epoch)
{
	__u32 *sent = bpf_map_lookup_elem(&owner_cgroups, &number);

	if (!number || (sent && *sent == epoch))
		return 0;
	bpf_map_update_elem(&owner_cgroups, &number, &epoch, BPF_ANY);
	return 1;
}

/* Sends the names of a group unless they were sent before. */
static __always_inline void owner_send_group(struct kernfs_node *node, __u32 epoch)
{
	__u64 number = owner_group_number(node);
	struct owner_cgroup *group;

	if (!owner_is_new_group(number, epoch))
		return;
	group = bpf_ringbuf_reserve(&owner_ring, sizeof(*group), 0);
	if (!group) {
		bpf_map_delete_elem(&owner_cgroups, &number);
		return owner_count_lost();
	}
	owner_read_names(group, node);
	bpf_ringbuf_submit(group, BPF_RB_NO_WAKEUP);
}

/* Whether the kernel gives the current task as a pointer that is read without a call: since Linux 5.11. */
static __always_inline int owner_has_typed_task(void)
{
	return bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_get_current_task_btf);
}

/* The main thread of the current process: its name, age and control group are the process's. */
static __always_inline struct task_struct *owner_current(void)
{
	struct task_struct *task;

	if (owner_has_typed_task())
		return bpf_get_current_task_btf()->group_leader;
	task = (void *)bpf_get_current_task();
	return BPF_CORE_READ(task, group_leader);
}

static __always_inline __u64 owner_mix(const __u64 name[2], __u64 started)
{
	return (name[0] ^ started) * 0x9e3779b97f4a7c15ULL ^ name[1];
}

/*
 * A number that changes with a process's name (it renames itself, it executes another program), and with the
 * process, whose number may be given again.
 */
static __always_inline __u64 owner_fingerprint(struct task_struct *leader)
{
	__u64 name[2] = {};

	BPF_CORE_READ_INTO(&name, leader, comm);
	return owner_mix(name, BPF_CORE_READ(leader, start_boottime));
}

/* Whether the current process, of which `leader` is owner_current(), is as it was when it was sent. */
static __always_inline int owner_is_unchanged(struct owner_known *known, struct task_struct *leader)
{
	__u64 name[2];

	if (!owner_has_typed_task())
		return known->process == BPF_CORE_READ(leader, tgid) &&
		       known->fingerprint == owner_fingerprint(leader) &&
		       known->groups == (__u64)BPF_CORE_READ(leader, cgroups);
	if (known->process != leader->tgid)
		return 0;
	name[0] = ((__u64 *)&leader->comm)[0];
	name[1] = ((__u64 *)&leader->comm)[1];
	if (known->fingerprint != owner_mix(name, leader->start_boottime))
		return 0;
	/* A typed pointer may be compared, but not computed with: the compiler is not to join the two. */
	barrier();
	return (void *)known->groups == leader->cgroups;
}

/* Reads what is known of the process with this main thread. */
static __always_inline void owner_read_process(struct owner_process *owner, struct task_struct *leader,
					       struct kernfs_node *node)
{
	owner->process = BPF_CORE_READ(leader, tgid);
	owner->zero = 0;
	owner->started = BPF_CORE_READ(leader, start_boottime);
	owner->cgroup = owner_group_number(node);
	owner->fingerprint = owner_fingerprint(leader);
	owner->groups = (__u64)BPF_CORE_READ(leader, cgroups);
	BPF_CORE_READ_INTO(&owner->name, leader, comm);
}

/* An IPv4 address in its IPv4-mapped form. */
static __always_inline void owner_map_address(__u64 words[2], __u32 address)
{
	words[0] = 0;
	words[1] = bpf_cpu_to_be64(0x0000ffff00000000ULL | bpf_ntohl(address));
}

/* Reads both ends of a socket; whether it is one of TCP. */
static __always_inline int owner_read_ends(struct owner_connection *record, struct sock *sk)
{
	struct sock_common *common = &sk->__sk_common;
	__u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);

	if (BPF_CORE_READ(sk, sk_protocol) != OWNER_TCP)
		return 0;
	if (family == OWNER_AF_INET) {
		owner_map_address(record->local, BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr));
		owner_map_address(record->remote, BPF_CORE_READ(sk, __sk_common.skc_daddr));
	} else if (family == OWNER_AF_INET6 && bpf_core_field_exists(common->skc_v6_daddr)) {
		bpf_core_read(record->local, sizeof(record->local), &common->skc_v6_rcv_saddr);
		bpf_core_read(record->remote, sizeof(record->remote), &common->skc_v6_daddr);
	} else {
		return 0;
	}
	record->local_port = BPF_CORE_READ(sk, __sk_common.skc_num);
	record->remote_port = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));
	record->network = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
	return 1;
}

static __always_inline void owner_fill(struct owner_connection *record, __u8 kind,
				       struct owner_process *owner)
{
	record->kind = kind;
	record->zero[0] = record->zero[1] = record->zero[2] = 0;
	record->time = bpf_ktime_get_ns();
	record->process = owner->process;
	record->started = owner->started;
	record->cgroup = owner->cgroup;
	__builtin_memcpy(record->name, owner->name, OWNER_NAME);
}

/* Sends who a connection belongs to; the socket's process is known afterwards. */
static __always_inline int owner_send(struct sock *sk, __u8 kind, struct owner_process *owner, __u32 epoch)
{
	struct owner_known known = {.process = owner->process,
				    .epoch = epoch,
				    .fingerprint = owner->fingerprint,
				    .groups = owner->groups};
	struct owner_connection record = {};
	__u64 key = (__u64)sk;

	if (!owner_read_ends(&record, sk))
		return 0;
	owner_fill(&record, kind, owner);
	known.port = record.local_port;
	if (bpf_ringbuf_output(&owner_ring, &record, sizeof(record), BPF_RB_NO_WAKEUP)) {
		bpf_map_delete_elem(&owner_connections, &key);
		owner_count_lost();
		return 0;
	}
	bpf_map_update_elem(&owner_connections, &key, &known, BPF_ANY);
	return 0;
}

/* Whether this runs for the current process, and not only while it happens to. */
static __always_inline int owner_is_current(struct sock *sk)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	return BPF_CORE_READ(sk, sk_lock.owned) && !(BPF_CORE_READ(task, flags) & OWNER_KERNEL_THREAD);
}

/* Whether a connection's owner was sent already: this process, as it is now. */
static __always_inline int owner_is_known(struct sock *sk, struct task_struct *leader, __u32 epoch)
{
	__u64 key = (__u64)sk;
	struct owner_known *known = bpf_map_lookup_elem(&owner_connections, &key);

	return known && known->epoch == epoch && owner_is_unchanged(known, leader);
}

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

static __always_inline int owner_end(struct sock *sk)
{
	__u64 key = (__u64)sk;
	struct owner_known *known = bpf_map_lookup_elem(&owner_connections, &key);
	struct owner_connection record = {};
	struct owner_process nobody = {};

	if (!known) {
		/* Of a connection that was refused. */
		bpf_map_delete_elem(&owner_connecting, &key);
		return 0;
	}
	if (owner_read_ends(&record, sk)) {
		owner_fill(&record, OWNER_CLOSED, &nobody);
		/* The socket has given its port back by now: tcp_set_state, inet_put_port. */
		record.local_port = known->port;
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
		return owner_end(sk);
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
