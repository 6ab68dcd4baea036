/* SPDX-License-Identifier: Apache-2.0 */
/* wt_tls_is_overlaid: which file system a file is in, by statfs(2), which Swift does not import. */
#ifndef WT_TLS_FILE_H
#define WT_TLS_FILE_H

/* Whether an open file lies in an overlay of folders (overlayfs). */
int wt_tls_is_overlaid(int descriptor);

#endif
