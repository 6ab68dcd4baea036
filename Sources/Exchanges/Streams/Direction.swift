// SPDX-License-Identifier: Apache-2.0

/// One of the two directions of a flow, by the order of the ends in its `FlowKey`.
enum Direction: BitwiseCopyable, Sendable {
  /// From a to b.
  case forward
  /// From b to a.
  case backward

  @inline(__always)
  var opposite: Direction { self == .forward ? .backward : .forward }

  // The comparison that comes with an enum may be a call on the path of every segment.
  @inline(__always)
  static func == (a: Direction, b: Direction) -> Bool {
    switch (a, b) {
    case (.forward, .forward), (.backward, .backward): true
    default: false
    }
  }
}
