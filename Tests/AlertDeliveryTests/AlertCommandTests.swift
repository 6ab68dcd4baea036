// SPDX-License-Identifier: Apache-2.0
import AlertDelivery
import Foundation
import Testing

@Suite struct AlertCommandTests {
  static let minute: UInt64 = 60_000_000_000

  private func notice() -> DeliveryMessage {
    var notice = DeliveryMessage()
    notice["rule"] = "high-traffic"
    notice["site"] = "$(exit 9);`exit 9`'\""
    notice["json"] = "{\"type\":\"alert\"}\n"
    return notice
  }

  @Test func `values are in the environment and as JSON on standard input, never in the command`() {
    let command =
      #"test "$WIRETALLY_SITE" = "\$(exit 9);\`exit 9\`'\"" && test "$WIRETALLY_RULE" = high-traffic "#
      + #"&& test -z "$WIRETALLY_JSON" && test "$(cat)" = '{"type":"alert"}' && test -n "$PATH""#
    #expect(AlertCommand(command, timeout: Self.minute).run(notice()) == nil)
  }

  @Test(arguments: [
    ("true", nil), ("exit 3", "exit status 3"),
    ("echo no such user >&2; exit 1", "exit status 1: no such user"),
    ("kill -9 $$", "was killed by signal 9"), ("echo a; echo; exit 2", "exit status 2: a"),
    // Much output is read and forgotten; the last line is reported.
    ("head -c 3000000 /dev/zero | tr '\\0' x; echo; echo end; exit 4", "exit status 4: end"),
    // It may leave something behind, which is not waited for.
    ("sleep 5 & exit 5", "exit status 5"),
    // Nobody has to read the standard input.
    ("exec <&-; exit 0", nil),
  ])
  func `how it ended is reported`(command: String, fault: String?) {
    #expect(AlertCommand(command, timeout: Self.minute).run(notice()) == fault)
  }

  @Test func `a command that is not there is named`() throws {
    let fault = try #require(AlertCommand("/nowhere/hook", timeout: Self.minute).run(notice()))
    #expect(fault.hasPrefix("command not found (exit status 127): "))
    #expect(fault.contains("/nowhere/hook"))
  }

  @Test(arguments: ["sleep 600", "yes", "trap '' TERM; while :; do sleep 1; done"])
  func `one that hangs is ended with all that it started`(command: String) {
    let fault = AlertCommand("\(command) # \(UUID().uuidString)", timeout: 300_000_000).run(notice())
    #expect(fault?.hasPrefix("timed out after 300ms") == true, "\(fault ?? "nil")")
  }
}
