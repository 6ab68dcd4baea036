// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// `wiretally bench` as a user runs it. No figure is asserted: they are the machine's.
@Suite(.serialized)
struct BenchTests {
  @Test(.enabled(if: Machine.hasNamespaces, "loading a BPF program and making a network take root"))
  func `a bench measures both backends, says so in words and leaves nothing behind`() throws {
    // In a namespace of the test's own: other tests make and remove interfaces in the machine's.
    let network = Network()
    let name = network.add("b")
    let before = Network.run("ip -o link", in: name).output
    let ran = Network.run("\(Machine.program) bench --duration 2s --format json", in: name)
    #expect(ran.status == 0, "\(ran.errors)")
    #expect(before.contains("lo:") && Network.run("ip -o link", in: name).output == before)
    #expect(ran.errors.contains("measuring the filter"))
    let found = try #require(
      try JSONSerialization.jsonObject(with: Data(ran.output.utf8)) as? [String: Any], "\(ran.output)")
    #expect(found["type"] as? String == "bench")
    #expect((found["missing"] as? [String])?.isEmpty == true)
    let stages = try #require(found["stages"] as? [[String: Any]])
    #expect(stages.count >= 7)
    for stage in stages { #expect((stage["nanoseconds"] as? Double ?? 0) > 0, "\(stage)") }
    let trials = try #require(found["trials"] as? [[String: Any]])
    #expect(Set(trials.compactMap { $0["backend"] as? String }) == ["eBPF", "libpcap"])
    for trial in trials {
      let sent = trial["sent"] as? Int ?? 0, counted = trial["counted"] as? Int ?? 0
      let lost = trial["lost"] as? Int ?? 0
      #expect(sent > 0)
      // What is neither counted nor reported as lost would be missing in silence.
      #expect(counted <= sent && counted + lost >= sent, "\(trial)")
    }
    #expect((found["verdict"] as? String)?.contains("heads/s") == true)
  }

  @Test(.enabled(if: Machine.isRoot, "giving up root requires root"))
  func `without privilege it says what is missing and how to get it`() {
    let ran = Shell.run(
      "setpriv --reuid 65534 --regid 65534 --clear-groups \(Machine.program) bench --duration 2s")
    #expect(ran.status == 0, "\(ran.errors)")
    #expect(ran.output.contains("Missing: the filter was not measured"), "\(ran.output)")
    #expect(ran.output.contains("hint: "))
    #expect(ran.output.contains("worker, segment to tally"))
  }

  @Test(arguments: ["1s", "2h", "soon"])
  func `a duration that makes no sense is refused`(duration: String) {
    #expect(Shell.attempt("\(Machine.program) bench --duration \(duration)").status == 64)
  }
}
