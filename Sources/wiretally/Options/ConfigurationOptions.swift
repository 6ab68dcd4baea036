// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// The sources of options that are not typed; `OptionSources` has read the files before this is parsed.
struct ConfigurationOptions: ParsableArguments {
  @Option(
    name: .customLong("config"),
    help: ArgumentHelp(
      """
      Take options from this file too (TOML); typed ones win. May be repeated; one that may be missing has a - before \
      its path. (default: -/etc/wiretally/config.toml)
      """, valueName: "file"),
    completion: .file())
  var files: [String] = []
}
