// SPDX-License-Identifier: Apache-2.0

import CDecompression
import System

/// The decoder of one compressed file, a piece at a time: the only file that calls the libraries' C side.
///
/// A file may have several members, one after the other, as `cat a.gz b.gz` and parallel compressors write them, and
/// zeros between and after them.
@safe
package final class Decompressor {
  /// The bytes that decoding may take for itself: as many as `xz -9` and `zstd --ultra -22` need; a file that asks
  /// for more is refused.
  package static let memory: UInt64 = 128 << 20

  /// The result of a call of `decode`.
  package struct Step: Equatable, Sendable {
    /// Bytes of the input that were taken.
    package var consumed: Int
    /// Bytes that were written to the front of the output.
    package var produced: Int
    package var fault: Fault?
  }

  /// Why no more can be decoded.
  package enum Fault: Sendable {
    case damaged
    /// It would take more than `memory`.
    case tooLarge
  }

  /// Whether all that was decoded are whole members: the input may end here.
  package private(set) var isBetweenMembers = false

  // Owned by this object.
  private let decoder: OpaquePointer?

  package init(_ format: CompressionFormat, memory: UInt64 = memory) {
    let kind =
      switch format {
      case .gzip: WT_GZIP
      case .bzip2: WT_BZIP2
      case .xz: WT_XZ
      case .zstd: WT_ZSTD
      }
    unsafe decoder = wt_decoder_open(kind, memory)
  }

  deinit {
    if let decoder = unsafe decoder { unsafe wt_decoder_close(decoder) }
  }

  /// Decodes as much of `input` as `output`, which must not be empty, has room for. Nothing consumed and nothing
  /// produced means that more input is needed.
  package func decode(_ input: RawSpan, into output: inout MutableRawSpan) -> Step {
    var step = Step(consumed: 0, produced: 0)
    guard let decoder = unsafe decoder else {
      step.fault = .tooLarge
      return step
    }
    if isBetweenMembers {
      step.consumed = Self.zeros(input)
      guard step.consumed < input.byteCount else { return step }
      isBetweenMembers = false
    }
    let rest = input.slice(step.consumed, input.byteCount)
    // Both are as long as is given, for the time of the call.
    unsafe rest.withUnsafeBytes { from in
      unsafe output.withUnsafeMutableBytes { to in
        var consumed = 0, produced = 0
        switch unsafe wt_decoder_run(
          decoder, from.baseAddress, from.count, to.baseAddress, to.count, &consumed, &produced)
        {
        case WT_DECODING: break
        case WT_MEMBER_ENDS: isBetweenMembers = true
        case WT_TOO_LARGE: step.fault = .tooLarge
        default: step.fault = .damaged
        }
        step.consumed += consumed
        step.produced = produced
      }
    }
    return step
  }

  /// The number of zeros at the front.
  private static func zeros(_ bytes: RawSpan) -> Int {
    (0..<bytes.byteCount).first { bytes.byte($0) != 0 } ?? bytes.byteCount
  }
}
