// SPDX-License-Identifier: Apache-2.0
internal import Capture
internal import TLSPlaces

/// A report between the helper process and the watch: words with a zero between them.
enum TLSHelperReport: Equatable {
  /// To the helper: this file has probes, and is not to get them again.
  case hold(TLSLibrary.Identity)
  /// To the helper: this file has none any more.
  case release(TLSLibrary.Identity)
  /// To the helper: it is to begin.
  case start
  /// To the holder: probes of this file come with it, and the file itself as the last one.
  case keep(TLSLibrary.Identity)
  /// A file got probes; its descriptors come with it.
  case attached(kind: TLSLibrary.Kind, path: String)
  /// A file got none, for this reason.
  case refused(kind: TLSLibrary.Kind, path: String, reason: String)
  /// What a program's libraries are.
  case program(String, TLSAttachment.Libraries)

  /// Bytes of one at most: a path has 4,096.
  static let longest = 12 << 10

  var bytes: [UInt8] {
    let words: [String] =
      switch self {
      case .hold(let identity): ["hold", "\(identity.device)", "\(identity.inode)"]
      case .release(let identity): ["release", "\(identity.device)", "\(identity.inode)"]
      case .keep(let identity): ["keep", "\(identity.device)", "\(identity.inode)"]
      case .start: ["start"]
      case .attached(let kind, let path): ["attached", kind.rawValue, path]
      case .refused(let kind, let path, let reason): ["refused", kind.rawValue, path, reason]
      case .program(let name, .nothing): ["program", name]
      case .program(let name, .attached): ["program", name, ""]
      case .program(let name, .unattached(let kind)): ["program", name, kind]
      }
    return Array(words.joined(separator: "\0").utf8)
  }

  /// nil for what is none.
  init?(_ bytes: some Sequence<UInt8>) {
    let words = String(decoding: Array(bytes), as: UTF8.self)
      .split(separator: "\0", omittingEmptySubsequences: false).map(String.init)
    switch (words[0], words.count) {
    case ("start", 1): self = .start
    case ("hold", 3), ("release", 3), ("keep", 3):
      guard let device = UInt64(words[1]), let inode = UInt64(words[2]) else { return nil }
      let identity = TLSLibrary.Identity(device: device, inode: inode)
      self =
        words[0] == "hold" ? .hold(identity) : words[0] == "keep" ? .keep(identity) : .release(identity)
    case ("attached", 3):
      guard let kind = TLSLibrary.Kind(rawValue: words[1]) else { return nil }
      self = .attached(kind: kind, path: words[2])
    case ("refused", 4):
      guard let kind = TLSLibrary.Kind(rawValue: words[1]) else { return nil }
      self = .refused(kind: kind, path: words[2], reason: words[3])
    case ("program", 2): self = .program(words[1], .nothing)
    case ("program", 3): self = .program(words[1], words[2].isEmpty ? .attached : .unattached(words[2]))
    default: return nil
    }
  }
}
