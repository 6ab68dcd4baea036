/* SPDX-License-Identifier: Apache-2.0 */
/* What archives built for a newer C library ask for and that of Debian 11 does not have. */

/*
 * glibc 2.32 and newer set it while a process has one thread, and libstdc++ then counts references without atomic
 * instructions. Never set, it always uses them. Hidden, so that a newer C library's own is left alone.
 */
__attribute__((visibility("hidden"))) char __libc_single_threaded = 0;
