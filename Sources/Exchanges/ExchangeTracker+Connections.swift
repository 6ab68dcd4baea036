// SPDX-License-Identifier: Apache-2.0

import HTTP1

/// Connections that open, are replaced by others with the same ends, or make room.
extension ExchangeTracker {
  /// A SYN was seen: this direction's stream begins at `start`.
  mutating func opens(_ flow: Int32, _ isForward: Bool, at start: UInt32, isAnswer: Bool) {
    let half = flows[flow][isForward]
    if half.sawSyn, half.synNext == start { return }
    if half.isKnown || half.sawSyn {
      let isLateSyn =
        !half.sawSyn && !half.coverage.isEmpty
        && SequenceNumber.distance(half.coverage.start, from: start) >= 0
        && SequenceNumber.distance(half.coverage.start, from: start) < 1 << 30
      if isLateSyn {
        flows[flow][isForward].sawSyn = true
        flows[flow][isForward].synNext = start
        return
      }
      reset(flow)
    }
    flows[flow][isForward].sawSyn = true
    flows[flow][isForward].synNext = start
    flows[flow][isForward].isKnown = true
    flows[flow][isForward].next = start
    flows[flow][isForward].phase = .boundary
    flows[flow][isForward].coverage = Coverage()
    flows[flow][isForward].coverage.add(start &- 1, start)
    flows[flow][isForward].coverage.setFloor()
    if !flows[flow].isRoleSure {
      flows[flow].isRoleSure = true
      flows[flow].requests = isForward != isAnswer ? .forward : .backward
    }
  }

  /// Forgets what is known of a connection, deciding what waits.
  mutating func reset(_ flow: Int32) {
    finish(flow)
    flows[flow].forward = HalfStream()
    flows[flow].backward = HalfStream()
    flows[flow].requests = .unknown
    flows[flow].isRoleSure = false
    flows[flow].standing = .fresh
  }

  /// Makes room by forgetting the flow that was idle for longest.
  mutating func evictOldestFlow() {
    let flow = flows.oldest
    guard flow >= 0 else { return }
    finish(flow)
    flows.remove(flow)
    counters.evictedFlows &+= 1
  }

  /// Decides everything that waits on one flow.
  private mutating func finish(_ flow: Int32) {
    if flows[flow].isWaiting { giveUpWaiting(flow) }
    dropHeld(flow, true)
    dropHeld(flow, false)
    stopWaiting(flow)
    endHead(flow, true)
    endHead(flow, false)
    while flows[flow].firstPending >= 0 { endUnanswered(flows[flow].firstPending) }
  }
}
