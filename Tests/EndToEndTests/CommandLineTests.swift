// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// What the program says when it cannot do what it was asked to, and how it ends.
@Suite(.serialized) struct CommandLineTests {
  static let program = Machine.program

  @Test func `the version comes after the program's name, by both options`() {
    let long = Shell.run("\(Self.program) --version"), short = Shell.run("\(Self.program) -V")
    #expect(long.status == 0 && short.status == 0)
    #expect(long.output.hasPrefix("wiretally 0."), "\(long.output)")
    #expect(short.output == long.output)
    // The manual names the version alone, and so do the package and the file of checksums.
    #expect(long.output.split(separator: " ")[1].allSatisfy { $0.isNumber || $0 == "." || $0.isNewline })
  }

  @Test func `help helps and names the exit statuses`() {
    let ran = Shell.run("\(Self.program) --help")
    #expect(ran.status == 0)
    for word in ["-t 100", "eth0", "read", "77 not"] { #expect(ran.output.contains(word)) }
    let watch = Shell.run("\(Self.program) help watch").output
    for option in [
      "--interval", "--alert-window", "--alert-every", "--alert-log", "--port", "--duration", "--format",
    ] {
      #expect(watch.contains(option))
    }
  }

  @Test(
    .enabled(if: Machine.hasNamespaces, "needs root and network namespaces"),
    arguments: ["auto", "ebpf", "pcap"])
  func `an unknown interface is named, with the ones there are`(backend: String) {
    let ran = Shell.attempt("\(Self.program) -t 1 -i nowhere0 --backend \(backend) --alert-log /dev/null")
    #expect(ran.status == 66, "\(ran.errors)")
    #expect(ran.errors.contains("nowhere0"))
    #expect(ran.errors.contains("lo"))
  }

  @Test(
    .enabled(if: Machine.isRoot && Shell.has("setpriv"), "needs root and setpriv"),
    arguments: ["auto", "ebpf", "pcap"])
  func `without privileges it names the hint`(backend: String) {
    let folder = Folder()
    let ran = Shell.attempt(
      "chmod 777 \(folder.path); cp \(Self.program) \(folder.path)/w && cd / && setpriv --reuid 65534 --clear-groups "
        + "--bounding-set=-all --inh-caps=-all \(folder.path)/w -t 1 --backend \(backend) --alert-log \(folder.path)/log"
    )
    #expect(ran.status == 77, "\(ran.errors)")
    #expect(ran.errors.contains("CAP_NET_RAW") || ran.errors.contains("CAP_BPF"), "\(ran.errors)")
    #expect(ran.errors.contains("sudo"))
    #expect(ran.errors.contains("setcap"))
  }

  @Test(.enabled(if: Machine.isRoot, "needs root"))
  func `an alert log that cannot be made is named`() {
    let ran = Shell.attempt("\(Self.program) -t 1 -i lo --alert-log /proc/no/alerts.log")
    #expect(ran.status != 0)
    #expect(ran.errors.contains("/proc/no"))
  }

  @Test func `a file that cannot be read leaves nothing on standard output`() {
    let folder = Folder()
    Shell.run("echo no capture > \(folder.file("text"))")
    for (file, status) in [("/nowhere/a.pcap", 66), (folder.file("text"), 65)] {
      for format in ["page", "json", "combined"] {
        let ran = Shell.attempt("\(Self.program) read --format \(format) \(file)")
        #expect(ran.status == Int32(status), "\(ran.errors)")
        #expect(ran.output.isEmpty && ran.errors.contains(file), "\(ran.output)")
      }
    }
  }

  @Test func `no line of any help is longer than 80 columns, and no example is broken`() {
    for command in ["", "watch", "read", "replay", "doctor", "bench"] {
      let help = Shell.run("COLUMNS=80 \(Self.program) \(command) --help").output
      #expect(help.split(separator: "\n").allSatisfy { $0.count <= 80 }, "\(help)")
    }
    let lines = Shell.run("COLUMNS=80 \(Self.program) --help").output.split(separator: "\n")
    let examples = lines.drop { $0 != "Examples:" }.dropFirst().prefix { !$0.hasPrefix("Exit status") }
    #expect(examples.count == 8 && examples.allSatisfy { $0.contains("  ") && $0.contains("wiretally") })
  }

  /// What bash offers after these words.
  private func completions(_ words: String) -> [String] {
    let folder = Folder()
    let script = """
      . \(folder.file("completions"))
      COMP_WORDS=(wiretally \(words)); COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
      COMP_LINE="${COMP_WORDS[*]}"; COMP_POINT=${#COMP_LINE}; COMPREPLY=(); complete=_wiretally
      "$complete" wiretally "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
      printf '%s\\n' "${COMPREPLY[@]}"
      """
    Shell.run("\(Self.program) --generate-completion-script bash >\(folder.file("completions"))")
    try? script.write(toFile: folder.file("script"), atomically: true, encoding: .utf8)
    return Shell.run("bash \(folder.file("script"))").output.split(separator: "\n").map(String.init)
  }

  @Test func `bash completes the form in which watch is left out, interfaces and files`() {
    for words in ["--al", "watch --al", "-t 100 --al"] {
      let found = completions(words)
      #expect(found.contains("--alert") && found.contains("--alertmanager"), "\(words): \(found)")
    }
    #expect(!completions("read --al").contains("--alertmanager"))
    #expect(completions("-t 100 -i \"\"").contains("lo"))
    #expect(completions("--format j") == ["json"])
    #expect(completions("wat") == ["watch"])
    for words in ["read /etc/passw", "read -r /etc/passw", "-r /etc/passw", "-r /etc/group /etc/passw"] {
      #expect(completions(words).contains("/etc/passwd"), "\(words)")
    }
    #expect(completions("-r capture.pcap --keyl") == ["--keylog"])
  }

  @Test func `the scripts of all shells call watch's completions for an option that comes first`() {
    for (shell, call) in [
      ("bash", "\"_wiretally_${first_command}\"\n"), ("zsh", "_wiretally_watch\n"),
      ("fish", "$command $first "),
    ] {
      let script = Shell.run("\(Self.program) --generate-completion-script \(shell)").output
      let other = Shell.run("\(Self.program) --generate-completion-script=\(shell)").output
      #expect(script.contains(call) && script == other, "\(shell)")
    }
  }
}
