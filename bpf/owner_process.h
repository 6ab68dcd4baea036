/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * owner_process: who a process is, by its main thread, and whether it still is who was sent.
 *
 * A receive of a known connection comes no further than owner_is_unchanged: that is the path that costs.
 */
#ifndef OWNER_PROCESS_H
#define OWNER_PROCESS_H

#include "owner_groups.h"

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

#endif
