// SPDX-License-Identifier: Apache-2.0

import Backends
package import Capture
import System
package import TLSPlaces

/// The TLS libraries of this machine, and whether their plain text can be read.
extension Diagnosis {
  /// On which ports TLS connections are counted.
  package static func coverage(_ ports: PortSet) -> Check {
    Check(
      name: "TLS coverage", state: .fine,
      found: "connections are counted on ports \(ports), read or not (--tls-port)")
  }

  /// Attaches to the libraries as a watch with `--tls` does, and has a helper process do so.
  static func text(_ request: LiveRequest, _ startHelper: HelperStart) -> [Check] {
    var request = request
    request.tlsPorts = .https
    do throws(CaptureError) {
      let backend = try KernelBackend(request)
      defer { backend.stop() }
      let check = text(libraries: backend.tlsLibraries, fault: backend.tlsFault, way: backend.tlsWay)
      return backend.tlsFault == nil ? [check, later(backend, startHelper)] : [check]
    } catch {
      return [text(libraries: 0, fault: error.message)]
    }
  }

  /// What it means that this number of libraries got probes.
  /// - Parameter way: how the kernel attaches them, in words.
  package static func text(libraries: Int, fault: String?, way: String? = nil) -> Check {
    if let fault {
      return Check(name: "TLS text (--tls)", state: .missing, found: "not readable: \(fault)")
    }
    let what = libraries == 1 ? "1 library" : "\(libraries) libraries"
    return Check(
      name: "TLS text (--tls)", state: .fine, found: "readable at \(what)\(way.map { ", \($0)" } ?? "")")
  }

  /// A line for each library, with the places of its code.
  static func libraries() -> [Check] {
    let result = LibrarySearch.run(isThorough: true)
    let checks = result.libraries.map { library in
      do throws(SystemError) {
        let file = try LibraryFile(library)
        do throws(PlaceFault) {
          return self.library(library, places: try library.places(in: file), fault: nil)
        } catch {
          return self.library(library, places: nil, fault: error.description)
        }
      } catch {
        return self.library(library, places: nil, fault: "it cannot be read: \(error.reason)")
      }
    }
    return checks + result.replaced.map { replaced($0.path) }
  }

  private static func use(of library: TLSLibrary) -> String {
    let processes = library.processes == 1 ? "1 process" : "\(library.processes) processes"
    return "\(library.path), mapped by \(processes)"
  }

  /// What it means that a library has these places, or none.
  package static func library(_ library: TLSLibrary, places: [ProbePlace]?, fault: String?) -> Check {
    let what = use(of: library)
    guard let places else {
      return Check(
        name: "TLS library", state: .unknown, found: "\(what): not attachable: \(fault ?? "unknown")",
        hint: library.kind.limit.map { _ in
          "let a proxy that is known (nginx, HAProxy, Caddy) speak TLS for it, and watch that"
        })
    }
    let list = places.filter { !$0.isEnd }.map { "\($0.function.rawValue) 0x\(String($0.offset, radix: 16))" }
    let ends = places.count - list.count, also = ends > 0 ? ", and at \(ends) ends" : ""
    return Check(
      name: "TLS library", state: .fine,
      found: "\(what): attachable at " + list.joined(separator: ", ") + also)
  }

  /// What it means that processes execute a file that has no name any more.
  package static func replaced(_ path: String) -> Check {
    Check(
      name: "TLS library", state: .unknown,
      found: "\(path), replaced while processes have it mapped: these are not attachable",
      hint: "restart them (see: grep -l '\(path) (deleted)' /proc/[0-9]*/maps)")
  }
}
