// SPDX-License-Identifier: Apache-2.0
import System
import TLSDecryption
import TLSRecords
import Testing

/// Key logs line by line.
@Suite struct KeyStoreTests {
  private static let random = String(repeating: "0a", count: 32)
  private static let secret = String(repeating: "1b", count: 32)

  private func lines(_ text: String, isEnd: Bool = true) -> (KeyStore, KeyStore.Lines, read: Int) {
    let store = KeyStore()
    var lines = KeyStore.Lines()
    let read = store.add(Array(text.utf8).rawSpan, isEnd: isEnd, &lines)
    return (store, lines, read)
  }

  @Test func `lines of every label that is known are kept, by the client's random`() {
    let labels = [
      "CLIENT_RANDOM", "CLIENT_EARLY_TRAFFIC_SECRET", "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
      "SERVER_HANDSHAKE_TRAFFIC_SECRET", "CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0",
    ]
    let text = labels.map { "\($0) \(Self.random) \(Self.secret)\r\n" }.joined()
    let (store, lines, read) = lines(text)
    #expect(lines.secrets == 6 && lines.bad == 0 && lines.count == 6 && read == text.utf8.count)
    let known = [UInt8](repeating: 10, count: 32), other = [UInt8](repeating: 11, count: 32)
    let (isKnown, isOther) = (
      store[HelloRandom(known.rawSpan)] != nil, store[HelloRandom(other.rawSpan)] != nil
    )
    #expect(store.count == 1 && isKnown && !isOther)
  }

  @Test func `comments, empty lines and labels of other keys are no fault`() {
    let (_, lines, _) = lines(
      "# made by curl\n\n   \nEXPORTER_SECRET \(Self.random) \(Self.secret)\nRSA 0011 2233\n")
    #expect(lines.bad == 0 && lines.secrets == 0 && lines.count == 5)
  }

  @Test(arguments: [
    "CLIENT_RANDOM \(random)", "CLIENT_RANDOM \(random) 12", "CLIENT_RANDOM 0a0b \(secret)",
    "CLIENT_RANDOM \(random) \(secret)zz", "CLIENT_RANDOM \(random) \(secret) more", "nonsense", "<html> a b",
    "CLIENT_RANDOM \(random) \(String(repeating: "f", count: 2_000))",
  ])
  func `a bad line is counted by its number`(line: String) {
    let (_, lines, _) = lines("# first\n\(line)\nCLIENT_RANDOM \(Self.random) \(Self.secret)\nbad\n")
    #expect(lines.firstBad == 2 && lines.bad == 2 && lines.secrets == 1)
  }

  @Test func `a line that has not ended is left for later, unless it is the last one or too long`() {
    let whole = "CLIENT_RANDOM \(Self.random) \(Self.secret)"
    let begun = lines("\(whole)\n\(whole)", isEnd: false)
    #expect(begun.1.secrets == 1 && begun.read == whole.utf8.count + 1)
    #expect(lines(whole).1.secrets == 1)
    let endless = lines(String(repeating: "x", count: 5_000), isEnd: false)
    #expect(endless.1.bad == 1 && endless.read == 5_000)
  }
}
