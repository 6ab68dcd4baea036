// SPDX-License-Identifier: Apache-2.0
import Sandbox
import Glibc

/// Restricts itself as a watch does, or not (`free` as second argument), and then tries what is forbidden: a
/// line each, the error number and the name. The folder of the log is the first argument's `log`.
@main
struct Probe {
  static func main() throws {
    let folder = CommandLine.arguments[1]
    // A terminal's other side, to type into.
    let terminal = unsafe open("/dev/ptmx", O_RDWR | O_NOCTTY)
    if !CommandLine.arguments.contains("free") {
      var policy = Sandbox.Policy()
      policy.account = CommandLine.arguments.contains("root") ? nil : .nobody
      policy.permissions = [.capture, .terminal]
      policy.writable = [folder + "/log"]
      let applied = try Sandbox.apply(policy)
      if let account = applied.account { print("user \(account.name)") }
      for restriction in applied.restrictions { print("applied \(restriction)") }
      for failure in applied.failures { print("failed \(failure)") }
    }
    for attempt in Attempt.all(folder: folder, descriptor: terminal) {
      print("\(attempt.run()) \(attempt.name)")
    }
  }
}
