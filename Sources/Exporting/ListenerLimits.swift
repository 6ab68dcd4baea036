// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// The limits of a listener's clients: nothing they do makes it hold more or longer.
package struct ListenerLimits: Sendable {
  /// Connections at a time; one more gets an answer that says so and is closed.
  package var connections = 64
  /// Of those, readers of events.
  package var streams = 16
  /// Bytes of a request's header fields, and of its body, which nobody needs.
  package var header = 16 << 10
  package var body = 64 << 10
  /// Requests on one connection.
  package var requests = 10_000
  /// From the connection to the end of the first request.
  package var requestTime = TimeAmount.seconds(10)
  /// From an answer to the end of the next request.
  package var idleTime = TimeAmount.seconds(60)
  /// For taking an answer, and for a reader of events that takes nothing.
  package var answerTime = TimeAmount.seconds(30)
  /// Bytes that may wait for a reader of events before it misses some.
  package var waiting = 64 << 10

  package init() {}
}
