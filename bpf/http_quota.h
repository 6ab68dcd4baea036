/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * httpf_quota: how many packets of a kind a CPU may send in a second.
 *
 * What takes user space longer to read than a head does is limited, so that a flood of it neither fills the
 * ring nor keeps the reader from heads.
 */
#ifndef HTTPF_QUOTA_H
#define HTTPF_QUOTA_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

enum {
	/* Fragments of IP packets, which every worker gets. */
	HTTPF_FRAGMENTS = 8192,
	/* ClientHellos of TLS: a lock and several tables each. */
	HTTPF_HELLOS = 8192,
	/* Datagrams of QUIC: as many as the reader decrypts. */
	HTTPF_INITIALS = 2000,
	/* Nanoseconds in which this many may pass. */
	HTTPF_QUOTA_TIME = 1000000000,
};

struct httpf_quota {
	__u64 since; /* when the second began that `used` is of */
	__u64 used;  /* packets that were sent in it, or would have been */
};

/* Whether another packet may be sent at this time, of at most `most` in a second. */
static __always_inline int httpf_admits(struct httpf_quota *quota, __u64 now, __u64 most)
{
	if (now - quota->since >= HTTPF_QUOTA_TIME) {
		quota->since = now;
		quota->used = 0;
	}
	return quota->used++ < most;
}

#endif
