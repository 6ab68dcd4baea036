// SPDX-License-Identifier: Apache-2.0

/// A metric's name and unit by OpenTelemetry's conventions, out of its name by Prometheus's.
struct OTLPName: Equatable {
  let name: String
  /// In UCUM: `s`, `By`, `1`.
  let unit: String

  init(_ family: String) {
    let suffixes = [("_seconds", "s"), ("_bytes", "By")]
    let suffix = suffixes.first { family.hasSuffix($0.0) }
    unit = suffix?.1 ?? "1"
    let stem = suffix.map { String(family.dropLast($0.0.utf8.count)) } ?? family
    // A counter of processor time has a name of its own there.
    name = stem == "process_cpu" ? "process.cpu.time" : Self.dotted(stem)
  }

  /// The key of an attribute, out of a label's name.
  static func attribute(_ label: String) -> String {
    // Its own underscore stays.
    for part in ["status_code", "status_class"] where label.hasSuffix("_" + part) {
      return dotted(String(label.dropLast(part.utf8.count + 1))) + "." + part
    }
    return label == "site" ? "server.address" : dotted(label)
  }

  private static func dotted(_ name: String) -> String {
    String(name.map { $0 == "_" ? "." : $0 })
  }
}
