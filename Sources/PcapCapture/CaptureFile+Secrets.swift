// SPDX-License-Identifier: Apache-2.0

import Capture

/// Key logs of TLS in a file's blocks of decryption secrets.
extension CaptureFile {
  /// Hands on the key logs of a file. They have to stand before the packets that they are for, but programs that add
  /// them later put them at the end: so a file that can be read twice is looked through first, and what comes through a
  /// pipe is handed on when its turn has come.
  func findSecrets(_ take: @escaping (RawSpan) -> Void) {
    guard case .nextGeneration = format else { return }
    secrets = take
    guard input.canSeek else { return }
    let begin = input.position, first = format
    walk { _, _ in }
    secrets = nil
    input.seek(to: begin)
    format = first
    packets = 0
    unreadable = 0
  }
}
