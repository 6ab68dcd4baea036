/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * HTTPF_METHODS: the request methods that the filter knows by name, the likeliest first.
 *
 * The list is IANA's HTTP Method Registry and what servers take besides (UPnP, caches); a test holds it equal
 * to Sources/HTTP1/Method.swift. Any other name in capitals passes before a target that begins with a slash:
 * see httpf_is_token. No name may be longer than HTTPF_START_BYTES - 1; it begins with a letter from A to Z,
 * and its next two bytes are such letters or hyphens: the filter rejects bodies by looking at those three
 * alone.
 */
#ifndef HTTPF_METHODS_H
#define HTTPF_METHODS_H

/* clang-format cannot lay out a list of calls without commas. */
/* clang-format off */
#define HTTPF_METHODS(X) \
	X("GET") X("POST") X("HEAD") X("PUT") X("OPTIONS") X("DELETE") \
	X("PATCH") X("CONNECT") X("TRACE") X("PROPFIND") X("PROPPATCH") X("MKCOL") \
	X("COPY") X("MOVE") X("LOCK") X("UNLOCK") X("VERSION-CONTROL") X("REPORT") \
	X("CHECKOUT") X("CHECKIN") X("UNCHECKOUT") X("MKWORKSPACE") X("UPDATE") X("LABEL") \
	X("MERGE") X("BASELINE-CONTROL") X("MKACTIVITY") X("ORDERPATCH") X("ACL") X("MKREDIRECTREF") \
	X("UPDATEREDIRECTREF") X("MKCALENDAR") X("SEARCH") X("BIND") X("REBIND") X("UNBIND") \
	X("LINK") X("UNLINK") X("QUERY") X("NOTIFY") X("SUBSCRIBE") X("UNSUBSCRIBE") \
	X("M-SEARCH") X("PURGE")
/* clang-format on */

#endif
