// SPDX-License-Identifier: Apache-2.0
import Testing

/// The modules whose tests the thread sanitiser leaves out have nothing in which threads could meet.
@Suite struct ThreadlessModuleTests {
  /// The modules of a list: one a line, `#` begins a comment.
  static func names(_ list: String) -> [String] {
    list.split(separator: "\n").map(String.init).filter { !$0.hasPrefix("#") }
  }

  /// What in Swift source text starts a thread or is shared by threads; comments are left out.
  static func concurrency(in source: String) -> [String] {
    let words =
      #/\b(pthread_\w+|SystemThread|Thread|Dispatch\w+|OutputQueue|Locked|Mutex|Synchronization|Atomic\w*|async let|Task|\w*TaskGroup)\b/#
      // Unicode takes `Thread.sleep` for one word.
      .wordBoundaryKind(.simple)
    return source.split(separator: "\n").flatMap { line in
      let code = line.firstRange(of: "//").map { line[..<$0.lowerBound] } ?? line
      return code.matches(of: words).map { String($0.1) }
    }
  }

  @Test func `every name in the list is a test target without threads, and so is its module`() throws {
    let names = Self.names(try Repository.text("Tests/Sanitizers/threadless"))
    #expect(!names.isEmpty && Set(names).count == names.count)
    for name in names {
      let tests = Repository.files(below: "Tests/\(name)Tests", endingIn: ".swift")
      #expect(!tests.isEmpty, "Tests/Sanitizers/threadless: there is no Tests/\(name)Tests")
      // Some tests have no module of their own.
      for path in tests + Repository.files(below: "Sources/\(name)", endingIn: ".swift")
      where !path.hasSuffix("/ThreadlessModuleTests.swift") {
        let found = Self.concurrency(in: try Repository.text(path))
        #expect(
          found.isEmpty, "\(path) has threads: remove \(name) from Tests/Sanitizers/threadless: \(found)")
      }
    }
  }

  @Test func `threads, locks and atomics are found, and words in comments are none`() {
    #expect(
      Self.concurrency(in: "import Synchronization\nlet a = Atomic<Bool>(true)") == [
        "Synchronization", "Atomic",
      ])
    #expect(
      Self.concurrency(in: "  _ = try SystemThread(\"a\") {}; Thread.sleep()") == ["SystemThread", "Thread"])
    #expect(
      Self.concurrency(in: "pthread_create(&a); DispatchQueue.main") == ["pthread_create", "DispatchQueue"])
    #expect(Self.concurrency(in: "/// A Thread.\nlet threadless = isLocked // Locked").isEmpty)
    #expect(Self.concurrency(in: "async let a = b(); withTaskGroup {}") == ["async let", "withTaskGroup"])
    #expect(Self.names("# A\nB\nC\n") == ["B", "C"])
  }
}
