// SPDX-License-Identifier: Apache-2.0

/// Measures the parts of the pipeline one by one and prints a Markdown table.
///
/// Each case runs a round that is thrown away, then several; the table has the fastest and the median,
/// since whatever else the machine does only ever adds.
@main
struct Benchmark {
  static func main() {
    #if DEBUG
      print("THIS IS A DEBUG BUILD: the figures mean nothing. Build with -c release.")
    #endif
    print("| stage | fastest | median | unit |")
    print("| --- | --- | --- | --- |")
    FilterCase.run()
    for measurement in [
      ParserCase.run(), PipelineCase.run(sites: 1), PipelineCase.run(sites: 200), PacketCase.run(),
    ] {
      measurement.show()
    }
  }
}

/// What a case took, round by round.
struct Measurement {
  var name: String
  var unit: String
  var rounds: [Double]

  /// Runs `body` once to warm up and then `count` times; it returns how many things it did.
  static func of(_ name: String, _ unit: String, rounds count: Int = 9, _ body: () -> Int) -> Measurement {
    _ = body()
    let clock = ContinuousClock()
    var rounds: [Double] = []
    for _ in 0..<count {
      var done = 0
      let spent = clock.measure { done = body() }
      rounds.append(spent / .nanoseconds(1) / Double(max(done, 1)))
    }
    return Measurement(name: name, unit: unit, rounds: rounds.sorted())
  }

  func show() {
    guard let fastest = rounds.first else { return }
    print("| \(name) | \(Self.rounded(fastest)) | \(Self.rounded(rounds[rounds.count / 2])) | \(unit) |")
  }

  static func rounded(_ value: Double) -> String {
    value < 100 ? "\((value * 10).rounded() / 10)" : "\(Int(value.rounded()))"
  }
}
