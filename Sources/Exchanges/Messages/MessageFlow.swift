// SPDX-License-Identifier: Apache-2.0

/// One TCP connection as `Messages` knows it: which direction asks, and what is read of both. All zero bytes are a
/// connection of which nothing has been read.
struct MessageFlow: BitwiseCopyable {
  /// The direction that carries requests.
  enum Role: BitwiseCopyable { case unknown, forward, backward }

  var requests = Role.unknown
  /// A SYN decided the role: no head can contradict it, but a request to an opener that has sent no HTTP.
  var isRoleSure = false
  /// A head of HTTP/1 was read.
  var hasHead = false
  /// A request of HTTP/1 was answered.
  var hasAnswer = false
  var forward = MessageHalf()
  var backward = MessageHalf()
}

extension ElementRef<MessageFlow> {
  /// One of the two directions.
  subscript(direction: Direction) -> ElementRef<MessageHalf> {
    @inline(__always) get { direction == .forward ? member(\.forward) : member(\.backward) }
  }

  /// Whether requests may travel in a direction, as far as is known.
  @inline(__always)
  func mayRequest(_ direction: Direction) -> Bool {
    switch self.requests {
    case .unknown: true
    case .forward: direction == .forward
    case .backward: direction == .backward
    }
  }

  /// Whether responses may travel in a direction, as far as is known.
  @inline(__always)
  func mayRespond(_ direction: Direction) -> Bool {
    if case .unknown = self.requests { return true }
    return !mayRequest(direction)
  }

  /// Whether a direction is known to carry responses.
  @inline(__always)
  func isResponding(_ direction: Direction) -> Bool { !mayRequest(direction) }

  @inline(__always)
  var isRoleUnknown: Bool {
    if case .unknown = self.requests { true } else { false }
  }

  /// Decides which direction asks.
  @inline(__always)
  func setRole(requestsIn direction: Direction) {
    let role: MessageFlow.Role = direction == .forward ? .forward : .backward
    self.requests = role
  }
}
