/* SPDX-License-Identifier: Apache-2.0 */
/* wt_bpf_log: libbpf and the kernel's packet socket as Swift sees them, with what it cannot say itself. */
#ifndef WT_BPF_H
#define WT_BPF_H

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

/*
 * libbpf speaks through a va_list, which Swift cannot receive. This keeps what it printed last on this
 * thread instead of letting it write to standard error over somebody's screen.
 */
void wt_bpf_log_begin(void);

/* What was printed since, newest last, as much as fits; valid until the next beginning. */
const char *wt_bpf_log(void);

/* Complex macros of asm/socket.h, which Swift does not import. */
enum { WT_BPF_ATTACH = SO_ATTACH_BPF, WT_BPF_LOCK = SO_LOCK_FILTER, WT_BPF_MEMINFO = SO_MEMINFO };

/* linux/if_packet.h since 4.20; missing from older headers. */
enum { WT_BPF_IGNORE_OUTGOING = 23 };

/*
 * Attaches a program to `count` places of the file at `path`, in all processes that execute it, by one call
 * (Linux 6.6; libbpf knows it since 1.3). The link's descriptor, or the negated error.
 */
int wt_bpf_link_uprobes(int program, const char *path, const unsigned long long *offsets,
			const unsigned long long *cookies, unsigned int count, int is_return);

/*
 * Attaches a program to one place of the file at `path`, in all processes that execute it: by an event of the
 * kernel's (Linux 5.15, where it takes CAP_SYS_ADMIN). The link's descriptor, which holds the event, or the
 * negated error.
 */
int wt_bpf_link_uprobe_event(int program, const char *path, unsigned long long offset,
			     unsigned long long cookie, int is_return);

/*
 * The same at an event that was made before, in tracefs, by its number (its `id` there): that takes
 * CAP_PERFMON alone.
 */
int wt_bpf_link_made_event(int program, unsigned int number, unsigned long long cookie);

/* enum bpf_attach_type of linux/bpf.h since 6.6: BPF_TRACE_UPROBE_MULTI. */
enum { WT_BPF_UPROBES = 48 };

/* Flags for events and sockets: enumerations with types of their own in glibc. */
enum { WT_BPF_EVENT = EFD_CLOEXEC | EFD_NONBLOCK };
enum { WT_BPF_DATAGRAM = SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK };

#endif
