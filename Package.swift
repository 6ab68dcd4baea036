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
    .target(
      name: "Statistics", dependencies: ["Capture", "Exchanges", "HTTPWire"], swiftSettings: house),
    .target(name: "Alerting", dependencies: ["Capture", "Statistics"], swiftSettings: house),
    .target(
      name: "Presentation", dependencies: ["Alerting", "Capture", "Exchanges", "Statistics"],
      swiftSettings: house),
    .testTarget(name: "CaptureTests", dependencies: ["Capture"], swiftSettings: house),
    .testTarget(
      name: "StatisticsTests", dependencies: ["Capture", "Exchanges", "HTTPWire", "Statistics"],
      swiftSettings: house),
    .testTarget(
      name: "AlertingTests", dependencies: ["Alerting", "Capture", "Statistics"], swiftSettings: house),
    .testTarget(
      name: "PresentationTests",
      dependencies: ["Alerting", "Capture", "Exchanges", "Presentation", "Statistics"],
      swiftSettings: house),
  ]
)
