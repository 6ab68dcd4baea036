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
    .target(name: "CPcap"),
    .target(name: "PcapCapture", dependencies: ["Capture", "CPcap", "HTTPWire"], swiftSettings: house),
    .testTarget(name: "CaptureTests", dependencies: ["Capture"], swiftSettings: house),
    .testTarget(name: "HTTPWireTests", dependencies: ["HTTPWire"], swiftSettings: house),
    .testTarget(
      name: "PcapCaptureTests", dependencies: ["PcapCapture", "Exchanges", "Capture", "HTTPWire"],
      swiftSettings: house),
    .testTarget(
      name: "ExchangesTests", dependencies: ["Exchanges", "Capture", "HTTPWire"], swiftSettings: house),
  ]
)
