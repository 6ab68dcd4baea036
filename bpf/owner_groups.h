/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * owner_group: the control group that a process is in, and its names, sent once each.
 *
 * The kernel reads them while the process is there: of a curl of 5 ms nobody could ask later.
 */
#ifndef OWNER_GROUPS_H
#define OWNER_GROUPS_H

#include "owner_maps.h"

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

#endif
