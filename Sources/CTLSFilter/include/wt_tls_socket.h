/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wt_tls_send, wt_tls_receive: messages with open files in them, between a watch and its helper process
 * (SCM_RIGHTS, unix(7)), whose macros Swift does not import.
 */
#ifndef WT_TLS_SOCKET_H
#define WT_TLS_SOCKET_H

#include <stddef.h>

/* Descriptors that a message carries at most. */
enum { WT_TLS_DESCRIPTORS = 8 };

/* Two ends that keep messages apart; both close on exec. 0 or an error number. */
int wt_tls_pair(int ends[2]);

/* Sends a message whole, waiting for room; 0 or an error number. */
int wt_tls_send(int socket, const void *bytes, size_t size, const int *descriptors, size_t count);

/*
 * The next message, without waiting for one: its size, 0 when the other side has gone, or a negated error
 * number. `descriptors` has room for WT_TLS_DESCRIPTORS; those that came close on exec. A message that came
 * without all of its descriptors, of which there was no room for one, comes with none of them.
 */
long wt_tls_receive(int socket, void *bytes, size_t size, int *descriptors, size_t *count);

#endif
