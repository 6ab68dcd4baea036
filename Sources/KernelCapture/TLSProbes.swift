// SPDX-License-Identifier: Apache-2.0
internal import CTLSFilter
internal import Glibc
internal import System
internal import TLSPlaces

/// A file that has probes: open and guarded for as long as it has them.
struct TLSProbes {
  let version: FileVersion
  let file: Descriptor
  let links: UprobeLinks
  let guarded: FileGuard

  /// Attaches to a library; throws why it is left alone.
  init(_ library: TLSLibrary, _ programs: UprobeLinks.Programs) throws(TLSFinding.UnreadReason) {
    // Nothing is opened for what has no places.
    if library.kind.limit != nil { throw .places(.kind(library.kind)) }
    let opened: LibraryFile
    do throws(SystemError) {
      opened = try LibraryFile(library)
      // Before it is read again by the kernel: nobody changes it from here on.
      guarded = try FileGuard(opened.descriptor)
      guard let version = FileVersion(descriptor: opened.descriptor.number) else { throw SystemError(ESTALE) }
      self.version = version
    } catch {
      switch error.code {
      case EAGAIN: throw .isOpenForWriting
      case EACCES: throw .needsLease
      default: throw .file(error)
      }
    }
    file = opened.descriptor
    let places: [ProbePlace]
    do throws(PlaceFault) {
      places = try library.places(in: opened)
    } catch {
      throw .places(error)
    }
    do throws(SystemError) {
      links = try UprobeLinks(programs, path: "/proc/self/fd/\(file.number)", .init(places))
    } catch {
      if case .prepared = programs.way, error.code == ENOENT { throw .needsEvents }
      throw .probes(error)
    }
  }

  /// Those that a helper process has attached: the file, which is guarded already, and its links; nil when these are none.
  init?(adopting descriptors: [Descriptor]) {
    guard let file = descriptors.first, descriptors.count > 1,
      let version = FileVersion(descriptor: file.number)
    else { return nil }
    (self.file, self.version) = (file, version)
    links = UprobeLinks(adopting: Array(descriptors.dropFirst()))
    guarded = FileGuard(adopting: file)
  }

  /// All that is open of it.
  var descriptors: [Descriptor] { [file] + links.descriptors }

  /// Whether this is the file that another one is as well, seen through another mount of an overlay: its probes would be there
  /// twice.
  func isSame(as other: TLSProbes) -> Bool {
    version.isSame(as: other.version) && FileVersion.isOverlaid(file.number)
      && FileVersion.isOverlaid(other.file.number)
  }
}

extension FileVersion {
  /// Whether an open file lies in an overlay of folders, as those of most containers.
  static func isOverlaid(_ descriptor: Int32) -> Bool { wt_tls_is_overlaid(descriptor) != 0 }
}
