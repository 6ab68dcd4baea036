// SPDX-License-Identifier: Apache-2.0

import Capture
import System

/// The connections that processes have open, as /proc tells: where the kernel does not list them.
///
/// Open files of others are shown to root alone, so this comes before privileges are given away. The records are those of
/// the program of owners: names of control groups, and behind each the connections of its processes.
struct OpenConnections {
  /// A socket with a watched port.
  private struct Socket {
    var ends: TCPTableLine
    var network: UInt32
    /// The process that has it open; nil while none was found.
    var holder: UInt32?
    var hasSeveral = false
  }

  /// Bytes of a table of sockets that are read at most: some 400,000 lines.
  private static let tableLimit = 64 << 20

  private let ports: PortSet
  private let root: String

  /// - Parameter root: where proc(5) is mounted.
  init(ports: PortSet, root: String = "/proc") {
    self.ports = ports
    self.root = root
  }

  /// The records, one after the other; empty where nothing is open, or nothing can be read.
  var records: [UInt8] {
    let processes = FolderNames.all(in: root).compactMap { UInt32($0) }.sorted()
    var sockets = sockets(of: processes)
    guard !sockets.isEmpty else { return [] }
    let isNumbered = areNumbersTheKernels
    for process in processes { hold(process, &sockets) }
    var records = OwnerRecordBytes()
    var groups: [String: UInt64] = [:]
    for (_, socket) in sockets.sorted(by: { $0.key < $1.key }) {
      guard let holder = socket.holder else { continue }
      if socket.hasSeveral || !isNumbered {
        // Who of them asks or serves is not known, or not by the number that the kernel has for it.
        records.append(socket.ends, network: socket.network, of: nil)
        continue
      }
      guard let process = ListedProcess(holder, root: root) else { continue }
      var group: UInt64 = 0
      if let path = process.group {
        // Counted from the top: the kernel's own numbers are those of its nodes.
        group = groups[path] ?? .max - UInt64(groups.count)
        if groups.updateValue(group, forKey: path) == nil { records.append(group: group, path: path) }
      }
      records.append(socket.ends, network: socket.network, of: process, group: group)
    }
    return records.bytes
  }

  /// Whether processes have the numbers and the times here that the program of owners, which is in no namespace, sends:
  /// not in a PID namespace nor in a time namespace. The numbers of the machine's own are constants
  /// (include/linux/proc_ns.h); a kernel without such namespaces has none.
  private var areNumbersTheKernels: Bool {
    let processes = SymbolicLink.number(of: "\(root)/self/ns/pid", kind: "pid")
    let times = SymbolicLink.number(of: "\(root)/self/ns/time", kind: "time")
    return processes ?? 0xefff_fffc == 0xefff_fffc && times ?? 0xefff_fffa == 0xefff_fffa
  }

  /// The sockets with watched ports in all network namespaces, by their inodes.
  private func sockets(of processes: [UInt32]) -> [UInt64: Socket] {
    var sockets: [UInt64: Socket] = [:]
    var seen: Set<UInt64> = []
    for process in processes {
      guard let network = SymbolicLink.number(of: "\(root)/\(process)/ns/net", kind: "net"),
        seen.insert(network).inserted
      else { continue }
      for table in ["tcp", "tcp6"] {
        guard
          let text = try? SmallFile.contents(of: "\(root)/\(process)/net/\(table)", limit: Self.tableLimit)
        else { continue }
        for line in text.split(separator: UInt8(ascii: "\n")).dropFirst() {
          guard let ends = TCPTableLine(line), ends.isOpen,
            ports.contains(ends.localPort) || ports.contains(ends.remotePort)
          else { continue }
          sockets[ends.inode] = Socket(ends: ends, network: UInt32(truncatingIfNeeded: network))
        }
      }
    }
    return sockets
  }

  /// Notes which of the sockets a process has open.
  private func hold(_ process: UInt32, _ sockets: inout [UInt64: Socket]) {
    let folder = "\(root)/\(process)/fd"
    for name in FolderNames.all(in: folder) {
      guard let inode = SymbolicLink.number(of: "\(folder)/\(name)", kind: "socket"),
        let socket = sockets[inode], socket.holder != process
      else { continue }
      if socket.holder == nil {
        sockets[inode]?.holder = process
      } else {
        sockets[inode]?.hasSeveral = true
      }
    }
  }
}
