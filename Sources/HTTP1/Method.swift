// SPDX-License-Identifier: Apache-2.0

/// A request method: one of the registered ones, or `other` with its own name beside it.
///
/// The list is IANA's HTTP Method Registry, `PRI` apart (that is HTTP/2's preface), and what servers take besides:
/// UPnP's methods and the caches' `PURGE`. The kernel's filter knows the same list (`bpf/http_methods.h`); a test holds the two together.
@usableFromInline
package enum Method: UInt8, BitwiseCopyable, Sendable, CaseIterable {
  // RFC 9110 and RFC 5789
  case get, head, post, put, delete, connect, options, trace, patch
  // RFC 4918
  case propfind, proppatch, mkcol, copy, move, lock, unlock
  // RFC 3253
  case versionControl, report, checkout, checkin, uncheckout, mkworkspace, update, label, merge
  case baselineControl, mkactivity
  // RFC 3648, 3744, 4437, 4791, 5323, 5842, 2068, and draft-ietf-httpbis-safe-method-w-body
  case orderpatch, acl, mkredirectref, updateredirectref, mkcalendar, search
  case bind, rebind, unbind, link, unlink, query
  // UPnP Device Architecture 2.0, and the purging of caches: in no registry
  case notify, subscribe, unsubscribe, msearch, purge
  /// Any other token.
  case other

  // Plain tests for the pipeline of every head: the comparison that comes with raw values is a generic call.
  @inlinable @inline(__always)
  package var isHead: Bool {
    if case .head = self { true } else { false }
  }
  @inlinable @inline(__always)
  package var isConnect: Bool {
    if case .connect = self { true } else { false }
  }
  @inlinable @inline(__always)
  package var isOther: Bool {
    if case .other = self { true } else { false }
  }

  /// The method as it stands in a request line; `other` for `.other`.
  package var name: String { token.description }

  /// The same without an allocation.
  var token: StaticString {
    switch self {
    case .get: "GET"
    case .head: "HEAD"
    case .post: "POST"
    case .put: "PUT"
    case .delete: "DELETE"
    case .connect: "CONNECT"
    case .options: "OPTIONS"
    case .trace: "TRACE"
    case .patch: "PATCH"
    case .propfind: "PROPFIND"
    case .proppatch: "PROPPATCH"
    case .mkcol: "MKCOL"
    case .copy: "COPY"
    case .move: "MOVE"
    case .lock: "LOCK"
    case .unlock: "UNLOCK"
    case .versionControl: "VERSION-CONTROL"
    case .report: "REPORT"
    case .checkout: "CHECKOUT"
    case .checkin: "CHECKIN"
    case .uncheckout: "UNCHECKOUT"
    case .mkworkspace: "MKWORKSPACE"
    case .update: "UPDATE"
    case .label: "LABEL"
    case .merge: "MERGE"
    case .baselineControl: "BASELINE-CONTROL"
    case .mkactivity: "MKACTIVITY"
    case .orderpatch: "ORDERPATCH"
    case .acl: "ACL"
    case .mkredirectref: "MKREDIRECTREF"
    case .updateredirectref: "UPDATEREDIRECTREF"
    case .mkcalendar: "MKCALENDAR"
    case .search: "SEARCH"
    case .bind: "BIND"
    case .rebind: "REBIND"
    case .unbind: "UNBIND"
    case .link: "LINK"
    case .unlink: "UNLINK"
    case .query: "QUERY"
    case .notify: "NOTIFY"
    case .subscribe: "SUBSCRIBE"
    case .unsubscribe: "UNSUBSCRIBE"
    case .msearch: "M-SEARCH"
    case .purge: "PURGE"
    case .other: "other"
    }
  }
}
