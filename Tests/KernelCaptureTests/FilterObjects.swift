// SPDX-License-Identifier: Apache-2.0
import Capture
import Foundation
import KernelCapture
import Testing

/// A filter to test: the one that is built in, or one that another compiler made (`make bpf-sizes`).
struct FilterUnderTest: Sendable, CustomTestStringConvertible {
  var name: String
  /// The path of its ELF file; nil for the one that is built in.
  var path: String?

  var testDescription: String { name }

  /// The built-in filter, and the files of the folder that WIRETALLY_FILTERS names.
  static let all: [FilterUnderTest] = {
    let own = [FilterUnderTest(name: "built in, \(BuiltInFilter.compiler)", path: nil)]
    guard let folder = ProcessInfo.processInfo.environment["WIRETALLY_FILTERS"] else { return own }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    let files = names.filter { $0.hasSuffix(".o") }.sorted()
    precondition(!files.isEmpty, "WIRETALLY_FILTERS=\(folder) has no object")
    return own + files.map { FilterUnderTest(name: $0, path: "\(folder)/\($0)") }
  }()

  /// The file's bytes; nil for the built-in filter.
  func bytes() throws -> [UInt8]? {
    guard let path else { return nil }
    return Array(try Data(contentsOf: URL(fileURLWithPath: path)))
  }

  /// The filter loaded with a ring of a mebibyte.
  func trial(depth: CaptureDepth = .heads) throws -> Trial {
    var options = KernelCaptureOptions(depth: depth, ringBytes: 1 << 20)
    options.filterObject = try bytes()
    return try Trial(options)
  }
}
