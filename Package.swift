// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

/// What every Swift target is built with: warnings are errors, unsafe code is marked.
let house: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .enableUpcomingFeature("InferIsolatedConformances"),
  .enableExperimentalFeature("Lifetimes"),
]

let package = Package(
  name: "wiretally",
  targets: [
    .target(name: "Capture", swiftSettings: house),
    .target(name: "HTTPWire", swiftSettings: house),
    .target(name: "Exchanges", dependencies: ["Capture", "HTTPWire"], swiftSettings: house),
    .target(name: "CHTTPFilter", exclude: ["http_filter.bpf.o"]),
    .target(name: "CLibbpf", linkerSettings: [.linkedLibrary("bpf")]),
    .target(
      name: "KernelCapture", dependencies: ["Capture", "CHTTPFilter", "CLibbpf"], swiftSettings: house),
    .target(name: "PacketBuilder", path: "Tests/PacketBuilder", swiftSettings: house),
    .testTarget(
      name: "KernelCaptureTests",
      dependencies: ["Capture", "CHTTPFilter", "HTTPWire", "KernelCapture", "PacketBuilder"],
      swiftSettings: house),
    .testTarget(name: "CaptureTests", dependencies: ["Capture"], swiftSettings: house),
  ]
)
