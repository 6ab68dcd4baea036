// SPDX-License-Identifier: Apache-2.0

import HTTP1
import HTTP2
import System
import Text

/// The fields of a request's header block that are counted by.
enum RequestBlock {
  /// Whether a block is a request's: trailers have no pseudo-header field, and a server answers with an error when the
  /// method or the path is missing. One of its fields must be known.
  static func isRequest(_ list: HeaderList) -> Bool {
    if case .field = list.find(.status) { return false }
    if case .absent = list.find(.method) { return false }
    if case .absent = list.find(.path), !method(list).isConnect { return false }
    for name in [FieldName.method, .path, .scheme, .authority] {
      if case .field = list.find(name) { return true }
    }
    return false
  }

  /// The method; `.other` when it has another name, or none that can be known.
  static func method(_ list: HeaderList) -> Method {
    let value = list.value(of: .method)
    return Method.named(value, 0, value.byteCount)
  }

  static func appendMethod(_ list: HeaderList, to names: NameBuffer) -> (start: Int, count: Int) {
    let value = list.value(of: .method)
    guard value.byteCount > 0 else { return UnknownName.append(to: names) }
    return PrintableName.append(value, 0, value.byteCount, lowercased: false, to: names)
  }

  /// Appends a gRPC call's method with its service: the path without a query.
  static func appendCall(_ list: HeaderList, to names: NameBuffer) -> (start: Int, count: Int) {
    guard case .field = list.find(.path) else { return UnknownName.append(to: names) }
    let path = list.value(of: .path)
    var end = 0
    while end < path.byteCount, path.byte(end) != UInt8(ascii: "?") { end &+= 1 }
    return PrintableName.append(path, 0, end, lowercased: false, to: names)
  }

  /// Appends the site: of `:authority`, else of `host`; a count of 0 when the block names none.
  static func appendSite(_ list: HeaderList, to names: NameBuffer) -> (start: Int, count: Int) {
    for name in [FieldName.authority, .host] {
      switch list.find(name) {
      case .unknown: return UnknownName.append(to: names)
      case .absent: continue
      case .field:
        let value = list.value(of: name)
        var head = MessageHead()
        head.method = .get
        head.host = ByteRange(0, value.byteCount)
        let place = SiteName.append(head, value, to: names)
        if place.count > 0 { return place }
      }
    }
    return (names.count, 0)
  }

  /// Appends the section: the first `depth` segments of the path, for gRPC its service; nothing for a plain tunnel.
  static func appendSection(
    _ list: HeaderList, isTunnel: Bool, depth: Int, to names: NameBuffer
  ) -> (start: Int, count: Int) {
    switch list.find(.path) {
    case .unknown: return UnknownName.append(to: names)
    case .absent: return isTunnel ? (names.count, 0) : UnknownName.append(to: names)
    case .field: break
    }
    let path = list.value(of: .path)
    if case .field = list.find(.contentType), GRPCPath.isContentType(list.value(of: .contentType)),
      let parts = GRPCPath(path)
    {
      return PrintableName.append(path, 0, parts.service, lowercased: false, to: names)
    }
    var head = MessageHead()
    head.method = .get
    head.target = ByteRange(0, path.byteCount)
    return RequestTarget.appendSection(head, path, depth: depth, to: names)
  }

  /// What the request's fields say of whether it is a gRPC call: those are POST requests of its content type.
  static func call(_ list: HeaderList, _ method: Method) -> StreamState.Call {
    if case .field = list.find(.method), method != .post { return .no }
    return call(list)
  }

  /// What a block's content type says of it.
  static func call(_ list: HeaderList) -> StreamState.Call {
    switch list.find(.contentType) {
    case .field: GRPCPath.isContentType(list.value(of: .contentType)) ? .yes : .no
    case .absent: .no
    case .unknown: .unknown
    }
  }
}
