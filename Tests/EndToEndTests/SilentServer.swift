// SPDX-License-Identifier: Apache-2.0
import Children
import Foundation

/// The upstream of nginx's `/hang`: it takes connections and answers nothing, until it is stopped.
struct SilentServer {
  static let script = JSONDocumentTests.root + "/Tests/EndToEndTests/Scripts/leaving.py"
  private let process: ChildProcess

  init(in name: String) {
    process = ChildProcess(["ip", "netns", "exec", name, "python3", Self.script, "silent"])
    Network.awaitListener(8009, of: process, in: name)
  }

  func stop() {
    process.send(SIGKILL)
    process.wait(seconds: 20)
  }
}
