// SPDX-License-Identifier: Apache-2.0

package import HTTP1
package import Exchanges

/// Requests by method and by version of HTTP, and responses by class: what is counted of a site for metrics.
///
/// Each list is short, whatever clients send: methods beyond RFC 9110's and PATCH are one, and so are statuses of no class.
package struct RequestKinds: Equatable, Sendable {
  /// The methods that have a number of their own; all others have one together, after them.
  package static let methods: [Method] = [
    .get, .head, .post, .put, .delete, .connect, .options, .trace, .patch,
  ]
  /// The versions, in order.
  package static let versions: [ProtocolVersion] = [.http10, .http11, .http2]
  /// The classes 1 to 5, and what has none.
  package static let classes = 6

  package var methods = [UInt64](repeating: 0, count: RequestKinds.methods.count + 1)
  package var versions = [UInt64](repeating: 0, count: RequestKinds.versions.count)
  package var responses = [UInt64](repeating: 0, count: RequestKinds.classes)

  package init() {}

  package mutating func add(_ more: RequestKinds) {
    for index in methods.indices { methods[index] &+= more.methods[index] }
    for index in versions.indices { versions[index] &+= more.versions[index] }
    for index in responses.indices { responses[index] &+= more.responses[index] }
  }

  /// Takes away what is counted elsewhere, which is never more.
  mutating func subtract(_ part: RequestKinds) {
    for index in methods.indices { methods[index] &-= part.methods[index] }
    for index in versions.indices { versions[index] &-= part.versions[index] }
    for index in responses.indices { responses[index] &-= part.responses[index] }
  }
}

extension RequestKinds {
  /// Counters that a site's row has, two cache lines: requests by method, but for GET's, then those of HTTP/1.0 and HTTP/2. The
  /// two that are left out are most of all requests, and follow from the others.
  static let counters = 16
  private static let http10 = RequestKinds.methods.count + 1
  private static let http2 = http10 + 1

  /// The index of a request's method among them; nil for GET, which is not counted.
  @inline(__always)
  static func index(of method: Method) -> Int? {
    let number = Int(method.rawValue)
    return number == 0 ? nil : min(number, RequestKinds.methods.count)
  }

  /// The index of a request's version among them; nil for HTTP/1.1, which is not counted.
  @inline(__always)
  static func index(of version: ProtocolVersion) -> Int? {
    switch version {
    case .http11: nil
    case .http10: http10
    case .http2: http2
    }
  }

  /// Sets the methods and versions of a row with this many requests out of its counters.
  mutating func setRequests(_ requests: UInt64, counter: (Int) -> UInt64) {
    for index in 1..<methods.count { methods[index] = counter(index) }
    methods[0] = requests &- methods[1...].reduce(0, &+)
    versions[0] = counter(Self.http10)
    versions[2] = counter(Self.http2)
    versions[1] = requests &- versions[0] &- versions[2]
  }

  /// What all traffic was.
  init(_ totals: TrafficTotals, methods counts: [UInt64], statuses: [UInt64]) {
    for (number, count) in counts.enumerated() {
      methods[min(number, Self.methods.count)] &+= count
    }
    versions = [totals.http10, totals.requests &- totals.http10 &- totals.http2, totals.http2]
    for (status, count) in statuses.enumerated() where count > 0 {
      responses[Self.index(class: StatusPlaces.digit(StatusPlaces.place(UInt16(status))))] &+= count
    }
  }

  /// The index of a class among the responses; what is none of the five comes last.
  static func index(class digit: Int) -> Int { (1...5).contains(digit) ? digit - 1 : 5 }
}
