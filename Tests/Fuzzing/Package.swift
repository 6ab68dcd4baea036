// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
import Foundation
import PackageDescription

// The modules of the package above, built as they are shipped, and programs for libFuzzer beside them. It is a
// package of its own since those have no main function but libFuzzer's. `Sources`, `PacketBuilder` and
// `Randomness` are links, so that all is one package to the compiler; which modules there are, and what they need,
// is read off the sources, so that this list cannot fall behind.

/// What the modules are built with: see the package above, which checks besides that members come from modules
/// that a file imports. The fuzzed programs may look inside.
let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .strictMemorySafety(),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .enableUpcomingFeature("InferIsolatedConformances"),
  .enableExperimentalFeature("Lifetimes"),
  .unsafeFlags(["-enforce-exclusivity=unchecked", "-enable-testing"]),
]

let helpers = ["ELFBuilder", "HeadChecks", "HeaderBlocks", "PacketBuilder", "Randomness", "Support"]

let folder = Context.packageDirectory
let above = (try? String(contentsOfFile: "\(folder)/../../Package.swift", encoding: .utf8)) ?? ""
let modules = names(in: "Sources")
let libraries = above.matches(of: /linkedLibrary\("(\w+)"/).map { LinkerSetting.linkedLibrary(String($0.1)) }
let products = above.matches(of: /\.product\(name: "(\w+)", package: "([\w-]+)"\)/)
  .map { (name: String($0.1), package: String($0.2)) }
let packages = above.matches(of: /\.package\(url: "([^"]+)", from: "([\d.]+)"\)/)
  .map { Package.Dependency.package(url: String($0.1), from: Version(stringLiteral: String($0.2))) }

func names(in path: String) -> [String] {
  ((try? FileManager.default.contentsOfDirectory(atPath: "\(folder)/\(path)")) ?? []).sorted()
}

/// What the files of a folder import of the modules, of what stands beside them here, and of other packages.
func needs(_ path: String) -> [Target.Dependency] {
  var needs: Set<String> = []
  let files = (try? FileManager.default.subpathsOfDirectory(atPath: "\(folder)/\(path)")) ?? []
  for file in files where file.hasSuffix(".swift") {
    let text = (try? String(contentsOfFile: "\(folder)/\(path)/\(file)", encoding: .utf8)) ?? ""
    needs.formUnion(
      text.matches(of: /(?m)^ *(?:@?\w+ )*import (\w+)/).map { String($0.1) })
  }
  let own = needs.filter { (modules + helpers + ["CFilter", "CNGHTTP2"]).contains($0) }.sorted().map {
    Target.Dependency(stringLiteral: $0)
  }
  return own
    + products.filter { needs.contains($0.name) }.map { .product(name: $0.name, package: $0.package) }
}

func module(_ name: String) -> Target {
  let path = "Sources/\(name)"
  if name == "wiretally" {
    // The main function is libFuzzer's: this one goes by another name, as in the tests.
    let renamed = ["-Xfrontend", "-entry-point-function-name", "-Xfrontend", "wiretally_main"]
    return .target(
      name: name, dependencies: needs(path), path: path,
      swiftSettings: settings + [.unsafeFlags(["-parse-as-library"] + renamed)])
  }
  if names(in: path).contains("include") {
    return .target(name: name, path: path, exclude: names(in: path).filter { $0.hasSuffix(".o") })
  }
  let embedded = above.matches(of: /embedInCode\("(\w+)"\)/).map { String($0.1) }
    .filter { names(in: path).contains($0) }
  return .target(
    name: name, dependencies: needs(path), path: path, resources: embedded.map { .embedInCode($0) },
    swiftSettings: settings)
}

/// A part of the fuzzed programs, or of the tests above.
func helper(_ name: String) -> Target {
  .target(name: name, dependencies: needs(name), path: name, swiftSettings: settings)
}

/// A program for libFuzzer, which brings the main function.
func fuzzed(_ name: String) -> Target {
  let path = "Targets/\(name)"
  let program: [SwiftSetting] = settings + [.unsafeFlags(["-parse-as-library"])]
  return .executableTarget(
    name: name, dependencies: needs(path), path: path, swiftSettings: program, linkerSettings: libraries)
}

/// The kernel's filter, built for this machine. Undefined behaviour ends the process; the kernel lets the
/// filter load words from anywhere.
let filter: Target = .target(
  name: "CFilter", path: "CFilter",
  cSettings: [
    .headerSearchPath("host"),
    .unsafeFlags(["-fsanitize=undefined", "-fsanitize-trap=undefined", "-fno-sanitize=alignment"]),
  ])

/// The reference implementation of HPACK, as the tests above have it.
let nghttp2: Target = .systemLibrary(name: "CNGHTTP2", path: "CNGHTTP2")

var targets: [Target] = [filter, nghttp2]
targets += modules.map(module)
targets += helpers.map(helper)
targets += names(in: "Targets").map(fuzzed)

let package = Package(name: "fuzzing", dependencies: packages, targets: targets)
