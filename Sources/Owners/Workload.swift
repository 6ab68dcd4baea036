// SPDX-License-Identifier: Apache-2.0

/// The systemd unit or the container that a control group's path stands for.
///
/// Known are the paths of systemd, Docker, containerd, CRI-O, Podman, LXC and Kubernetes, with the systemd and the
/// cgroupfs driver. Anything else stands for neither.
struct Workload: Equatable, Sendable {
  /// The unit's name, such as `nginx.service`; nil inside of a container.
  var unit: String?
  /// The runtime and the first twelve digits of the container's id, such as `docker:0123456789ab`.
  var container: String?
  /// The unique id of the Kubernetes pod.
  var pod: String?

  /// - Parameter path: the names of the groups from the root to the leaf, printable.
  init(path: [String]) {
    for (index, name) in path.enumerated() {
      if let pod = Self.pod(name) { self.pod = pod }
      let parent = index > 0 ? path[index - 1] : ""
      if let container = Self.container(name, in: parent, isPod: pod != nil) { self.container = container }
    }
    if container == nil { unit = path.last(where: Self.isUnit) }
  }

  private static func isUnit(_ name: String) -> Bool {
    name.hasSuffix(".service") || name.hasSuffix(".scope") && name != "init.scope"
  }

  /// Prefixes of the scopes that runtimes make, and the names of the runtimes.
  private static let scopes = [
    ("docker-", "docker"), ("cri-containerd-", "containerd"), ("crio-", "cri-o"), ("libpod-", "podman"),
    ("nerdctl-", "containerd"), ("containerd-", "containerd"),
  ]
  /// Groups whose children are containers by their ids.
  private static let folders = [
    "docker": "docker", "libpod_parent": "podman", "machine.slice": "podman", "default": "containerd",
    "k8s.io": "containerd", "containerd": "containerd",
  ]

  private static func container(_ name: String, in parent: String, isPod: Bool) -> String? {
    let base = name.hasSuffix(".scope") ? name.dropLast(6) : name[...]
    for (prefix, runtime) in scopes where base.hasPrefix(prefix) {
      if let id = id(base.dropFirst(prefix.count)) { return "\(runtime):\(id)" }
    }
    // containerd with systemd's driver where no driver was configured: SLICE:cri-containerd:ID.
    let parts = base.split(separator: ":")
    if parts.count == 3, let id = id(parts[2]) {
      return "\(parts[1] == "cri-containerd" ? "containerd" : parts[1]):\(id)"
    }
    if let id = id(base) {
      if let runtime = folders[parent] { return "\(runtime):\(id)" }
      if isPod { return "kubernetes:\(id)" }
    }
    for (prefix, runtime) in [("lxc.payload.", "lxc"), ("machine-", "machine")] where base.hasPrefix(prefix) {
      return "\(runtime):\(base.dropFirst(prefix.count))"
    }
    return parent == "lxc" || parent == "lxc.payload" ? "lxc:\(base)" : nil
  }

  /// The first twelve of the 64 digits of a container's id; nil when it is none.
  private static func id(_ text: Substring) -> String? {
    guard text.utf8.count == 64, text.utf8.allSatisfy(isDigit) else { return nil }
    return String(text.prefix(12))
  }

  /// The unique id in the name of a pod's group: `pod` and the id, with `_` for `-` where systemd names it.
  private static func pod(_ name: String) -> String? {
    let base = name.hasSuffix(".slice") ? name.dropLast(6) : name[...]
    let id: Substring
    if base.hasPrefix("pod") {
      id = base.dropFirst(3)
    } else if base.hasPrefix("kubepods") || base.hasPrefix("kubelet-kubepods"),
      let last = base.split(separator: "-", omittingEmptySubsequences: true).last, last.hasPrefix("pod")
    {
      id = last.dropFirst(3)
    } else {
      return nil
    }
    guard id.utf8.count >= 32, id.utf8.allSatisfy({ isDigit($0) || $0 == 0x2d || $0 == 0x5f }) else {
      return nil
    }
    return String(id.map { $0 == "_" ? "-" : $0 })
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    byte >= 0x30 && byte <= 0x39 || byte >= 0x61 && byte <= 0x66
  }
}
