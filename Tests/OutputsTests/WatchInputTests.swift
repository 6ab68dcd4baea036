// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import wiretally

/// Keys from a pipe: a byte a key.
private final class PipeKeys: KeySource {
  let pipe = Pipe()
  var descriptor: Int32? { pipe.fileHandleForReading.fileDescriptor }
  func readEvents(hasGone: Bool) -> [WatchEvent] {
    if hasGone { return [.end] }
    return pipe.fileHandleForReading.availableData.map { $0 == UInt8(ascii: "r") ? .resetTotals : .end }
  }
}

/// The one test that has the process's signals.
@Suite(.serialized) struct WatchInputTests {
  @Test func `waiting takes nothing, and events come once`() {
    let keys = PipeKeys()
    let input = WatchInput(interruption: Interruption(), keys: keys)
    #expect(input.hasKeys)
    #expect(input.events(input.wait(0)).isEmpty)
    keys.pipe.fileHandleForWriting.write(Data("r".utf8))
    // However often it is polled, the key is still there.
    _ = input.wait(1_000)
    let readiness = input.wait(1_000)
    #expect(input.events(readiness) == [.resetTotals])
    #expect(input.events(input.wait(0)).isEmpty)
    kill(getpid(), SIGHUP)
    #expect(input.events(input.wait(1_000)) == [.reopen])
    #expect(input.events(input.wait(0)).isEmpty)
    keys.pipe.fileHandleForWriting.closeFile()
    #expect(input.events(input.wait(1_000)) == [.end])
  }
}
