// SPDX-License-Identifier: Apache-2.0
internal import CLibbpf
internal import Glibc
internal import System

/// BPF_PROG_TEST_RUN: runs a socket filter on a frame of our own, without any network.
///
/// The program sees the frame from behind its 14 bytes of Ethernet header, on the loopback device or
/// the named one, as if received.
enum TestRun {
  /// Runs the program on `frame` `times` times; nanoseconds a run, or what the system says.
  static func run(
    _ program: Int32, frame: [UInt8], times: Int = 1, interface: UInt32 = 0
  ) throws(SystemError) -> Int {
    var context = unsafe __sk_buff()
    unsafe context.ifindex = interface
    var options = unsafe bpf_test_run_opts()
    unsafe options.sz = MemoryLayout<bpf_test_run_opts>.size
    unsafe options.repeat = Int32(clamping: times)
    // Frame and context outlive the call, which reads them only.
    let result = unsafe frame.withUnsafeBytes { bytes in
      unsafe withUnsafePointer(to: &context) { context in
        unsafe options.data_in = bytes.baseAddress
        unsafe options.data_size_in = UInt32(clamping: bytes.count)
        if interface != 0 {
          unsafe options.ctx_in = UnsafeRawPointer(context)
          unsafe options.ctx_size_in = UInt32(MemoryLayout<__sk_buff>.size)
        }
        return unsafe bpf_prog_test_run_opts(program, &options)
      }
    }
    guard result == 0 else { throw SystemError(-result) }
    return unsafe Int(options.duration)
  }

  /// Runs the program once on an empty frame of no known protocol; whether that was possible.
  static func once(_ program: Int32) -> Bool {
    (try? run(program, frame: [UInt8](repeating: 0, count: 64))) != nil
  }
}
