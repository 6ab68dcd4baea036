// SPDX-License-Identifier: Apache-2.0
package import Capture
internal import System

/// The filter without a network: runs it on frames of the caller's, for tests and measurements.
package final class FilterTrial {
  let filter: LoadedFilter

  package init(_ options: KernelCaptureOptions) throws(CaptureError) {
    filter = try LoadedFilter(options)
  }

  package var readers: [RingReader] { filter.readers }
  package var ringBytes: Int { filter.ringBytes }
  package func counters() -> CaptureCounters { filter.counted() }

  /// Says that no more frames come: the readers end once they are empty.
  package func stop() { filter.life.stop() }

  /// Filters an Ethernet frame `times` times; nanoseconds a run, as the kernel measured them.
  ///
  /// The kernel takes 34 (IPv6: 54) to 3712 bytes.
  @discardableResult
  package func filter(
    _ frame: [UInt8], times: Int = 1, interface: UInt32 = 0
  ) throws(CaptureError) -> Int {
    do throws(SystemError) {
      return try TestRun.run(filter.object.program, frame: frame, times: times, interface: interface)
    } catch {
      throw CaptureError(.unavailable, "cannot run the filter on a frame: \(error.reason)")
    }
  }
}
