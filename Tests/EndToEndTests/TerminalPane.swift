// SPDX-License-Identifier: Apache-2.0
import Children
import Foundation
import Testing

/// A terminal that nobody sits at: a tmux server of its own, with a shell in one pane of it.
final class TerminalPane {
  private static let shell = "env -u NO_COLOR PS1='$ ' bash --norc --noprofile -i"
  private let folder = Folder()
  private let server: ChildProcess
  /// The alert log of the watch.
  var alertLog: String { folder.file("alerts.log") }
  private var socket: String { folder.file("tmux") }

  /// Opens a pane of this size, whose programs find this terminal type.
  init(columns: Int = 80, rows: Int = 24, type: String = "screen-256color", locale: String = "C.UTF-8") {
    // In the foreground: a daemon would outlive the test.
    let socket = folder.file("tmux")
    server = ChildProcess([
      "env", "-u", "TMUX", "LANG=C.UTF-8", "tmux", "-D", "-f", "/dev/null", "-S", socket,
    ])
    for _ in 0..<200 where !FileManager.default.fileExists(atPath: socket) { usleep(20_000) }
    tmux(
      "new-session -d -s t -x \(columns) -y \(rows) "
        + "\"env -u LC_ALL -u LC_CTYPE LANG=\(locale) TERM=\(type) \(Self.shell)\"")
    // Blanks at the end of a line are not captured.
    _ = waits(for: "$")
  }

  /// Takes the terminal away from the program in it.
  func vanish() { server.send(SIGKILL) }

  deinit {
    // A server in the foreground outlives kill-server; the shell in it ends with its terminal.
    vanish()
    server.wait(seconds: 20)
  }

  /// The text of the pane, one line a row.
  var text: String { tmux("capture-pane -p -t t").output }
  var isASCII: Bool { text.utf8.allSatisfy { $0 < 128 } }
  var lines: [String] { text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) }
  /// The text with what has left the pane at its top.
  var history: String { tmux("capture-pane -p -S -500 -t t").output }
  /// The text with its colours and attributes, as escape sequences.
  var styled: String { tmux("capture-pane -p -e -t t").output }
  /// Whether the program has the other screen, and whether the cursor is to be seen.
  var isAlternate: Bool { tmux("display-message -p -t t '#{alternate_on}'").output.hasPrefix("1") }
  var hasCursor: Bool { tmux("display-message -p -t t '#{cursor_flag}'").output.hasPrefix("1") }

  /// Presses keys by tmux's names, or types what is no name.
  func press(_ keys: String...) {
    for key in keys { tmux("send-keys -t t '\(key)'") }
  }

  /// Types a command line.
  func enter(_ command: String) {
    tmux("send-keys -t t -l '\(command.replacingOccurrences(of: "'", with: "'\\''"))'")
    press("Enter")
  }

  func resize(columns: Int, rows: Int) { tmux("resize-window -t t -x \(columns) -y \(rows)") }

  /// Waits until the pane shows what is asked for; a machine that is busy gets half a minute.
  @discardableResult
  func waits(until isShown: (String) -> Bool) -> Bool {
    let end = ContinuousClock.now + .seconds(30)
    repeat {
      if isShown(text) { return true }
      usleep(50_000)
    } while ContinuousClock.now < end
    return false
  }

  @discardableResult
  func waits(for words: String) -> Bool { waits { $0.contains(words) } }

  /// Starts wiretally in a namespace, and waits for its screen; the alert log lies in the test's folder.
  func watch(in name: String, _ arguments: String = "", waitFor words: String = "req/s") -> Bool {
    let threshold = arguments.hasPrefix("-t ") ? "" : "-t 1000000 "
    enter(
      "clear; stty -a > \(folder.file("before")); ip netns exec \(name) \(Machine.program) \(threshold)"
        + "--alert-log \(alertLog) \(arguments); echo \"ended $?\"; stty -a > \(folder.file("after"))"
    )
    return waits(for: words)
  }

  /// Whether the terminal's mode is what it was before `watch`.
  var isModeRestored: Bool {
    let before = Shell.read(folder.file("before"))
    for _ in 0..<100 where Shell.read(folder.file("after")).isEmpty { usleep(50_000) }
    return !before.isEmpty && before == Shell.read(folder.file("after"))
  }

  /// The process of wiretally that this pane's shell runs.
  var watcher: Int32? {
    let shell = tmux("display-message -p -t t '#{pane_pid}'").output.trimmingCharacters(
      in: .whitespacesAndNewlines)
    return Int32(
      Shell.attempt("pgrep -x wiretally -P $(pgrep -P \(shell) -x bash || echo \(shell)) | head -n 1").output
        .trimmingCharacters(in: .whitespacesAndNewlines))
  }

  @discardableResult
  private func tmux(_ command: String, sourceLocation: SourceLocation = #_sourceLocation) -> Ran {
    Shell.run("tmux -S \(socket) \(command)", sourceLocation: sourceLocation)
  }
}

extension Machine {
  static let hasTerminals = hasServers && Shell.has("tmux")
}
