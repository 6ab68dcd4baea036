// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// What the program says when it cannot do what it was asked to, and how it ends.
@Suite(.serialized) struct CommandLineTests {
  static let program = Machine.program

  @Test func `the version comes after the program's name, by both options`() {
    let long = Shell.run("\(Self.program) --version"), short = Shell.run("\(Self.program) -V")
    #expect(long.status == 0 && short.status == 0)
    #expect(long.output.hasPrefix("wiretally 0."), "\(long.output)")
    #expect(short.output == long.output)
    // The manual names the version alone, and so do the package and the file of checksums.
    #expect(long.output.split(separator: " ")[1].allSatisfy { $0.isNumber || $0 == "." || $0.isNewline })
  }

  @Test func `help helps and names the exit statuses`() {
    let ran = Shell.run("\(Self.program) --help")
    #expect(ran.status == 0)
    for word in ["-t 100", "eth0", "read", "77 not"] { #expect(ran.output.contains(word)) }
    let watch = Shell.run("\(Self.program) help watch").output
    for option in [
      "--interval", "--alert-window", "--alert-every", "--alert-log", "--port", "--duration", "--format",
    ] {
      #expect(watch.contains(option))
    }
  }

  @Test(
    .enabled(if: Machine.hasNamespaces, "needs root and network namespaces"),
    arguments: ["auto", "ebpf", "pcap"])
  func `an unknown interface is named, with the ones there are`(backend: String) {
    let ran = Shell.attempt("\(Self.program) -t 1 -i nowhere0 --backend \(backend) --alert-log /dev/null")
    #expect(ran.status == 66, "\(ran.errors)")
    #expect(ran.errors.contains("nowhere0"))
    #expect(ran.errors.contains("lo"))
  }

  @Test(
    .enabled(if: Machine.isRoot && Shell.has("setpriv"), "needs root and setpriv"),
    arguments: ["auto", "ebpf", "pcap"])
  func `without privileges it names the hint`(backend: String) {
    let folder = Folder()
    let ran = Shell.attempt(
      "chmod 777 \(folder.path); cp \(Self.program) \(folder.path)/w && cd / && setpriv --reuid 65534 --clear-groups "
        + "--bounding-set=-all --inh-caps=-all \(folder.path)/w -t 1 --backend \(backend) --alert-log \(folder.path)/log"
    )
    #expect(ran.status == 77, "\(ran.errors)")
    #expect(ran.errors.contains("CAP_NET_RAW") || ran.errors.contains("CAP_BPF"), "\(ran.errors)")
    #expect(ran.errors.contains("sudo"))
    #expect(ran.errors.contains("setcap"))
  }

  @Test(.enabled(if: Machine.isRoot, "needs root"))
  func `an alert log that cannot be made is named`() {
    let ran = Shell.attempt("\(Self.program) -t 1 -i lo --alert-log /proc/no/alerts.log")
    #expect(ran.status != 0)
    #expect(ran.errors.contains("/proc/no"))
  }
}
