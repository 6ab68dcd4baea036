// SPDX-License-Identifier: Apache-2.0
import Capture
import COwnerFilter
import Glibc
import System
import Testing

@testable import KernelCapture

/// The program of owners in this kernel, with connections of this very process.
@Suite(.serialized, .enabled(if: geteuid() == 0, "needs root"))
struct OwnerTracingTests {
  /// The kinds and processes of the records in a source.
  private func records(_ owners: OwnerTracing) -> [(kind: UInt8, process: UInt32)] {
    var records: [(kind: UInt8, process: UInt32)] = []
    owners.receive { bytes in
      if bytes.byteCount == MemoryLayout<owner_connection>.size {
        records.append((bytes.byte(0), UInt32(bytes.little64(0) >> 32)))
      }
    }
    return records
  }

  @Test
  func `a connection's client, receiver, its new name and its end are sent, and what was open is listed`()
    throws
  {
    let pair = try Loopback()
    let ports = try #require(PortSet([pair.port...pair.port]))
    let capture = try KernelCapture(KernelCaptureOptions(interfaces: ["lo"], ports: ports))
    let before = try capture.openOwners(ports: ports)
    #expect(before.network > 0)
    #expect(before.listFault == nil)
    #expect(before.listed.isEmpty)
    pair.connect()
    let own = UInt32(getpid())
    #expect(records(before).map(\.kind) == [UInt8(OWNER_CONNECTED)])
    pair.send()
    let received = records(before)
    #expect(received.map(\.kind) == [UInt8(OWNER_RECEIVED)])
    #expect(received.map(\.process) == [own])
    pair.send()
    #expect(records(before).isEmpty)
    before.sendAllAgain()
    pair.send()
    #expect(records(before).map(\.kind) == [UInt8(OWNER_RECEIVED)])

    let name = try SmallFile("/proc/self/comm").read()
    rename(Array("another".utf8))
    pair.send()
    pair.send()
    #expect(records(before).map(\.kind) == [UInt8(OWNER_RECEIVED)])
    rename(name)
    pair.send()
    #expect(records(before).map(\.kind) == [UInt8(OWNER_RECEIVED)])

    let later = try capture.openOwners(ports: ports)
    // Both ends are this process's, and so is their group.
    var listed: [UInt8] = []
    var offset = 0
    while offset < later.listed.count {
      let kind = later.listed[offset]
      if kind == UInt8(OWNER_LISTED) { listed.append(kind) }
      offset +=
        kind == UInt8(OWNER_CGROUP) ? MemoryLayout<owner_cgroup>.size : MemoryLayout<owner_connection>.size
    }
    #expect(listed.count == 2 && offset == later.listed.count)
    pair.close()
    #expect(records(before).filter { $0.kind == UInt8(OWNER_CLOSED) }.count == 2)
    #expect(before.lost == 0)
  }

  @Test
  func `what is open is read from /proc where the kernel does not list it, and its end is sent`() throws {
    let pair = try Loopback()
    let ports = try #require(PortSet([pair.port...pair.port]))
    let capture = try KernelCapture(KernelCaptureOptions(interfaces: ["lo"], ports: ports))
    pair.connect()
    let listed = try capture.openOwners(ports: ports)
    let owners = try OwnerTracing(ports: ports, clock: CaptureClock(kernel: { nil }), lists: false)
    #expect(listed.listFault == nil && owners.listFault != nil)
    #expect(Set(connections(owners.listed)) == Set(connections(listed.listed)))
    #expect(connections(owners.listed).count == 2)
    pair.close()
    var ended: Set<[UInt8]> = []
    owners.receive { bytes in
      if bytes.byteCount == MemoryLayout<owner_connection>.size, bytes.byte(0) == UInt8(OWNER_CLOSED) {
        ended.insert((32..<68).map { bytes.byte($0) })
      }
    }
    #expect(ended == Set(connections(listed.listed).map { Array($0[8..<44]) }))
  }

  /// Of each connection in a list: kind and process, and all from the addresses on. The rest is when it was noted.
  private func connections(_ listed: [UInt8]) -> [[UInt8]] {
    var found: [[UInt8]] = []
    var offset = 0
    while offset < listed.count {
      let isGroup = listed[offset] == UInt8(OWNER_CGROUP)
      let size = isGroup ? MemoryLayout<owner_cgroup>.size : MemoryLayout<owner_connection>.size
      let record = Array(listed[offset..<offset + size])
      if !isGroup { found.append(Array(record[..<8]) + Array(record[32...])) }
      offset += size
    }
    return found
  }
}

/// The name of this process, which its main thread has.
private func rename(_ name: [UInt8]) {
  // A literal.
  let file = unsafe open("/proc/self/comm", O_WRONLY | O_CLOEXEC)
  // An array of that length.
  let written = unsafe write(file, name, name.count)
  close(file)
  #expect(written == name.count)
}

/// A listening socket on loopback and one connection to it.
final class Loopback {
  private var listener: Int32 = -1
  private var client: Int32 = -1
  private var server: Int32 = -1
  private(set) var port: UInt16 = 0

  init() throws {
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    // Local variables, of the size given.
    let bound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        unsafe bind(listener, pointer, size) == 0 && listen(listener, 1) == 0
          && getsockname(listener, pointer, &size) == 0
      }
    }
    try #require(listener >= 0 && bound)
    port = UInt16(bigEndian: address.sin_port)
  }

  func connect() {
    client = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
    let size = socklen_t(MemoryLayout<sockaddr_in>.size)
    // A local variable, of the size given.
    let isConnected = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        unsafe Glibc.connect(client, pointer, size) == 0
      }
    }
    server = accept(listener, nil, nil)
    #expect(isConnected && server >= 0)
  }

  /// One byte from client to server.
  func send() {
    var byte: UInt8 = 1
    // One local byte.
    #expect(unsafe write(client, &byte, 1) == 1)
    #expect(unsafe read(server, &byte, 1) == 1)
  }

  func close() {
    for socket in [client, server] where socket >= 0 { Glibc.close(socket) }
    (client, server) = (-1, -1)
  }

  deinit {
    close()
    Glibc.close(listener)
  }
}
