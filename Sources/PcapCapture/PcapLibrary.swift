// SPDX-License-Identifier: Apache-2.0

internal import CPcap

/// The libpcap that this process runs with.
package enum PcapLibrary {
  /// As it names itself: `libpcap version 1.10.3 (with TPACKET_V3)`.
  package static var version: String {
    // Constant memory of the library.
    unsafe pcap_lib_version().map { unsafe String(cString: $0) } ?? "unknown"
  }
}
