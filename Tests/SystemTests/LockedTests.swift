// SPDX-License-Identifier: Apache-2.0
import Foundation
import System
import Testing

@Suite struct LockedTests {
  /// Also what the thread sanitiser sees of a lock that threads wait for.
  @Test func `threads that wait for each other lose no change`() {
    let total = Locked((changes: 0, largest: 0))
    DispatchQueue.concurrentPerform(iterations: 8) { number in
      for _ in 0..<10_000 {
        total.withLock {
          $0.changes += 1
          $0.largest = max($0.largest, number)
        }
      }
    }
    #expect(total.withLock { $0.changes } == 80_000)
    #expect(total.withLock { $0.largest } == 7)
  }

  @Test func `an error leaves the lock free, and what was changed before it stays`() {
    let value = Locked(1)
    #expect(throws: CancellationError.self) {
      try value.withLock { value in
        value = 2
        throw CancellationError()
      }
    }
    #expect(value.withLock { $0 } == 2)
  }
}
