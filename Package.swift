// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

/// What every Swift target is built with: warnings are errors, unsafe code is marked.
let common: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .enableUpcomingFeature("InferIsolatedConformances"),
  .enableExperimentalFeature("Lifetimes"),
  // Debug builds, which the tests are, check exclusive access while they run. In a release the checks
  // took a sixth of the time of a head (perf: swift_beginAccess and what it calls).
  .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release)),
]

/// And members come only from modules that a file imports. Not beside SwiftNIO when Swift is linked statically:
/// the C library's socket addresses count as its module's then.
let house = common + [.enableUpcomingFeature("MemberImportVisibility")]

/// How a release is linked (`make release`): with the archives and the old C library that are in this folder, so that
/// its program needs no other library and runs on older systems. The map says what of them is in it.
let release: [LinkerSetting] =
  Context.environment["WIRETALLY_RELEASE_LIBRARIES"].map { folder in
    [
      .unsafeFlags([
        "-use-ld=lld", "-L\(folder)/lib", "-Xclang-linker", "--sysroot=\(folder)/sysroot",
        "-Xclang-linker", "-static-libgcc", "-lelf", "-lz", "-lzstd", "-lold-libc",
        "-Xlinker", "--no-export-dynamic", "-Xlinker", "-Map=\(folder)/map",
      ])
    ]
  } ?? []

/// A test target: `NAMETests` for the room `NAME`.
func tests(_ room: String, with others: [Target.Dependency] = []) -> Target {
  .testTarget(name: "\(room)Tests", dependencies: [.byName(name: room)] + others, swiftSettings: house)
}

let package = Package(
  name: "wiretally",
  products: [.executable(name: "wiretally", targets: ["wiretally"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
  ],
  targets: [
    .target(name: "CHTTPFilter", exclude: ["http_filter.bpf.o"]),
    .target(name: "CLibbpf", linkerSettings: [.linkedLibrary("bpf")]),
    .target(name: "CPcap"),
    .target(name: "CSeccomp", linkerSettings: [.linkedLibrary("seccomp", .when(platforms: [.linux]))]),
    .target(name: "CMapping"),
    .target(name: "CCurses", linkerSettings: [.linkedLibrary("ncursesw"), .linkedLibrary("tinfo")]),
    .target(name: "CMeasuring"),
    .target(name: "Capture", swiftSettings: house),
    .target(name: "HTTPWire", swiftSettings: house),
    .target(
      name: "KernelCapture", dependencies: ["Capture", "CHTTPFilter", "CLibbpf"], swiftSettings: house),
    .target(
      name: "PcapCapture", dependencies: ["Capture", "CMapping", "CPcap", "HTTPWire"],
      swiftSettings: house),
    .target(name: "EarlyLoss", dependencies: ["Capture"], swiftSettings: house),
    .target(name: "Exchanges", dependencies: ["Capture", "HTTPWire"], swiftSettings: house),
    .target(name: "Statistics", dependencies: ["Capture", "Exchanges", "HTTPWire"], swiftSettings: house),
    .target(name: "Feed", dependencies: ["Capture", "Exchanges", "HTTPWire"], swiftSettings: house),
    .target(name: "Alerting", dependencies: ["Capture", "Statistics"], swiftSettings: house),
    .target(
      name: "Presentation",
      dependencies: ["Alerting", "Capture", "Exchanges", "Feed", "HTTPWire", "Statistics"],
      swiftSettings: house),
    .target(name: "Terminal", dependencies: ["CCurses", "Presentation"], swiftSettings: house),
    .target(name: "Delivery", dependencies: ["Alerting", "Presentation"], swiftSettings: house),
    .target(
      name: "Measuring",
      dependencies: [
        "Capture", "CMeasuring", "Exchanges", "HTTPWire", "KernelCapture", "PcapCapture", "Statistics",
      ], swiftSettings: house),
    .target(
      name: "Confinement",
      dependencies: [.target(name: "CSeccomp", condition: .when(platforms: [.linux]))], swiftSettings: house),
    .target(
      name: "Exporting",
      dependencies: [
        "Alerting", "Capture", "Exchanges", "HTTPWire", "Presentation", "Statistics",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ],
      resources: [.embedInCode("Page")], swiftSettings: common),
    .executableTarget(
      name: "wiretally",
      dependencies: [
        "Alerting", "Capture", "Confinement", "Delivery", "EarlyLoss", "Exchanges", "Exporting", "Feed",
        "HTTPWire", "KernelCapture", "Measuring", "PcapCapture", "Presentation", "Statistics", "Terminal",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], swiftSettings: house, linkerSettings: release),
    .executableTarget(
      name: "wiretally-benchmark",
      dependencies: ["Capture", "Exchanges", "HTTPWire", "KernelCapture", "PacketBuilder", "Statistics"],
      path: "Sources/Benchmark", swiftSettings: house),
    // What the tests of the confinement run: it confines itself and tries what is forbidden.
    .executableTarget(
      name: "wiretally-confinement-probe", dependencies: ["Confinement", "KernelCapture"],
      path: "Tests/ConfinementProbe", swiftSettings: house),
    .target(name: "PacketBuilder", path: "Tests/PacketBuilder", swiftSettings: house),
    .target(name: "Children", path: "Tests/Children", swiftSettings: house),
    .target(name: "Randomness", path: "Tests/Randomness", swiftSettings: house),
    tests("Capture"),
    tests("Confinement", with: ["Children", "wiretally-confinement-probe"]),
    tests("HTTPWire", with: ["PacketBuilder"]),
    tests("KernelCapture", with: ["Capture", "CHTTPFilter", "HTTPWire", "PacketBuilder"]),
    tests("PcapCapture", with: ["Capture", "Exchanges", "HTTPWire", "Randomness"]),
    tests("EarlyLoss", with: ["Capture"]),
    tests("Exchanges", with: ["Capture", "HTTPWire", "Randomness"]),
    tests("Statistics", with: ["Capture", "Exchanges", "HTTPWire", "Randomness"]),
    tests("Feed", with: ["Capture", "Exchanges", "HTTPWire"]),
    tests("Alerting", with: ["Capture", "Statistics"]),
    tests("Delivery", with: ["Alerting", "Presentation", "Statistics"]),
    .testTarget(
      name: "PresentationTests",
      dependencies: [
        "Alerting", "Capture", "Exchanges", "Feed", "HTTPWire", "Presentation", "Randomness", "Statistics",
      ], exclude: ["Screens"], swiftSettings: house),
    .testTarget(
      name: "ExportingTests",
      dependencies: [
        "Alerting", "Capture", "Exchanges", "Exporting", "HTTPWire", "Presentation", "Randomness",
        "Statistics",
        .product(name: "NIOCore", package: "swift-nio"),
      ], exclude: ["Golden"], swiftSettings: house),
    .testTarget(
      name: "RoadTests",
      dependencies: [
        "Alerting", "Capture", "Exchanges", "HTTPWire", "Presentation", "Randomness", "Statistics",
      ],
      swiftSettings: house),
    // One table of packets, three judges of them.
    .testTarget(
      name: "JudgesTests",
      dependencies: ["Capture", "HTTPWire", "KernelCapture", "PacketBuilder", "PcapCapture"],
      swiftSettings: house),
    // The documents: links, and what they say of the sources.
    .testTarget(
      name: "DocumentTests", dependencies: ["Alerting", "Exchanges", "Statistics"], swiftSettings: house),
    .testTarget(
      name: "EndToEndTests", dependencies: ["Children", "PacketBuilder", "wiretally"], exclude: ["Scripts"],
      swiftSettings: house),
  ]
)
