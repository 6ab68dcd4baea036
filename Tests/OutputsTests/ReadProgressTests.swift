// SPDX-License-Identifier: Apache-2.0
import Children
import Foundation
import Testing

@testable import wiretally

/// The line of progress on a terminal, while long files are read.
@Suite struct ReadProgressTests {
  private final class Clock { var seconds = 100 }

  private static let mebibyte: UInt64 = 1 << 20

  private let terminal: PseudoTerminal
  private let clock = Clock()

  init() throws { terminal = try #require(PseudoTerminal()) }

  private func progress(isShown: Bool = true) -> ReadProgress {
    ReadProgress(isShown: isShown, descriptor: terminal.descriptor) { [clock] in clock.seconds }
  }

  @Test func `a long file is one line, written again at most once a second`() {
    let progress = progress()
    progress.show(("a.pcap", 40 * Self.mebibyte, 160 * Self.mebibyte))
    // Not in the first second: a short file shows nothing.
    #expect(terminal.text() == "")
    clock.seconds += 1
    progress.show(("a.pcap", 60 * Self.mebibyte, 160 * Self.mebibyte))
    progress.show(("a.pcap", 80 * Self.mebibyte, 160 * Self.mebibyte))
    #expect(terminal.text() == "\ra.pcap: 60 MiB (37 %)\u{1b}[K")
    clock.seconds += 1
    progress.show(("a.pcap", 120 * Self.mebibyte, 160 * Self.mebibyte))
    #expect(terminal.text() == "\ra.pcap: 120 MiB (75 %)\u{1b}[K")
  }

  @Test func `the clock is asked once in sixteen mebibytes`() {
    let progress = progress()
    clock.seconds += 1
    progress.show(("a.pcap", 16 * Self.mebibyte - 1, nil))
    #expect(terminal.text() == "")
    progress.show(("a.pcap", 16 * Self.mebibyte, nil))
    #expect(terminal.text() == "\ra.pcap: 16 MiB\u{1b}[K")
  }

  @Test func `the next file begins at its own start`() {
    let progress = progress()
    clock.seconds += 1
    progress.show(("a.pcap", 300 * Self.mebibyte, nil))
    _ = terminal.text()
    clock.seconds += 1
    progress.show(("b.pcap", 5 * Self.mebibyte, nil))
    progress.show(("b.pcap", 20 * Self.mebibyte, nil))
    #expect(terminal.text() == "\rb.pcap: 20 MiB\u{1b}[K")
  }

  @Test func `a hostile name moves no cursor`() {
    let progress = progress()
    clock.seconds += 1
    progress.show(("a\u{1b}[2J.pcap", 16 * Self.mebibyte, nil))
    #expect(!terminal.text().dropLast(3).contains("\u{1b}"))
  }

  @Test func `the line is taken away once, before something else is printed`() {
    let progress = progress()
    progress.clear()
    #expect(terminal.text() == "")
    clock.seconds += 1
    progress.show(("a.pcap", 16 * Self.mebibyte, nil))
    _ = terminal.text()
    progress.clear()
    progress.clear()
    #expect(terminal.text() == "\r\u{1b}[K")
  }

  @Test func `nothing is shown where it would disturb, and where nobody would see it`() throws {
    let disturbing = progress(isShown: false)
    let pipe = Pipe()
    let unseen = ReadProgress(isShown: true, descriptor: pipe.fileHandleForWriting.fileDescriptor) {
      [clock] in
      clock.seconds
    }
    clock.seconds += 1
    for progress in [disturbing, unseen] {
      progress.show(("a.pcap", 16 * Self.mebibyte, nil))
      progress.clear()
    }
    pipe.fileHandleForWriting.closeFile()
    #expect(terminal.text() == "" && pipe.fileHandleForReading.readDataToEndOfFile().isEmpty)
  }
}
