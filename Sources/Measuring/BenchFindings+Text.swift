// SPDX-License-Identifier: Apache-2.0

package import Text

/// A bench's findings, for people and for programs.
extension BenchFindings {
  package var page: ByteText {
    var text = ByteText()
    #if DEBUG
      text.line("THIS IS A DEBUG BUILD: the figures mean nothing. Build with -c release.")
    #endif
    if !stages.isEmpty {
      text.line("One by one, the fastest of several rounds:")
      for stage in stages {
        text.line("\(stage.name): \(Self.tenths(stage.nanoseconds)) ns/\(stage.per)", indent: 1)
      }
      text.line()
    }
    if !trials.isEmpty {
      text.line("Through a veth pair of its own, half requests and half responses:")
      for trial in trials {
        let share = trial.sent > 0 ? Double(trial.counted) / Double(trial.sent) * 100 : 0
        text.line(
          "\(trial.backend), \(Self.count(trial.rate)) heads/s: \(trial.counted) of \(trial.sent) counted "
            + "(\(Self.tenths(share)) %), \(trial.lost) lost, \(Self.tenths(trial.cost)) reader ns/head",
          indent: 1)
      }
      text.line()
    }
    for line in missing { text.line("Missing: \(VisibleText.escaped(line))") }
    for line in hints { text.line("hint: \(VisibleText.escaped(line))") }
    text.line(verdict)
    return text
  }

  package var json: JSONWriter {
    var json = JSONWriter()
    json.beginObject()
    json.member("type", "bench")
    json.member("schema", 1)
    json.objects("stages", of: stages) { json, stage in
      json.member("stage", stage.name)
      json.key("nanoseconds")
      json.number(stage.nanoseconds)
      json.key("median")
      if let median = stage.median { json.number(median) } else { json.null() }
      json.member("per", stage.per)
    }
    json.objects("trials", of: trials) { json, trial in
      json.member("backend", trial.backend)
      json.key("offered")
      if trial.offered > 0 { json.number(trial.offered) } else { json.null() }
      json.key("rate")
      json.number(trial.rate)
      json.member("sent", trial.sent)
      json.member("counted", trial.counted)
      json.member("lost", trial.lost)
      json.key("nanoseconds")
      json.number(trial.cost)
    }
    json.key("capacity")
    json.beginObject()
    for (name, value) in [("ebpf", ebpfCapacity), ("libpcap", pcapCapacity)] {
      json.key(name)
      if let value { json.number(value.rounded()) } else { json.null() }
    }
    json.endObject()
    json.key("missing")
    json.beginArray()
    for line in missing { json.string(line) }
    json.endArray()
    json.member("verdict", verdict)
    json.endObject()
    json.newline()
    return json
  }

  private static func tenths(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }
}
