// SPDX-License-Identifier: Apache-2.0
import Confinement
import Glibc

/// Confines itself as a watch does, or not (`free` as second argument), and then tries what is forbidden: a
/// line each, the error number and the name. The folder of the log is the first argument's `log`.
@main
struct Probe {
  static func main() {
    let folder = CommandLine.arguments[1]
    // A terminal's other side, to type into.
    let terminal = unsafe open("/dev/ptmx", O_RDWR | O_NOCTTY)
    if !CommandLine.arguments.contains("free") {
      var plan = Confinement.Plan()
      plan.account = CommandLine.arguments.contains("root") ? nil : .nobody
      plan.abilities = [.capture, .terminal]
      plan.writable = [folder + "/log"]
      let confinement = Confinement(plan)
      for given in confinement.given { print("given \(given)") }
      for kept in confinement.kept { print("kept \(kept)") }
    }
    for attempt in Attempt.all(folder: folder, descriptor: terminal) {
      print("\(attempt.run()) \(attempt.name)")
    }
  }
}
