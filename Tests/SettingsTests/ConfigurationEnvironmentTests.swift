// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Settings

@Suite struct ConfigurationEnvironmentTests {
  @Test func `a variable stands for the option of its name`() {
    let settings = ConfigurationEnvironment.settings([
      "PATH=/bin", "WIRETALLY_OPT_TOP=5", "WIRETALLY_OPT_NO_ALERT=true", "WIRETALLY_OPT_MOUSE=false",
      "WIRETALLY_TEXT=an alert's", "WIRETALLY_OPT_WHERE=site=a=b",
    ])
    #expect(
      settings == [
        Setting("mouse", .flag(false), origin: "WIRETALLY_OPT_MOUSE"),
        Setting("no-alert", .flag(true), origin: "WIRETALLY_OPT_NO_ALERT"),
        Setting("top", .text("5"), origin: "WIRETALLY_OPT_TOP"),
        Setting("where", .text("site=a=b"), origin: "WIRETALLY_OPT_WHERE"),
      ])
  }

  @Test func `lines are several values`() {
    #expect(
      ConfigurationEnvironment.settings(["WIRETALLY_OPT_ALERT=a > 1\nb > 2\n"]).map(\.value) == [
        .list(["a > 1", "b > 2"])
      ])
  }

  @Test func `an empty variable is an empty value`() {
    #expect(ConfigurationEnvironment.settings(["WIRETALLY_OPT_TOP="]).map(\.value) == [.text("")])
  }
}
