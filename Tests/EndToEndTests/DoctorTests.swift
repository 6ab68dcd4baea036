// SPDX-License-Identifier: Apache-2.0
import Children
import Foundation
import Testing

/// What `doctor` says on a machine where all is there, and where something is missing for real.
@Suite(.serialized, .enabled(if: Machine.hasNamespaces, "needs root and network namespaces"))
struct DoctorTests {
  struct Report: Decodable {
    struct Check: Decodable {
      var name: String
      var state: String
      var found: String
      var hint: String?
    }
    struct Interface: Decodable {
      var name: String
      var link: String
      var state: String
    }
    struct Backend: Decodable {
      var name: String
      var works: Bool
      var packets: Int?
      var requestHeads: Int?
      var fault: String?
      var hint: String?
    }
    var checks: [Check]
    var interfaces: [Interface]
    var backends: [Backend]
    var backend: String?
    var verdict: String

    init?(_ text: String) {
      guard let report = try? JSONDecoder().decode(Report.self, from: Data(text.utf8)) else { return nil }
      self = report
    }

    func check(_ name: String) -> Check? { checks.first { $0.name == name } }
  }

  @Test func `as root it names what is there and would use eBPF`() throws {
    let network = Network()
    let (client, name) = network.pair()
    let server = WebServer(in: name)
    let load = ChildProcess([
      "/bin/sh", "-c",
      // Until it is ended: how long the search for libraries takes depends on what runs here.
      "while sleep 0.05; do ip netns exec \(client) curl -s -o /dev/null http://10.77.0.2/echo; done",
    ])
    let ran = Network.run("\(Machine.program) doctor --format json", in: name)
    load.send(SIGTERM)
    server.stop()
    #expect(ran.status == 0, "\(ran.errors)")
    let report = try #require(Report(ran.output))
    #expect(report.backend == "eBPF")
    // The machine's processes may have libraries that were replaced, and its libraries code that is not known.
    #expect(
      report.checks.allSatisfy {
        $0.state == "fine" || ["BPF JIT", "TLS library"].contains($0.name) && $0.state == "unknown"
      }, "\(report.checks)")
    // curl's.
    let library = report.checks.first {
      $0.name == "TLS library" && $0.found.contains("/libssl.so.3, mapped by")
    }
    #expect(library?.found.contains(": attachable at read 0x") == true, "\(report.checks)")
    #expect(report.check("libpcap")?.found.contains("1.") == true)
    #expect(report.check("processes")?.found == "known: who serves and who asks")
    #expect(report.interfaces.map(\.name) == ["lo", "eth0"])
    #expect(report.interfaces.map(\.link) == ["loopback", "Ethernet"])
    for backend in report.backends {
      #expect(backend.works)
      #expect((backend.requestHeads ?? 0) > 0, "\(backend.name) sees traffic")
    }
    let page = Network.run("\(Machine.program) doctor", in: name)
    #expect(page.output.contains("wiretally would use eBPF."))
  }

  @Test func `an interface that is down gets the command that fixes it`() throws {
    let network = Network()
    let name = network.add("d")
    Shell.run("ip -n \(name) link add down0 type veth peer name down1")
    let ran = Network.run("\(Machine.program) doctor -i down0", in: name)
    #expect(ran.output.contains("hint: sudo ip link set down0 up"))
    #expect(!ran.output.contains("ip link set down1"))
  }

  @Test(.enabled(if: Shell.has("setpriv"), "needs setpriv"))
  func `as nobody it ends with 77 and says what to grant`() throws {
    let folder = Folder()
    let ran = Shell.attempt(
      "chmod 755 \(folder.path); cp \(Machine.program) \(folder.path)/w && cd / && setpriv --reuid 65534 "
        + "--clear-groups --bounding-set=-all --inh-caps=-all \(folder.path)/w doctor --format json")
    #expect(ran.status == 77)
    let report = try #require(Report(ran.output))
    #expect(report.backend == nil)
    #expect(report.verdict == "Nothing can be captured here.")
    for name in ["CAP_BPF", "CAP_NET_RAW"] {
      #expect(report.check(name)?.state == "missing")
      #expect(report.check(name)?.hint?.contains("setcap cap_bpf,cap_net_raw,cap_perfmon+ep") == true)
    }
    #expect(report.check("CAP_PERFMON")?.state == "slow")
  }

  @Test(.enabled(if: Shell.has("setpriv"), "needs setpriv"))
  func `without cap_perfmon it says that processes are not known, and how they would be`() throws {
    let network = Network()
    let drop = "setpriv --bounding-set=-perfmon,-sys_admin --inh-caps=-perfmon,-sys_admin"
    let ran = Network.run("\(drop) \(Machine.program) doctor --format json", in: network.add("d"))
    let report = try #require(Report(ran.output))
    #expect(report.check("CAP_PERFMON")?.state == "slow")
    let check = try #require(report.check("processes"))
    #expect(check.state == "missing" && check.found.hasPrefix("not known: "), "\(check)")
    #expect(check.hint?.contains("cap_perfmon") == true)
  }

  @Test(
    .enabled(if: Shell.has("strace"), "needs strace"),
    arguments: [("ENOSYS", "bpf"), ("EPERM", "policy"), ("EINVAL", "5.8")])
  func `where bpf is refused it would use libpcap, and says why`(error: String, words: String) throws {
    let folder = Folder()
    let log = folder.file("strace")
    let network = Network()
    let name = network.add("d")
    let ran = Network.run(
      "strace -f -o \(log) -e trace=bpf -e inject=bpf:error=\(error) \(Machine.program) doctor --format json",
      in: name)
    #expect(Shell.read(log).contains("(INJECTED)"))
    #expect(ran.status == 0, "\(ran.errors)")
    let report = try #require(Report(ran.output))
    #expect(report.backend == "libpcap")
    #expect(report.verdict.contains("wiretally would use libpcap, because"))
    #expect(report.verdict.contains(words), "\(report.verdict)")
    #expect(report.check("BPF ring buffer")?.state == "missing")
  }

  @Test(.enabled(if: Shell.has("strace"), "needs strace"))
  func `where a watch cannot be sandboxed it says so, and that it watches all the same`() throws {
    let folder = Folder()
    let log = folder.file("strace")
    let calls = "landlock_create_ruleset,seccomp"
    let network = Network()
    let ran = Network.run(
      "strace -f -o \(log) -e trace=\(calls) -e inject=\(calls):error=EOPNOTSUPP \(Machine.program) doctor "
        + "--format json", in: network.add("d"))
    #expect(Shell.read(log).contains("(INJECTED)"))
    #expect(ran.status == 0, "\(ran.errors)")
    let report = try #require(Report(ran.output))
    for name in ["seccomp", "Landlock"] {
      #expect(report.check(name)?.state == "missing")
      #expect(report.check(name)?.hint?.contains("boot a kernel") == true)
    }
    #expect(report.check("seccomp")?.found.contains("keeps all system calls") == true)
    #expect(report.check("Landlock")?.found.contains("keeps all files") == true)
  }
}
