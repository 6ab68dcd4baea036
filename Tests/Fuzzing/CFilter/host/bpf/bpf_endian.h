/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef WT_BPF_ENDIAN_H
#define WT_BPF_ENDIAN_H

#include <endian.h>

#define bpf_ntohs(number) be16toh(number)
#define bpf_htons(number) htobe16(number)
#define bpf_ntohl(number) be32toh(number)
#define bpf_cpu_to_be64(number) htobe64(number)

#endif
