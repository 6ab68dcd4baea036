// SPDX-License-Identifier: Apache-2.0

import Alerting
import History
import Randomness
import Reporting
import Statistics
import Support
import Text

/// Records of a history whose bytes are anybody's: they are refused, or shown in every form without a trap.
enum HistoryRecords: FuzzTarget {
  static func seeds(_ random: inout SeededGenerator) -> [[UInt8]] {
    (0..<100).map { _ in
      var snapshot = Snapshot()
      snapshot.start = .random(in: 0...(1 << 61), using: &random)
      snapshot.end = snapshot.start + 10_000_000_000
      snapshot.totals.requests = .random(in: 0...1_000, using: &random)
      snapshot.methods = [NamedCount(name: "GET", count: 3)]
      snapshot.statuses = [StatusCount(status: .random(in: 100...999, using: &random), count: 2)]
      var site = SiteCounts(name: "shop.example")
      (site.requests, site.successes) = (3, 2)
      site.sections = [SectionCounts(name: "/cart", requests: 3)]
      snapshot.sites = [site]
      return HistoryInterval(snapshot).body(run)
    }
  }

  private static let run = HistoryRun(
    backend: "eBPF", source: "eth0", ports: "80", host: "here", program: "0.1.0", start: 1,
    interval: 10_000_000_000)

  static func test(_ input: RawSpan) {
    guard let interval = try? HistoryInterval(body: input.array[...], run) else { return }
    expect(
      (try? HistoryInterval(body: interval.body(run)[...], run)) == interval, "what is read is written alike")
    var sum = SnapshotSum()
    for _ in 0..<3 { sum.add(interval.snapshot) }
    let source = MemoryHistory(run)
    // Once, and again with times before it: anything may follow anything.
    for number in 0..<3 {
      var other = interval
      if number == 1 { (other.snapshot.start, other.snapshot.end) = (1, 10_000_000_001) }
      source.append(other)
      let view = HistoryView(source, budget: .max)
      expect(view.bins(endingAt: number, limit: 512).bins.count <= 512, "no more bins than asked for")
      _ = view.sum(endingAt: number, length: 60_000_000_000)
    }
    let label = CaptureLabel(backend: "eBPF", source: "eth0", ports: "80")
    var lines = JSONLines(label: label), text = ByteText()
    let line = lines.snapshot(sum.snapshot, alerts: interval.alerts(run))
    expect(line.dropLast().allSatisfy { $0 >= 0x20 } && line.last == 0x0a, "a line is one line")
    PageRenderer(label: label, alertLogPath: nil).page(
      interval.snapshot, life: sum.snapshot, alerts: interval.alerts(run), to: &text)
    // Its own are the tabs that lines begin with.
    expect(
      text.bytes.split(separator: 0x0a).allSatisfy { $0.drop { $0 == 0x09 }.allSatisfy { $0 >= 0x20 } },
      "a page moves no cursor")
  }
}

@_cdecl("LLVMFuzzerInitialize")
public func begin(_ count: UnsafeMutablePointer<CInt>?, _ arguments: OpaquePointer?) -> CInt {
  HistoryRecords.begin()
}

@_cdecl("LLVMFuzzerTestOneInput")
public func test(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  unsafe HistoryRecords.run(bytes, count)
}
