// SPDX-License-Identifier: Apache-2.0
import Foundation
import System
import Testing

@Suite struct SystemThreadTests {
  /// The name of the calling thread, as the kernel shows it.
  private static var name: String {
    let text = try? String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8)
    return (text ?? "").trimmingCharacters(in: .newlines)
  }

  @Test(arguments: [
    ("worker", "worker"), ("exactly 15 char", "exactly 15 char"), ("sixteen, too lon", "sixteen, too lo"),
  ])
  func `a thread has its name, as much of it as the kernel keeps`(given: String, kept: String) throws {
    let seen = Locked("")
    let thread = try SystemThread(given) {
      let name = Self.name
      seen.withLock { $0 = name }
    }
    thread.join()
    #expect(seen.withLock { $0 } == kept)
    #expect(Self.name != kept)
  }

  @Test func `join waits for the end, and what was written is seen`() throws {
    final class Total: @unchecked Sendable { var count = 0 }
    let total = Total()
    let thread = try SystemThread("counter") {
      for _ in 0..<100 {
        total.count += 1
        usleep(500)
      }
    }
    thread.join()
    #expect(total.count == 100)
  }

  @Test func `a thread that nobody joins does its work, and releases what it was given`() throws {
    final class Given: Sendable {
      let end: DispatchSemaphore
      init(_ end: DispatchSemaphore) { self.end = end }
      deinit { end.signal() }
    }
    let done = DispatchSemaphore(value: 0), released = DispatchSemaphore(value: 0)
    do {
      let given = Given(released)
      _ = try SystemThread("left alone") {
        withExtendedLifetime(given) { _ = done.signal() }
      }
    }
    #expect(done.wait(timeout: .now() + 20) == .success)
    #expect(released.wait(timeout: .now() + 20) == .success)
  }
}
