// SPDX-License-Identifier: Apache-2.0

import HTTP1

/// The end of waiting: reading goes on behind bytes that did not come in time.
extension ExchangeTracker {
  /// Reads on behind whatever this flow waits for: it has waited long enough, or there is no room.
  mutating func giveUpWaiting(_ flow: Int32) {
    var flow = flow
    if flows[flow].standing == .fresh {
      let twin = joinByHeldResponse(flow)
      if twin >= 0 { flow = twin }
    }
    progress(flow)
    // The requests first: the responses may be waiting for them.
    let first = mayAskForward(flow)
    for step in 0..<2 {
      let isForward = step == 0 ? first : !first
      guard flows[flow][isForward].held >= 0 else { continue }
      let entry = held[flows[flow][isForward].held]
      if !flows[flow][isForward].isKnown { begin(entry.piece) }
      if SequenceNumber.distance(entry.piece.sequence, from: flows[flow][isForward].next) > 0 {
        skip(flow, isForward, to: entry.piece.sequence)
      }
      if flows[flow][isForward].phase == .awaiting { flows[flow][isForward].phase = .lost }
      flows[flow][isForward].isAlone = true
      progress(flow)
    }
    if flows[flow].isWaiting {
      // Something still waits, for the next gap: it gets its own time.
      stopWaiting(flow)
      if flows[flow].forward.held >= 0 || flows[flow].backward.held >= 0 { startWaiting(flow) }
    }
  }

  /// Whether the forward direction is the one that asks, as far as anybody knows: without a SYN and
  /// before any head was read, what is held back tells it.
  private mutating func mayAskForward(_ flow: Int32) -> Bool {
    if flows[flow].requests != .unknown { return flows[flow].requests == .forward }
    let blocks = held.blocks
    for isForward in [true, false] {
      var at = flows[flow][isForward].held
      while at >= 0 {
        let entry = held[at]
        let bytes = entry.block >= 0 ? blocks.bytes(of: entry.block, count: Int(entry.captured)) : RawSpan()
        switch HeadStart.verdict(bytes) {
        case .request, .http2: return isForward
        case .response: return !isForward
        case .requestPrefix, .responsePrefix, .none: at = entry.next
        }
      }
    }
    return true
  }
}
