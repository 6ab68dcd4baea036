// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Owners

/// Paths of control groups as systemd and the container runtimes make them.
struct WorkloadTests {
  static let id = String(repeating: "0123456789abcdef", count: 4)
  static let uid = "12345678-90ab-cdef-1234-567890abcdef"
  static let uidOfSystemd = "12345678_90ab_cdef_1234_567890abcdef"

  struct Case: Sendable, CustomTestStringConvertible {
    var path: String
    var unit: String?
    var container: String?
    var pod: String?
    var testDescription: String { path }
  }

  static let cases = [
    Case(path: "system.slice/nginx.service", unit: "nginx.service"),
    Case(path: "system.slice/system-php.slice/php@8.2.service", unit: "php@8.2.service"),
    Case(path: "user.slice/user-1000.slice/session-3.scope", unit: "session-3.scope"),
    Case(
      path: "user.slice/user-1000.slice/user@1000.service/app.slice/web.service", unit: "web.service"),
    Case(path: "system.slice/web.service/worker", unit: "web.service"),
    Case(path: "init.scope"),
    Case(path: "system.slice"),
    Case(path: ""),
    Case(path: "system.slice/docker-\(id).scope", container: "docker:0123456789ab"),
    Case(path: "docker/\(id)", container: "docker:0123456789ab"),
    Case(path: "system.slice/docker.service/docker/\(id)", container: "docker:0123456789ab"),
    Case(path: "machine.slice/libpod-\(id).scope/container", container: "podman:0123456789ab"),
    Case(
      path: "user.slice/user-1000.slice/user@1000.service/user.slice/libpod-\(id).scope",
      container: "podman:0123456789ab"),
    Case(path: "machine.slice/libpod-conmon-\(id).scope", unit: "libpod-conmon-\(id).scope"),
    Case(path: "libpod_parent/libpod-\(id)", container: "podman:0123456789ab"),
    Case(path: "system.slice/nerdctl-\(id).scope", container: "containerd:0123456789ab"),
    Case(
      path:
        "kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod\(uidOfSystemd).slice/cri-containerd-\(id).scope",
      container: "containerd:0123456789ab", pod: uid),
    Case(
      path: "kubepods.slice/kubepods-pod\(uidOfSystemd).slice/crio-\(id).scope",
      container: "cri-o:0123456789ab", pod: uid),
    Case(path: "kubepods/besteffort/pod\(uid)/\(id)", container: "kubernetes:0123456789ab", pod: uid),
    Case(
      path: "system.slice/containerd.service/kubepods-pod\(uidOfSystemd).slice:cri-containerd:\(id)",
      container: "containerd:0123456789ab"),
    Case(path: "lxc.payload.web/system.slice/nginx.service", container: "lxc:web"),
    Case(path: "lxc/web", container: "lxc:web"),
    Case(path: "machine.slice/machine-web.scope/payload", container: "machine:web"),
    // None of these is what it looks like.
    Case(path: "docker/short"),
    Case(path: "system.slice/docker-\(id)x.scope", unit: "docker-\(id)x.scope"),
    Case(path: "kubepods/podshort/\(id)"),
    Case(path: "\(id)"),
  ]

  @Test(arguments: cases)
  func `a path stands for a unit or for a container`(_ example: Case) {
    let workload = Workload(path: example.path.split(separator: "/").map(String.init))
    #expect(workload.unit == example.unit)
    #expect(workload.container == example.container)
    #expect(workload.pod == example.pod)
  }
}
