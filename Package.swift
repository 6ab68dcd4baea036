// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription
#if canImport(Glibc)
  import Glibc
#endif

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
let settings = common + [.enableUpcomingFeature("MemberImportVisibility")]

/// For the targets that every head passes: when a release is linked, lld optimises them as one, so that calls between the
/// modules are inlined. The options go to the frontend: with the driver's `-lto` the package manager looks for object files
/// of other names.
let acrossModules: [SwiftSetting] =
  settings + [
    .unsafeFlags(["-Xfrontend", "-lto=llvm-full", "-Xfrontend", "-emit-bc"], .when(configuration: .release))
  ]

/// For tests that generate and compare hundreds of thousands of inputs: what they test stays as debug builds are.
let optimized: [SwiftSetting] = [.unsafeFlags(["-O"], .when(configuration: .debug))]

/// How a release is linked (`make release`): with the archives and the old C library that are in this folder, so that
/// its program needs no other library and runs on older systems. The map says what of them is in it.
///
/// Others have their relocations packed where the C library knows that (RELR, glibc 2.36): a program that may be loaded
/// anywhere has 80,000 of them, whose table of 2 MB would be resident from the start on.
let linking: [LinkerSetting] =
  Context.environment["WIRETALLY_RELEASE_LIBRARIES"].map { folder in
    [
      .unsafeFlags([
        "-use-ld=lld", "-L\(folder)/lib", "-Xclang-linker", "--sysroot=\(folder)/sysroot",
        "-Xclang-linker", "-static-libgcc", "-lelf", "-lz", "-lbz2", "-llzma", "-lzstd", "-lold-libc",
        "-Xlinker", "--no-export-dynamic", "-Xlinker", "-Map=\(folder)/map",
      ])
    ]
  }
  ?? [
    .unsafeFlags(
      ["-use-ld=lld"]
        + (knowsPackedRelocations ? ["-Xlinker", "-z", "-Xlinker", "pack-relative-relocs"] : []))
  ]

var knowsPackedRelocations: Bool {
  #if canImport(Glibc)
    var text = [CChar](repeating: 0, count: 64)
    // "glibc 2.36"
    guard confstr(Int32(_CS_GNU_LIBC_VERSION), &text, text.count) > 0 else { return false }
    let words = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self)
    let version = words.split(separator: " ").last ?? ""
    return !version.split(separator: ".").compactMap { Int($0) }.lexicographicallyPrecedes([2, 36])
  #else
    return false
  #endif
}

/// A test target: `NAMETests` for the module `NAME`.
func tests(_ module: String, with others: [Target.Dependency] = []) -> Target {
  .testTarget(name: "\(module)Tests", dependencies: [.byName(name: module)] + others, swiftSettings: settings)
}

let package = Package(
  name: "wiretally",
  products: [.executable(name: "wiretally", targets: ["wiretally"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
  ],
  targets: [
    .target(name: "CHTTPFilter", exclude: ["http_filter.bpf.o"]),
    .target(name: "COwnerFilter", exclude: ["owner.bpf.o"]),
    .target(name: "CTLSFilter", exclude: ["tls.bpf.o"]),
    .target(name: "CLibbpf", linkerSettings: [.linkedLibrary("bpf")]),
    .target(name: "CPcap"),
    .target(name: "CSeccomp", linkerSettings: [.linkedLibrary("seccomp", .when(platforms: [.linux]))]),
    .target(name: "CCrypto", linkerSettings: [.linkedLibrary("crypto")]),
    .target(name: "CMapping"),
    .target(
      name: "CDecompression",
      linkerSettings: [
        .linkedLibrary("bz2"), .linkedLibrary("lzma"), .linkedLibrary("z"), .linkedLibrary("zstd"),
      ]),
    .target(name: "CSearch"),
    .target(name: "CBytes"),
    .target(name: "CPrefetch"),
    .target(name: "CProgram"),
    .target(name: "CThreads"),
    .target(name: "CCurses", linkerSettings: [.linkedLibrary("ncursesw"), .linkedLibrary("tinfo")]),
    .target(name: "CMeasuring"),
    .target(name: "CConfiguration"),
    .target(name: "CExpressions", linkerSettings: [.linkedLibrary("re2")]),
    // Ground: what every layer may use.
    .target(
      name: "System", dependencies: ["CBytes", "CPrefetch", "CProgram", "CThreads"],
      swiftSettings: acrossModules),
    .target(name: "Text", dependencies: ["System"], swiftSettings: acrossModules),
    .target(
      name: "Settings", dependencies: ["CConfiguration", "System"], swiftSettings: settings),
    .target(name: "RegularExpressions", dependencies: ["CExpressions"], swiftSettings: settings),
    .target(name: "Decompression", dependencies: ["CDecompression", "System"], swiftSettings: settings),
    // Wire formats.
    .target(name: "Packets", dependencies: ["System"], swiftSettings: acrossModules),
    .target(name: "HTTP1", dependencies: ["System", "Text"], swiftSettings: acrossModules),
    .target(name: "HTTP2", swiftSettings: acrossModules),
    .target(name: "TLSPlaces", dependencies: ["CSearch", "System"], swiftSettings: settings),
    .target(name: "TLSRecords", dependencies: ["System"], swiftSettings: settings),
    .target(name: "QUIC", dependencies: ["System"], swiftSettings: settings),
    .target(name: "Ciphers", dependencies: ["CCrypto", "System"], swiftSettings: settings),
    // Sources of segments.
    .target(name: "Capture", dependencies: ["System"], swiftSettings: acrossModules),
    .target(
      name: "KernelCapture",
      dependencies: [
        "Capture", "CHTTPFilter", "CLibbpf", "COwnerFilter", "CPrefetch", "CTLSFilter", "HTTP1", "Packets",
        "System", "Text",
        "TLSPlaces",
      ], swiftSettings: acrossModules),
    .target(
      name: "PcapCapture",
      dependencies: [
        "Capture", "CMapping", "CPcap", "Decompression", "HTTP1", "Packets", "QUIC", "System", "TLSRecords",
      ],
      swiftSettings: settings),
    .target(
      name: "CaptureWriting", dependencies: ["Capture", "Packets", "System", "Text"], swiftSettings: settings),
    .target(
      name: "TLSDecryption", dependencies: ["Capture", "Ciphers", "System", "TLSRecords"],
      swiftSettings: settings),
    .target(name: "PreCaptureDrops", dependencies: ["Capture", "System"], swiftSettings: settings),
    .target(
      name: "Backends",
      dependencies: ["Capture", "KernelCapture", "PcapCapture", "PreCaptureDrops", "System", "TLSPlaces"],
      swiftSettings: settings),
    // Core: from segments to statistics.
    .target(
      name: "Exchanges", dependencies: ["Capture", "CPrefetch", "HTTP1", "HTTP2", "System", "Text"],
      swiftSettings: acrossModules),
    .target(
      name: "LocalSides", dependencies: ["Capture", "Exchanges", "HTTP1", "System", "Text"],
      swiftSettings: acrossModules),
    .target(
      name: "Owners", dependencies: ["Capture", "Exchanges", "System", "Text"], swiftSettings: acrossModules),
    .target(
      name: "TLSCoverage", dependencies: ["Capture", "Ciphers", "QUIC", "System", "TLSRecords"],
      swiftSettings: settings),
    .target(
      name: "Statistics",
      dependencies: ["Capture", "Exchanges", "HTTP1", "Owners", "System", "Text", "TLSCoverage"],
      swiftSettings: acrossModules),
    .target(
      name: "ExchangeStream", dependencies: ["Capture", "Exchanges", "HTTP1", "System", "Text"],
      swiftSettings: settings),
    // People: alerts and what is shown.
    .target(
      name: "Alerting", dependencies: ["Capture", "Exchanges", "Statistics", "System", "Text"],
      swiftSettings: settings),
    .target(
      name: "AlertDelivery",
      dependencies: [
        "Alerting", "System", "Text",
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ], swiftSettings: common),
    .target(
      name: "History",
      dependencies: ["Alerting", "Capture", "Exchanges", "Owners", "Statistics", "System", "Text"],
      swiftSettings: settings),
    .target(
      name: "Reporting",
      dependencies: [
        "AlertDelivery", "Alerting", "Capture", "Exchanges", "ExchangeStream", "HTTP1", "Owners",
        "RegularExpressions",
        "Statistics",
        "System",
        "Text",
        "TLSCoverage",
      ], swiftSettings: settings),
    .target(
      name: "Screen",
      dependencies: [
        "AlertDelivery", "Alerting", "Capture", "ExchangeStream", "HTTP1", "Owners", "RegularExpressions",
        "Reporting",
        "Statistics",
        "Text",
        "TLSCoverage",
      ], swiftSettings: settings),
    .target(
      name: "Terminal", dependencies: ["CCurses", "Screen", "System", "Text"], swiftSettings: settings),
    .target(
      name: "Exporting",
      dependencies: [
        "AlertDelivery", "Alerting", "Capture", "Exchanges", "HTTP1", "Owners", "Reporting", "Statistics",
        "System",
        "Text",
        "TLSCoverage",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ],
      resources: [.embedInCode("Page")], swiftSettings: common),
    // Operations.
    .target(
      name: "Sandbox",
      dependencies: ["System", .target(name: "CSeccomp", condition: .when(platforms: [.linux]))],
      swiftSettings: settings),
    .target(
      name: "Doctor",
      dependencies: [
        "Backends", "Capture", "KernelCapture", "PcapCapture", "Sandbox", "System", "Text", "TLSPlaces",
      ],
      swiftSettings: settings),
    .target(
      name: "Measuring",
      dependencies: [
        "Capture", "CMeasuring", "Exchanges", "HTTP1", "HTTP2", "KernelCapture", "Packets", "PcapCapture",
        "Statistics",
        "System", "Text",
      ], swiftSettings: settings),
    .executableTarget(
      name: "wiretally",
      dependencies: [
        "AlertDelivery", "Alerting", "Backends", "Capture", "Ciphers", "Doctor", "Exchanges",
        "ExchangeStream",
        "CaptureWriting", "Exporting", "History", "HTTP1", "KernelCapture", "LocalSides", "Measuring",
        "Owners", "Packets", "PcapCapture",
        "Reporting", "Sandbox",
        "Screen", "Settings", "Statistics", "System", "TLSCoverage", "TLSDecryption", "TLSRecords",
        "Terminal", "Text",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], swiftSettings: settings, linkerSettings: linking),
    // What the tests of the sandbox run: it enters one itself and tries what is forbidden.
    .executableTarget(
      name: "wiretally-sandbox-probe", dependencies: ["CThreads", "KernelCapture", "Sandbox", "System"],
      path: "Tests/SandboxProbe", swiftSettings: settings, linkerSettings: linking),
    .target(name: "PacketBuilder", path: "Tests/PacketBuilder", swiftSettings: settings),
    .target(
      name: "Conversations", dependencies: ["Capture"], path: "Tests/Conversations", swiftSettings: settings),
    .target(name: "ELFBuilder", path: "Tests/ELFBuilder", swiftSettings: settings),
    .target(name: "Children", path: "Tests/Children", swiftSettings: settings),
    .target(name: "Randomness", path: "Tests/Randomness", swiftSettings: settings),
    .target(
      name: "HeaderBlocks", dependencies: ["Randomness"], path: "Tests/HeaderBlocks",
      swiftSettings: settings + optimized),
    // A system's library, not a target with sources: what is no test builds without it.
    .systemLibrary(name: "CNGHTTP2", path: "Tests/CNGHTTP2", providers: [.apt(["libnghttp2-dev"])]),
    tests("CaptureWriting", with: ["Capture", "PcapCapture", "Randomness", "System"]),
    tests("System"),
    tests("Capture"),
    tests("Settings"),
    tests("RegularExpressions"),
    tests("Decompression", with: ["Children", "Randomness", "System"]),
    tests("Sandbox", with: ["Children", "wiretally-sandbox-probe"]),
    tests("Packets", with: ["Capture", "HTTP1", "PacketBuilder", "System"]),
    tests("Text", with: ["System"]),
    tests("HTTP1", with: ["PacketBuilder", "Randomness", "System", "Text"]),
    .testTarget(
      name: "HTTP2Tests", dependencies: ["Children", "CNGHTTP2", "HTTP2", "HeaderBlocks", "Randomness"],
      exclude: ["decode_blocks.py"], swiftSettings: settings + optimized),
    tests(
      "KernelCapture",
      with: [
        "Capture", "CHTTPFilter", "Children", "COwnerFilter", "CTLSFilter", "HTTP1", "PacketBuilder",
        "Packets", "Randomness", "System", "TLSPlaces",
      ]),
    tests(
      "PcapCapture",
      with: [
        "Capture", "Children", "Exchanges", "HTTP1", "HTTP2", "PacketBuilder", "Packets", "Randomness",
        "System", "Text",
      ]),
    tests("PreCaptureDrops", with: ["Capture"]),
    tests("TLSPlaces", with: ["Children", "ELFBuilder", "Randomness", "System"]),
    tests("TLSRecords", with: ["Randomness", "System"]),
    tests("QUIC", with: ["Randomness", "System"]),
    tests("TLSCoverage", with: ["Capture", "PcapCapture", "QUIC", "System", "TLSRecords"]),
    tests("Ciphers", with: ["System"]),
    tests(
      "TLSDecryption",
      with: ["Capture", "Ciphers", "Exchanges", "PcapCapture", "Randomness", "System", "TLSRecords", "Text"]),
    tests("Doctor", with: ["Capture", "KernelCapture", "PcapCapture", "Text", "TLSPlaces"]),
    tests("Measuring", with: ["Capture", "Packets", "System", "Text"]),
    tests(
      "Exchanges",
      with: ["Capture", "Conversations", "HTTP1", "HTTP2", "HeaderBlocks", "Randomness", "System", "Text"]),
    tests("LocalSides", with: ["Capture", "Conversations", "Exchanges", "Reporting", "System"]),
    tests(
      "Owners",
      with: [
        "Capture", "Conversations", "COwnerFilter", "Exchanges", "ExchangeStream", "Statistics", "System",
      ]),
    tests("Statistics", with: ["Capture", "Exchanges", "HTTP1", "Randomness", "System", "Text"]),
    tests("ExchangeStream", with: ["Capture", "Conversations", "Exchanges", "HTTP1", "System"]),
    tests("Alerting", with: ["Capture", "Exchanges", "Statistics", "System", "Text"]),
    tests("AlertDelivery", with: ["Alerting", "Statistics", "System", "Text"]),
    tests(
      "History", with: ["Alerting", "Capture", "Exchanges", "Owners", "Randomness", "Statistics", "System"]),
    .testTarget(
      name: "ReportingTests",
      dependencies: [
        "AlertDelivery", "Alerting", "Capture", "Conversations", "Exchanges", "ExchangeStream", "HTTP1",
        "Owners",
        "Randomness",
        "Reporting", "Screen", "Statistics", "System", "Text", "TLSCoverage",
      ], exclude: ["Screens"], swiftSettings: settings),
    .testTarget(
      name: "ExportingTests",
      dependencies: [
        "AlertDelivery", "Alerting", "Capture", "Exchanges", "Exporting", "HTTP1", "Owners", "Randomness",
        "Reporting",
        "Statistics", "System", "Text", "TLSCoverage",
        .product(name: "NIOCore", package: "swift-nio"),
      ], exclude: ["Golden"], swiftSettings: settings),
    .testTarget(
      name: "PipelineTests",
      dependencies: [
        "Alerting", "Capture", "Conversations", "Exchanges", "HTTP1", "Randomness", "Reporting", "Statistics",
        "System", "Text",
      ],
      swiftSettings: settings),
    // The outputs of the program and what drives them.
    .testTarget(
      name: "OutputsTests",
      dependencies: [
        "AlertDelivery", "Alerting", "Capture", "CaptureWriting", "Children",
        "ExchangeStream", "Exporting", "History", "Reporting", "Screen", "Settings",
        "Statistics", "System", "Text", "wiretally",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], swiftSettings: settings),
    // One table of packets, three implementations of the filter.
    .testTarget(
      name: "DifferentialTests",
      dependencies: [
        "Capture", "HTTP1", "KernelCapture", "PacketBuilder", "Packets", "PcapCapture", "System",
      ],
      swiftSettings: settings),
    // The documents: links, and what they say of the sources.
    .testTarget(
      name: "DocumentTests", dependencies: ["Alerting", "Exchanges", "Statistics"], swiftSettings: settings),
    .testTarget(
      name: "EndToEndTests", dependencies: ["Children", "PacketBuilder", "wiretally"], exclude: ["Scripts"],
      swiftSettings: settings),
  ],
  cxxLanguageStandard: .cxx17
)
