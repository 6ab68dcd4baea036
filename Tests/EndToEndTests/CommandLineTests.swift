// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// What the program says when it cannot do what it was asked to, and how it ends.
@Suite(.serialized) struct CommandLineTests {
  static let program = Machine.program

  @Test func `without a threshold it says which option is missing`() {
    let ran = Shell.attempt("\(Self.program)")
    #expect(ran.status == 64)
    #expect(ran.errors.contains("no alert threshold: use -t "))
  }

  @Test(arguments: [
    ("-t -1", "-1"), ("-t x", "'x'"), ("-t nan", "nan"), ("-t 1 --interval 0s", "0s"),
    ("-t 1 --interval soon", "soon"),
    ("-t 1 --interval 10s --alert-window 5s", "--alert-window must be at least the interval of 10s, got 5s"),
    ("-t 1 --port 0", "'0'"),
    ("-t 1 --port 80-70", "'80-70'"), ("-t 1 -i 0123456789abcdef", "0123456789abcdef"),
    ("-t 1 --backend magic", "'magic'"), ("-t 1 --workers 0", "--workers must be 1 to 64, got 0"),
    ("-t 1 --top 0", "--top must be 1 or more, got 0"),
    ("read", "file"),
  ])
  func `wrong usage is named and ends with 64`(arguments: String, named: String) {
    let ran = Shell.attempt("\(Self.program) \(arguments)")
    #expect(ran.status == 64, "\(ran.errors)")
    #expect(ran.errors.contains(named), "\(ran.errors)")
    #expect(ran.output.isEmpty)
  }

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
