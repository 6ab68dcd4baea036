// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Exchanges

@Suite struct BudgetTests {
  @Test func `all tables of a tracker together stay below sixty-four mebibytes`() {
    let limits = ExchangeLimits()
    let tables: [(name: String, bytes: Int)] = [
      ("flows", limits.flows * (MemoryLayout<StreamFlow>.stride + MemoryLayout<MessageFlow>.stride)),
      ("queues of flows", limits.flows * MemoryLayout<PendingRequests.Queue>.stride),
      ("index of flows", limits.flows * 2 * 4),
      ("pending requests", limits.pendingRequests * MemoryLayout<PendingRequest>.stride),
      ("small heads", limits.smallHeads * 2_048), ("large heads", limits.largeHeads * 65_536),
      ("held segments", limits.heldSegments * (2_048 + MemoryLayout<HeldChunk>.stride)),
      ("events", EventBatch.capacity * MemoryLayout<ExchangeEvent>.stride),
    ]
    for table in tables { print("\(table.name): \(table.bytes >> 10) KiB") }
    print("a flow: \(MemoryLayout<StreamFlow>.stride) and \(MemoryLayout<MessageFlow>.stride) bytes")
    #expect(tables.reduce(0) { $0 + $1.bytes } < 64 << 20)
  }
}
