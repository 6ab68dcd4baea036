// SPDX-License-Identifier: Apache-2.0
internal import Capture
internal import COwnerFilter
internal import Glibc
internal import Synchronization
internal import System

/// The records of the program of owners: which process has which connection on the watched ports.
///
/// All that is done after the initializer reads and writes mapped memory: it takes no privilege and no system call.
package final class OwnerTracing: OwnerSource {
  package var clockOffset: UInt64 { clock.fromKernel }
  package let network: UInt32
  package let listed: [UInt8]
  /// The reason why the kernel could not list open connections at the start, so that /proc was read; nil when it did.
  package let listFault: String?
  /// The number of times that a record that is being written is looked at before those after it are left for later.
  private static let patience = 10_000
  private let clock: CaptureClock
  private let object: OwnerObject
  private let ring: RingMemory
  private let state: MappedMemory

  /// - Parameters:
  ///   - clock: makes capture time of the records'.
  ///   - lists: whether the kernel is asked for the connections that are open.
  init(ports: PortSet, clock: CaptureClock, lists: Bool = true) throws(CaptureError) {
    guard Capabilities.effective.contains(.perfmon) else {
      throw CaptureError(.notPermitted, "that takes CAP_PERFMON", hint: BPFRefusal.hint)
    }
    (object, listFault) = try Self.load(ports, lists: lists)
    self.clock = clock
    network = OwnNetworkNamespace.inode
    do throws(SystemError) {
      let number = fcntl(object.ringMap, F_DUPFD_CLOEXEC, 0)
      guard number >= 0 else { throw SystemError.last }
      ring = try RingMemory(Descriptor(number), capacity: Int(OWNER_RING))
      state = try MappedMemory(object.stateMap, offset: 0, bytes: Int(getpagesize()), writable: true)
    } catch {
      throw CaptureError(.unavailable, "cannot map the ring of owners: \(error.reason)")
    }
    guard listFault != nil else {
      listed = object.listed
      return
    }
    // Set before they are looked for: of one that is closed meanwhile the end comes after it in the ring.
    if let word = unsafe Self.word(\.unlisted, in: state) {
      // Relaxed: the system calls that follow order it.
      unsafe word.pointee.store(1, ordering: .relaxed)
    }
    listed = OpenConnections(ports: ports).records
  }

  /// The program, and why it does not list the open connections, if so.
  private static func load(_ ports: PortSet, lists: Bool) throws(CaptureError) -> (OwnerObject, String?) {
    guard lists else {
      return (try OwnerObject(ports: ports, lists: false), "the kernel's list is not asked for")
    }
    do throws(CaptureError) {
      return (try OwnerObject(ports: ports, lists: true), nil)
    } catch {
      // An iterator that this kernel lacks is no reason to know nothing.
      return (try OwnerObject(ports: ports, lists: false), error.message)
    }
  }

  /// A member of what is shared with the program.
  private static func word(
    _ member: PartialKeyPath<owner_state>, in state: MappedMemory
  ) -> UnsafePointer<Atomic<UInt64>>? {
    unsafe MemoryLayout<owner_state>.offset(of: member).flatMap { unsafe state.word($0) }
  }

  package var lost: UInt64 {
    guard let word = unsafe Self.word(\.lost, in: state) else { return 0 }
    // Relaxed: a number is all that is wanted.
    return unsafe word.pointee.load(ordering: .relaxed)
  }

  package func sendAllAgain() {
    guard let word = unsafe Self.word(\.epoch, in: state) else { return }
    // Relaxed: the program may see it with any later receive.
    unsafe word.pointee.wrappingAdd(1, ordering: .relaxed)
  }

  package var hasWaiting: Bool { ring.produced != ring.consumed }

  package func receive(_ body: (RawSpan) -> Void) {
    let end = ring.produced
    var position = ring.consumed
    guard position != end else { return }
    var looks = 0
    while position != end {
      let header = ring.header(at: position)
      // Still being written by another processor, for a microsecond. Those after it wait: the ring gives back in order.
      if header & RingHeader.busy != 0 {
        if looks == Self.patience { break }
        looks += 1
        continue
      }
      let size = UInt64(header & RingHeader.length)
      guard size &+ RingHeader.size <= end &- position else {
        position = end
        break
      }
      if header & RingHeader.discarded == 0 {
        // Borrowed from the ring until the record is given back, which is after `body` has returned.
        body(unsafe RawSpan(_unsafeStart: ring.bytes(at: position), byteCount: Int(size)))
      }
      position &+= RingHeader.span(size)
    }
    ring.release(position)
  }
}
